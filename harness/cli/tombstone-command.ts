import type { CommandContext } from './command-context.ts'
import { say } from './say.ts'
import { urlOf } from './url-of.ts'

export interface TombstoneFlags {
  readonly url?: string
  readonly out: string
}

/** `godwit tombstone`: 0 once the files are written. */
export async function tombstoneCommand(relation: string, flags: TombstoneFlags, { signal }: CommandContext): Promise<void> {
  const { readTableName, tombstoneOf, writeTombstone } = await import('../operations/index.ts')
  const { schema = 'public', name } = readTableName(relation)
  const found = await tombstoneOf({ schema, name }, { url: urlOf(flags), signal })
  for (const file of await writeTombstone(found, flags.out)) say(`wrote     ${file}`)
  if (found.drop === undefined) say('no drop   it holds rows, and no file brings them back: take evidence, and drop it by hand')
}
