import type { CommandSource } from '../history.ts'

/** A tool whose migrations are programs: it is recognised by its files, and driven by its own command. */
export interface ProgramTool<Id extends string = string> {
  /** For `--format`, the configuration and results. */
  readonly id: Id
  /** What it is known by, for messages: a phrase. */
  readonly marker: string
  /** The names of the files by which its folder is found. */
  readonly files: RegExp
  /** Tables that the tool makes for itself. */
  readonly historyTables: readonly string[]
  /**
   * How to drive it in this folder.
   *
   * @param files  Names in the folder itself.
   * @returns Undefined where the folder is not this tool's, after all.
   * @throws {InputError} Where its configuration says nothing of which database to use, so that it might reach a real one.
   */
  readonly source: (directory: string, files: readonly string[]) => Promise<CommandSource | undefined>
}
