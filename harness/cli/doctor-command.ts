import type { CommandContext } from './command-context.ts'
import { exitCodes } from './exit-codes.ts'

const marks = { ready: '✓', absent: '-', broken: '✗' } as const

/** `godwit doctor`: each thing that a run may need, and what to do where it is missing; 3 when no run is possible or something is broken. */
export async function doctorCommand(context: CommandContext): Promise<void> {
  const { describeEnvironment, installedMajors } = await import('../postgres/index.ts')
  const checks = await describeEnvironment()
  const width = Math.max(...checks.map((check) => check.name.length))
  for (const { name, state, seen, remedy } of checks) {
    process.stdout.write(`${marks[state]} ${name.padEnd(width)}  ${seen}\n`)
    if (remedy !== undefined) process.stdout.write(`  ${' '.repeat(width)}  ${remedy}\n`)
  }
  const nothing = installedMajors().length === 0 && !checks.some((check) => check.name === 'Container engine' && check.state === 'ready')
  if (nothing || checks.some((check) => check.state === 'broken')) context.setExitCode(exitCodes.couldNotRun)
}
