import { CommanderError } from 'commander'
import { CommandError, sqlstateOf } from '../run/errors.ts'

export const exitCodes = { ok: 0, setAside: 1, usage: 2, couldNotRun: 3 } as const

const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/**
 * Run a command to its exit code, errors told without a stack. The first signal ends it after the batch under way, the second one at once;
 * either way a later run goes on where it stopped.
 */
export async function runCommand(work: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const controller = new AbortController()
  let interrupted: number | undefined
  for (const [name, code] of Object.entries(signals)) {
    process.on(name, () => {
      if (interrupted !== undefined) process.exit(code)
      interrupted = code
      process.stderr.write('\nkv-to-tables: stopping after this batch (once more to end at once)\n')
      controller.abort(new Error('interrupted'))
    })
  }
  try {
    const code = await work(controller.signal)
    process.exitCode = interrupted ?? code
  } catch (error) {
    if (interrupted === undefined) process.exitCode = tell(error)
    else process.exitCode = interrupted
  }
  // A signal handler alone keeps nothing alive; what still does is a connection that cannot say good-bye.
  setTimeout(() => process.exit(), 5000).unref()
}

function tell(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  const { message, hint } = describe(error)
  process.stderr.write(`kv-to-tables: ${message}\n${hint === undefined ? '' : `Hint: ${hint}\n`}`)
  return error instanceof CommandError ? error.exitCode : exitCodes.couldNotRun
}

function describe(error: unknown): { readonly message: string; readonly hint: string | undefined } {
  if (error instanceof CommandError) return { message: error.message, hint: error.hint }
  const message = error instanceof Error ? error.message : String(error)
  const state = sqlstateOf(error)
  return {
    message: state === undefined ? message : `the server says: ${message} (${state})`,
    hint: 'What was committed stays; run again to go on from there.',
  }
}

/** The database's URL from the option or the environment. */
export function databaseUrl(option: string | undefined): string {
  const url = option ?? process.env.DATABASE_URL
  if (url === undefined || url === '')
    throw new CommandError(2, 'no database is named', { hint: 'Give --database URL, or set DATABASE_URL.' })
  return url
}

/** Reads `a,b`. */
export function parseNames(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}
