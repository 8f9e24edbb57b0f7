import type { InputError } from '../errors.ts'
import type { SourceText } from '../migration/index.ts'
import type { Condition } from './liquibase-conditions.ts'
import type { Splitting } from './liquibase-split.ts'

export interface LiquibaseSql extends Splitting {
  readonly text: SourceText
}

/** One change set as a changelog has it, in whatever form. */
export interface ChangeSet {
  /** The file that it stands in, relative to the folder. */
  readonly file: string
  readonly line: number
  readonly id: string
  readonly author: string
  readonly up: readonly LiquibaseSql[]
  /** Undefined where there is none; empty where rolling back changes nothing. */
  readonly down: readonly LiquibaseSql[] | undefined
  /** The change set whose SQL reverts this one. */
  readonly downBy?: { readonly id: string; readonly author: string } | undefined
  /** Kinds of changes that only Liquibase itself can carry out: `createTable`, …. */
  readonly foreign: readonly string[]
  /** Whether and why Liquibase passes it over on PostgreSQL. */
  readonly skipped?: string | undefined
  readonly transaction: boolean
  readonly repeatable: boolean
  readonly failsQuietly: boolean
  readonly condition: Condition | undefined
  /** Its own text in its file. */
  readonly raw: string
  /** Files of SQL that it names. */
  readonly files: readonly string[]
  /** What Liquibase refuses in it. */
  readonly refused?: InputError | undefined
}

/** A change set of a file of SQL without annotations. */
export function plainChangeSet(file: string, text: SourceText): ChangeSet {
  return {
    ...{ file, line: 1, id: 'raw', author: 'includeAll', foreign: [], transaction: true, repeatable: false, failsQuietly: false },
    ...{ up: [{ text, splits: true, delimiter: undefined }], down: undefined, condition: undefined, raw: text.text, files: [] },
  }
}

/** A place in a changelog that Liquibase refuses. */
export function refusedChangeSet(file: string, line: number, refused: InputError): ChangeSet {
  return {
    ...{ file, line, id: `line ${line}`, author: '', foreign: [], transaction: true, repeatable: false, failsQuietly: false, refused },
    ...{ up: [], down: undefined, condition: undefined, raw: '', files: [] },
  }
}

/** Whether a list of databases, as in `postgresql,!h2`, takes PostgreSQL in. */
export function isForPostgres(dbms: string | undefined): boolean {
  const names = (dbms ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '') // prettier-ignore
  if (names.length === 0 || names.includes('all')) return true
  if (names.includes('none') || names.includes('!postgresql')) return false
  return names.some((name) => name === 'postgresql') || names.every((name) => name.startsWith('!'))
}
