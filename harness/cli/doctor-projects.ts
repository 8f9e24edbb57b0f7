import { GodwitError } from '../errors.ts'
import { type CommandSource, programToolsBelow, readSource, type Source } from '../formats/index.ts'
import { shownPath } from '../migration/index.ts'
import type { EnvironmentCheck } from '../postgres/index.ts'
import { planWork } from './plan.ts'
import { toolReadiness } from './tool-readiness.ts'

/** What stands in the working directory, as its configuration or its files say, and whether what must be run for it is there. */
export async function describeProjects(signal: AbortSignal): Promise<readonly EnvironmentCheck[]> {
  const plan = await planWork([], {}).catch(refused)
  if (plan instanceof GodwitError) return [broken('Configuration', plan)]
  const checks: EnvironmentCheck[] = []
  for (const { paths, options } of plan.projects)
    for (const path of paths) {
      const source = await readSource(path, options).catch(refused)
      if (!(source instanceof GodwitError)) checks.push(...(await describeSource(path, source, signal)))
      else if (plan.config === undefined) checks.push(...(await describeUnread(path, source)))
      else checks.push(broken('Migrations', source))
    }
  return checks
}

function refused(error: unknown): GodwitError {
  if (error instanceof GodwitError) return error
  throw error
}

function broken(name: string, { message, detail, hint }: GodwitError): EnvironmentCheck {
  return { name, state: 'broken', seen: sentence(message), remedy: hint ?? detail?.split('\n')[0] }
}

async function describeSource(path: string, source: Source, signal: AbortSignal): Promise<readonly EnvironmentCheck[]> {
  if (source.kind === 'command') return await describeTool(source.command, signal)
  const [format, steps] =
    source.kind === 'pairs' ? [source.format, source.migrations.length] : [source.history.format, source.history.steps.length]
  const place = shownPath(source.kind === 'pairs' ? path : source.history.root)
  const seen = `${place}: ${format}, ${steps} ${steps === 1 ? 'step' : 'steps'}, read from the files.`
  return [{ name: 'Migrations', state: 'ready', seen }]
}

async function describeTool(source: CommandSource, signal: AbortSignal): Promise<readonly EnvironmentCheck[]> {
  const { program, version, missing, variables } = await toolReadiness(source, signal)
  const tool = source.tool ?? 'command'
  const directory = shownPath(source.directory ?? '.')
  const named = version === undefined ? program : `${program}, version ${version}`
  return [
    { name: 'Migrations', state: 'ready', seen: `${directory}: ${tool}, run once and recorded.` },
    missing.length === 0
      ? { name: 'Tool', state: 'ready', seen: `${named}.` }
      : { name: 'Tool', state: 'broken', seen: missing.join(' '), remedy: undefined },
    { name: 'Command', state: 'ready', seen: `${source.up}${source.down === undefined ? '' : `; back: ${source.down}`}` },
    { name: 'Connection', state: 'ready', seen: `${variables.join(', ')}, and PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE.` },
  ]
}

/** Without a configuration nobody says that there must be migrations; a tool that cannot be driven is a fault all the same. */
async function describeUnread(path: string, error: GodwitError): Promise<readonly EnvironmentCheck[]> {
  const tools = await programToolsBelow(path)
  const faulty = tools.flatMap(({ source }) => (source instanceof GodwitError ? [broken('Migrations', source)] : []))
  if (faulty.length > 0) return faulty
  return [
    {
      name: 'Migrations',
      state: 'absent',
      seen: sentence(error.message),
      remedy: error.hint ?? 'npx godwit init says what is found here.',
    },
  ]
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`
}
