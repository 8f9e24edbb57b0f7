import type { Search } from '../model.ts'
import type { Scope } from './scope.ts'
import type { SqlToken } from './tokens.ts'

/** A text of SQL in which a table is searched for. */
export interface SqlSearch extends Search {
  /** Names that the text takes from around it. */
  readonly scope?: Scope | undefined
  /** Constants of it are sent as SQL: `EXECUTE 'DELETE FROM …'`. */
  readonly executes?: boolean
}

/** A statement that was read, and how to search a text inside of it. */
export interface ReadStatement {
  readonly search: SqlSearch
  readonly tree: unknown
  readonly text: string
  /** Of the statement; places are those of `search.view`. */
  readonly tokens: readonly SqlToken[]
  readonly find: (search: SqlSearch) => void
  readonly findUnread: (search: SqlSearch, because: string) => void
}

const firstWord =
  /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/|\()*(select|insert|update|delete|with|merge|create|alter|drop|truncate|copy|grant|revoke|comment|lock|vacuum|analyze|explain|refresh|reindex|cluster|do|call|begin|set|table|values|declare|perform|lock|prepare|execute|notify|listen)\b/i

/** Whether a text of a program is meant to be SQL, by its first word. */
export function looksLikeSql(text: string): boolean {
  return firstWord.test(text) && /\s/.test(text.trim())
}
