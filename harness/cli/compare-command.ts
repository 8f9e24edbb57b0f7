import { visibleLines } from '../report/index.ts'
import type { CommandContext } from './command-context.ts'
import { exitCodes } from './exit-codes.ts'
import { urlOf } from './url-of.ts'

export interface CompareFlags {
  readonly url?: string
  readonly rows?: true
  readonly values?: true
  readonly json?: true
}

/** `godwit compare`: 0 if both are the same, 1 if not. */
export async function compareCommand(names: readonly [string, string], flags: CompareFlags, context: CommandContext): Promise<void> {
  const { comparedText, compareNames } = await import('../operations/index.ts')
  const { rows = false, values = false, json = false } = flags
  const say = (line: string) => (json ? process.stderr : process.stdout).write(`${line}\n`)
  const compared = await compareNames({ url: urlOf(flags), names, statements: !rows, signal: context.signal, say })
  process.stdout.write(json ? `${JSON.stringify(compared)}\n` : visibleLines(comparedText(compared, values)))
  if (!compared.same) context.setExitCode(exitCodes.violated)
}
