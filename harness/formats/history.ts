import type { InputError } from '../errors.ts'
import type { Contract, Migration, Script, Step } from '../migration/index.ts'

/** What stands at a path: pairs, each with a legacy schema of its own, or one history whose steps build on each other. */
export type Source =
  | {
      readonly kind: 'pairs'
      readonly format: 'pair'
      readonly migrations: readonly { readonly migration: Migration; readonly path: string }[]
    }
  | { readonly kind: 'history'; readonly history: History }
  | { readonly kind: 'command'; readonly command: CommandSource }

/** A folder of migrations as its tool would apply them, from an empty database on. */
export interface History {
  /** Its id. */
  readonly format: string
  /** As the caller named it. */
  readonly path: string
  /** Absolute. */
  readonly root: string
  /** Decides which built-in prelude is wanted. */
  readonly platform: 'supabase' | undefined
  /** The tool's own tables, where their names are not the usual ones: no data of the user's. */
  readonly historyTables?: readonly string[] | undefined
  /** In the tool's order. */
  readonly steps: readonly HistoryStep[]
  /** Files that no rule of the format covers: named, never skipped in silence. */
  readonly ignored: readonly { readonly file: string; readonly because: string }[]
  /** What the tool itself would do in silence, e.g. skip a step that was merged late. */
  readonly warnings: readonly string[]
  /** The server that the project asks for, and the file that says so. */
  readonly server: { readonly major: number; readonly from: string } | undefined
  /** Whether the tool has downs at all; a missing one is information where it has none. */
  readonly downs: 'none' | 'optional' | 'required'
  /** Whether its steps are what a tool was recorded to send; those that are programs are run by that tool. */
  readonly recorded?: boolean | undefined
}

/** One step of a history. */
export interface HistoryStep {
  /** The file's or folder's own name. */
  readonly name: string
  /** The version as the tool writes it down. */
  readonly version: string
  /** Absolute path of the file or folder. */
  readonly path: string
  /** Absolute paths of all files that it was read from. */
  readonly files: readonly string[]
  /** Its part of the first of them, where that holds several steps; the path is absolute. */
  readonly part?: FilePart | undefined
  readonly up: Step | OpaqueStep
  readonly down: Step | undefined
  /** Discards in the file's comments; what the config declares is added later. */
  readonly contract: Contract
  /** Hex sha256 of its files, and of what its tool puts into its scripts. */
  readonly digest: string
  /** Pending steps with the same value are applied by the tool in one transaction; undefined where each has its own. */
  readonly batch: string | undefined
  /** Whether its tool lets it change after it was applied: Flyway's `R__`, graphile-migrate's current migration, a reworked change. */
  readonly repeatable?: boolean | undefined
  /** Whether a package brings it: it is applied, and judged only if it is named. */
  readonly foreign?: boolean | undefined
  /** Assertions on the migrated database that raise when it is not as it should be (sqitch's verify scripts); they change nothing. */
  readonly verify?: Script | undefined
}

/** A step's part of a file that holds several. */
export interface FilePart {
  /** The file's name. */
  readonly file: string
  /** As it stands there. */
  readonly text: string
  /** What shows that the step stands in a text of the file, whatever it does there. */
  readonly heading: RegExp
}

/** A step that is not run: it is no SQL, or its tool would refuse it. What it does is unknown. */
export interface OpaqueStep {
  readonly kind: 'opaque'
  /** As shown. */
  readonly file: string
  readonly because: string
  /** Set where its tool would refuse the files: why, and their text, which tells what a later step may be missing. */
  readonly refused?: { readonly error: InputError; readonly text: string } | undefined
}

/** A tool that runs programs, driven by its own command, with the database in its environment. */
export interface CommandSource {
  /** The tool's id, where it was recognised by its files. */
  readonly tool?: string | undefined
  /** Applies the next pending step, or all of them: `npx knex migrate:up`. */
  readonly up: string
  /** Reverts the newest step, or all of them. */
  readonly down?: string | undefined
  /** Whether each of the two does all that there is to do. */
  readonly all?: boolean | undefined
  /** Commands for a single step, where `all` is true and the tool has them. */
  readonly one?: { readonly up: string; readonly down: string } | undefined
  /** Starts the tool without a database, so that what it needs is shown to be there. */
  readonly version?: string | undefined
  /** Holds the tool's own model against the database that its steps have made. */
  readonly model?: ModelCheck | undefined
  /** Where commands run; default the path given. */
  readonly directory?: string | undefined
  /** The tool's history table, `schema.table` or `table`. */
  readonly table: string
  /** Its column with the step's name; several, joined by a dot, where only together they name one. */
  readonly column: string
  /** Whether packages bring steps of their own: those that no file of the project has. */
  readonly packages?: boolean | undefined
  /** Other tables that the tool makes for itself, without schema. */
  readonly ownTables?: readonly string[] | undefined
  /** Environment variable that gets the URL; default `DATABASE_URL`. */
  readonly variable?: string | undefined
  /** Variables that the tool's configuration reads, and which part of the URL each gets. */
  readonly variables?: Readonly<Record<string, ConnectionPart>> | undefined
  /** The port that its configuration has for good, where only the host can be set. */
  readonly port?: number | undefined
  /** How the tool can be kept running for many runs: Node with the tool's configuration file, `ruby`, or the path of a Python. */
  readonly driver?: { readonly program: 'node' | (string & {}); readonly config?: string | undefined } | undefined
  /** What else is set. */
  readonly environment?: Readonly<Record<string, string>> | undefined
}

/** How a tool says whether its model is what the database has. What it writes decides: its exit codes differ from version to version. */
export interface ModelCheck {
  readonly command: string
  /** What it is called, where the command is long. */
  readonly name?: string | undefined
  /** In the output where both are the same. */
  readonly same: RegExp
  /** In the output where they are not. */
  readonly differs: RegExp
}

/** What an environment variable says of a connection. */
export type ConnectionPart = 'url' | 'host' | 'port' | 'user' | 'password' | 'database'
