import { visibleLines } from '../report/index.ts'
import type { CommandContext } from './command-context.ts'
import { exitCodes } from './exit-codes.ts'
import { planWork } from './plan.ts'

export interface ReferencesFlags {
  readonly write?: true
  readonly url?: string
  readonly config?: string
  readonly json?: true
}

/** `godwit references`: 0 where nothing uses the old name any more, 1 where a use is left that somebody has to change. */
export async function referencesCommand(
  names: readonly [old: string, renamed: string],
  path: string,
  flags: ReferencesFlags,
  context: CommandContext,
): Promise<void> {
  const { config, projects } = await planWork([], flags.config === undefined ? {} : { config: flags.config })
  const { findReferences, renamedTable, renderReferences, writeReferences } = await import('../operations/index.ts')
  const found = await findReferences({
    path,
    table: renamedTable(...names),
    // An empty variable counts as not set.
    url: flags.url === '' ? undefined : flags.url,
    migrations: config === undefined ? [] : projects.flatMap(({ paths }) => paths),
    formats: projects.flatMap(({ options }) => options.formats ?? []),
    signal: context.signal,
  })
  if (flags.write === true) await writeReferences(found)
  const { changed: _, ...shown } = found
  const written = flags.write === true
  const text = renderReferences(found, written)
  // A patch in a pipe is that of the files; on a terminal it is to be read.
  const seen = process.stdout.isTTY ? visibleLines(text) : text
  process.stdout.write(flags.json === true ? `${JSON.stringify({ ...shown, written })}\n` : seen)
  const left =
    (written ? 0 : found.changes.length) + found.ambiguous.length + (found.database?.uses ?? []).filter(({ follows }) => !follows).length
  if (left > 0) context.setExitCode(exitCodes.violated)
}
