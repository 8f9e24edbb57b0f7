import type { Source } from './sources.ts'

/** One query of a statement, as far as its rows can be looked at from outside: texts spliced from the statement itself. */
export interface Level {
  /** `WITH …`, or empty. */
  readonly with: string
  /** The items of FROM; empty where there are none. */
  readonly from: string
  readonly where: string | undefined
  /** Expressions of GROUP BY; undefined where the query does not aggregate, none where it makes one group of all rows. */
  readonly groupBy: readonly string[] | undefined
  /** The query around it, whose rows it may name; with whether only rows that its WHERE lets through count. */
  readonly outer: { readonly level: Level; readonly filtered: boolean } | undefined
  readonly sources: readonly Source[]
}

/** Everything that an expression of a level can name: its own sources, then those of the levels around it. */
export function inSight({ sources, outer }: Pick<Level, 'sources' | 'outer'>): readonly Source[] {
  return outer === undefined ? sources : [...sources, ...inSight(outer.level)]
}

/** Which rows of a level: those of FROM, those that pass WHERE, or the groups made of them. */
export type Over = 'all' | 'filtered' | 'groups'

/** A query that gives one row of booleans, `c0` and so on: for each expression whether some row has it true. */
export function someRow(level: Level, expressions: readonly string[], over: Over): string {
  const inner = expressions.map((expression, at) => `(${expression}) AS c${at}`).join(', ')
  return anyOf(`SELECT ${inner} ${fromOf(level, over)}`, expressions.length)
}

/** FROM, WHERE and GROUP BY of a level. */
export function fromOf(level: Level, over: Over): string {
  const where = level.where === undefined || over === 'all' ? '' : ` WHERE ${level.where}`
  const group = over === 'groups' && level.groupBy !== undefined && level.groupBy.length > 0 ? ` GROUP BY ${level.groupBy.join(', ')}` : ''
  return `FROM ${level.from}${where}${group}`
}

/** Of a query with boolean columns `c0` and so on: for each of them whether it is true in some row. */
export function anyOf(query: string, columns: number): string {
  return `SELECT ${columnsOf(columns, (at) => `pg_catalog.bool_or(godwit_row.c${at}) AS c${at}`)} FROM (${query}) AS godwit_row`
}

/**
 * The question itself: one text of digits.
 *
 * @param inner  A query of a row of booleans, without the WITH of its level; it may name rows of the levels around it.
 */
export function questionOf(level: Level, inner: string, columns: number): string {
  let query = level.with === '' ? inner : `${level.with} ${inner}`
  for (let outer = level.outer; outer !== undefined; outer = outer.level.outer) {
    const { level: around, filtered } = outer
    if (around.from === '') continue
    const where = filtered && around.where !== undefined ? ` WHERE ${around.where}` : ''
    const rows = `SELECT godwit_inner.* FROM ${around.from}, LATERAL (${query}) AS godwit_inner${where}`
    query = `${around.with === '' ? '' : `${around.with} `}${anyOf(rows, columns)}`
  }
  const digits = Array.from({ length: columns }, (_, at) => `CASE WHEN godwit_all.c${at} THEN '1' ELSE '0' END`).join(' || ')
  return `SELECT ${digits} FROM (${query}) AS godwit_all`
}

function columnsOf(count: number, column: (at: number) => string): string {
  return Array.from({ length: count }, (_, at) => column(at)).join(', ')
}
