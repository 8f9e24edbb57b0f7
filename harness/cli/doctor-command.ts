import { GodwitError } from '../errors.ts'
import type { EnvironmentCheck } from '../postgres/index.ts'
import type { CommandContext } from './command-context.ts'
import { exitCodes } from './exit-codes.ts'

const marks = { ready: '✓', absent: '-', broken: '✗' } as const

/**
 * `godwit doctor`: each thing that a run may need, and what to do where it is missing; then a server is started, asked and stopped, and what
 * stands in the working directory is read, and its tool started. 3 when no run is possible or something is broken.
 */
export async function doctorCommand(context: CommandContext): Promise<void> {
  const { describeEnvironment, installedMajors } = await import('../postgres/index.ts')
  const checks = [...(await describeEnvironment())]
  if (installedMajors().length > 0) checks.push(await trialServer(context.signal))
  const { describeProjects } = await import('./doctor-projects.ts')
  checks.push(...(await describeProjects(context.signal)))
  const width = Math.max(...checks.map((check) => check.name.length))
  for (const { name, state, seen, remedy } of checks) {
    process.stdout.write(`${marks[state]} ${name.padEnd(width)}  ${seen}\n`)
    if (remedy !== undefined) process.stdout.write(`  ${' '.repeat(width)}  ${remedy}\n`)
  }
  const nothing = installedMajors().length === 0 && !checks.some((check) => check.name === 'Container engine' && check.state === 'ready')
  if (nothing || checks.some((check) => check.state === 'broken')) context.setExitCode(exitCodes.couldNotRun)
}

/** What the checks say each by itself must work together: a server of the newest version, a database in it, an answer. */
async function trialServer(signal: AbortSignal): Promise<EnvironmentCheck> {
  const name = 'Trial server'
  const started = performance.now()
  try {
    const version = await askedServer(signal)
    const seconds = ((performance.now() - started) / 1_000).toFixed(1)
    return { name, state: 'ready', seen: `PostgreSQL ${version} started, made a database, answered and stopped in ${seconds} s.` }
  } catch (error) {
    if (!(error instanceof GodwitError)) throw error
    const { message, detail, hint } = error
    return {
      name,
      state: 'broken',
      seen: `${[message, detail].filter((part) => part !== undefined).join(': ')}.`.replace(/\.\.$/, '.'),
      remedy: hint,
    }
  }
}

/** In a function of its own: TypeScript leaves the path of a dynamic import beside `await using` as it is. */
async function postgres(): Promise<typeof import('../postgres/index.ts')> {
  return import('../postgres/index.ts')
}

async function askedServer(signal: AbortSignal): Promise<string> {
  const { parseClusterRequest, startCluster } = await postgres()
  await using cluster = await startCluster(parseClusterRequest(undefined), { signal })
  await using database = await cluster.createDatabase()
  await using session = await database.connect()
  await session.query('SELECT 1')
  return cluster.version.text
}
