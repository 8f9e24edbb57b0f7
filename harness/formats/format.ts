import type { Folder } from './folder.ts'
import type { FormatName, History } from './history.ts'

/** What a reader finds in a folder; the rest of a history is the same for all. */
export type Read = Pick<History, 'steps' | 'ignored' | 'warnings' | 'downs'>

/** One tool's layout. */
export interface Format {
  readonly name: Exclude<FormatName, 'pair' | 'command'>
  /** What it is known by, for messages: a phrase. */
  readonly marker: string
  /** How surely the folder is in this format: `strong` where only this tool writes such a thing. */
  readonly marks: (folder: Folder) => Strength | Promise<Strength>
  /** @throws {InputError} for what the tool itself would refuse. */
  readonly read: (folder: Folder) => Promise<Read>
}

export type Strength = 'strong' | 'weak' | undefined
