import { InputError } from '../errors.ts'
import { visibleLines } from '../report/index.ts'
import type { CommandContext } from './command-context.ts'
import { exitCodes } from './exit-codes.ts'
import { urlOf } from './url-of.ts'

export interface UsageFlags {
  readonly url?: string
  readonly record?: true
  readonly table: string
  readonly file?: string
  readonly days: number
  readonly json?: true
}

/** `godwit usage`: 0 where nobody has used the relation for so many days, 1 where somebody has, 4 where that is unknown; `--record`: 0. */
export async function usageCommand(relation: string | undefined, flags: UsageFlags, context: CommandContext): Promise<void> {
  const { readTableName, recordUsage, renderUsage, unusedFor, usageOf } = await import('../operations/index.ts')
  const named = (text: string) => {
    const { schema = 'public', name } = readTableName(text)
    return { schema, name }
  }
  const { table, file, days, json = false } = flags
  const store = file === undefined ? ({ kind: 'table', table: named(table) } as const) : ({ kind: 'file', path: file } as const)
  const options = { url: urlOf(flags), store, signal: context.signal }
  if (flags.record === true) {
    if (relation !== undefined)
      throw new InputError('--record keeps what all statements use', { hint: 'Name the relation when you ask: godwit usage RELATION' })
    const recorded = await recordUsage(options)
    process.stdout.write(
      json ? `${JSON.stringify(recorded)}\n` : `recorded  ${recorded.statements} statements of ${recorded.place} at ${recorded.at}\n`,
    )
    return
  }
  if (relation === undefined)
    throw new InputError('no relation is named', { hint: 'Name one, or keep what is counted up to now with --record.' })
  const usage = await usageOf(named(relation), options)
  const judged = unusedFor(usage, days)
  process.stdout.write(json ? `${JSON.stringify({ ...usage, days, ...judged })}\n` : visibleLines(renderUsage(usage, days, judged)))
  if (judged.answer !== 'unused') context.setExitCode(judged.answer === 'used' ? exitCodes.violated : exitCodes.unknown)
}
