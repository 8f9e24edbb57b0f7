import type { Session, StatementErrorFields } from '../postgres/index.ts'
import type { Constant } from './constant.ts'
import type { Contract } from './contract.ts'
import type { Remark } from './remark.ts'

/** A step to verify. `name` is its own file or folder name. */
export interface Migration {
  readonly name: string
  /** Absolute path of the folder (or the file) it was read from. */
  readonly path: string
  /** Makes the legacy schema on an empty database, in order. */
  readonly legacy: readonly Script[]
  /** Rows given with the migration (`legacy.data.sql`), used beside generated ones. */
  readonly legacyData: readonly Script[]
  readonly up: Step
  readonly down: Step | undefined
  readonly contract: Contract
  /** Hex sha256 of every file that it was read from. */
  readonly digest: string
}

/** One direction of a migration. */
export type Step =
  | { readonly kind: 'sql'; readonly script: Script }
  | {
      readonly kind: 'program'
      readonly file: string
      readonly run: Program
      /** SQL that it was seen to send: names and constants in it are tried in rows. It may send more. */
      readonly sends?: Script | undefined
      /** Texts and numbers in the program itself, which it may compare values with. */
      readonly constants?: readonly Constant[] | undefined
    }

/** A migration written in TypeScript: does its work on the session (or opens its own by the URL) and throws when it fails. */
export type Program = (context: { readonly session: Session; readonly url: string; readonly signal: AbortSignal }) => Promise<void>

/** One SQL file, parsed. */
export interface Script {
  /** Path as it is shown: relative to the working directory. */
  readonly file: string
  readonly text: string
  readonly statements: readonly Statement[]
  /**
   * How it is sent: `transaction` = BEGIN, statements one by one, COMMIT; `message` = the whole text in one simple-protocol message;
   * `autocommit` = one by one without a transaction (its own BEGIN and COMMIT are honoured).
   */
  readonly mode: 'transaction' | 'message' | 'autocommit'
  /** Whether the tool notes each statement that it has run, and goes on behind it when it is run again. */
  readonly resumes?: boolean | undefined
  /** Its comments that speak to Godwit; absent where it was not parsed from a file. */
  readonly remarks?: readonly Remark[] | undefined
  /** What its tool puts into it from its configuration or environment: no file that it was read from has it. */
  readonly inserted?: readonly string[] | undefined
}

export interface Statement {
  /** The source text, without the `;` and leading comments. */
  readonly text: string
  readonly file: string
  /** 1-based, of the statement's first token. */
  readonly line: number
  readonly column: number
  /** Character offset (UTF-16) into `Script.text`. */
  readonly offset: number
  /** The parser's node name, e.g. `AlterTableStmt`. */
  readonly node: string
  /** The parse tree of the statement (libpg-query JSON). */
  readonly tree: unknown
  /** Rows of an inline `COPY … FROM stdin` block. */
  readonly copyData: string | undefined
}

/** How a script went. A failing migration is a value, not an exception. */
export type Outcome =
  | { readonly outcome: 'applied'; readonly durationMs: number; readonly notices: readonly string[] }
  | { readonly outcome: 'failed'; readonly failure: Failure; readonly durationMs: number }

export interface Failure extends StatementErrorFields {
  /** The statement that failed, the last one when COMMIT did; undefined when a program did. */
  readonly statement: Statement | undefined
  /** Index into `Script.statements`; its length when COMMIT failed. */
  readonly index: number
  readonly file: string
  /** Line of the error itself where the server told a position, else of the statement. */
  readonly line: number
  /** It went through, and left rows that no SELECT can read. */
  readonly unreadable?: true | undefined
}

/** How strongly a run of this migration must be isolated, and why. */
export interface RungNeed {
  readonly rung: 'transaction' | 'clone' | 'cluster'
  readonly because: string
}
