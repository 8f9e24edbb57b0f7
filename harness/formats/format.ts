import type { Folder } from './folder.ts'
import type { History } from './history.ts'

/** What a reader finds in a folder; the rest of a history is the same for all. */
export type Read = Pick<History, 'steps' | 'ignored' | 'warnings' | 'downs'>

/** One tool's layout. */
export interface Format<Id extends string = string> {
  /** For `--format`, the configuration and results. */
  readonly id: Id
  /** What it is known by, for messages: a phrase. */
  readonly marker: string
  /** Tables in which the tool keeps what was applied: they are never filled or judged. */
  readonly historyTables: readonly string[]
  /** The names of files by which a folder below a path is looked at, where they do not end in `.sql`. */
  readonly files?: RegExp | undefined
  /** How surely the folder is in this format: `strong` where only this tool writes such a thing. */
  readonly marks: (folder: Folder) => Strength | Promise<Strength>
  /** @throws {InputError} for what the tool itself would refuse. */
  readonly read: (folder: Folder) => Promise<Read>
}

export type Strength = 'strong' | 'weak' | undefined
