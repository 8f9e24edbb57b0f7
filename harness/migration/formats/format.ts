import type { FormatName, History } from '../history.ts'
import type { Folder } from './folder.ts'

/** What a reader finds in a folder; the rest of a history is the same for all. */
export type Read = Pick<History, 'steps' | 'ignored' | 'warnings' | 'downs'>

/** One tool's layout. */
export interface Format {
  readonly name: Exclude<FormatName, 'pair' | 'command'>
  /** What it is known by, for messages: a phrase. */
  readonly marker: string
  /** Whether the folder carries the marker. */
  readonly marks: (folder: Folder) => boolean | Promise<boolean>
  /** @throws {InputError} for what the tool itself would refuse. */
  readonly read: (folder: Folder) => Promise<Read>
}
