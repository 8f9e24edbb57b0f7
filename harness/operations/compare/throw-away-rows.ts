import type { Attribute } from '../../catalog/index.ts'
import { quoteIdentifier, quoteName, type Session } from '../../postgres/index.ts'
import type { ComparedPair } from './pair.ts'

/** The cells of one row by column, as texts. */
export type Row = ReadonlyMap<string, string | null>

/** Rows that are in no table, and could be inserted. */
export interface ThrowAwayRows {
  readonly rows: readonly Row[]
  /** Why there are none. */
  readonly because: string | undefined
}

const COUNT = 4
const SETTINGS = `SET LOCAL "TimeZone" = 'UTC'; SET LOCAL "DateStyle" = 'ISO'; SET LOCAL "IntervalStyle" = 'postgres'; SET LOCAL extra_float_digits = 1`

/** Far from what sequences give next. */
const fresh: readonly (readonly [type: RegExp, sql: (column: string, table: string) => string])[] = [
  [/^(smallint|integer|bigint|numeric.*)$/, (column, table) => `(SELECT coalesce(max(${column}), 0) + 1000 FROM ${table}) + n`],
  [/^uuid$/, () => 'gen_random_uuid()'],
  [/^(text|character varying.*|character\(.*|"?citext"?)$/, () => `'~' || n || md5(random()::text)`],
  [/^(date|timestamp.*)$/, (column, table) => `(SELECT coalesce(max(${column}), now()) FROM ${table}) + n * interval '1000 days'`],
]

/**
 * Copy a few rows of the table in memory, with values of their own in every column of a unique constraint that refers to no other table.
 *
 * @throws {StatementError} What the server refuses.
 */
export async function throwAwayRows(session: Session, { table, columns }: ComparedPair): Promise<ThrowAwayRows> {
  const own = freshColumns(table)
  if (typeof own === 'string') return { rows: [], because: own }
  const names = columns.filter(({ generated }) => generated === undefined)
  const relation = quoteName(table)
  const copied = `SELECT ${names.map(({ name }) => `${quoteIdentifier(name)}::text`).join(', ')} FROM ${relation} LIMIT ${COUNT}`
  const made = own.map(({ name, type, sql }) => `((${sql(quoteIdentifier(name), relation)})::${type})::text`)
  const results = await session.script(`${SETTINGS}; ${copied}; SELECT ${['n', ...made].join(', ')} FROM generate_series(1, ${COUNT}) AS n`)
  const [olds, news] = [results.at(-2)?.rows ?? [], results.at(-1)?.rows ?? []]
  if (olds.length === 0) return { rows: [], because: 'the table has no row that could be copied' }
  const rows = news.map((cells, at) => {
    const old = olds[at % olds.length] ?? []
    return new Map([
      ...names.map(({ name }, index) => [name, old[index] ?? null] as const),
      ...own.map(({ name }, index) => [name, cells[index + 1] ?? null] as const),
    ])
  })
  return { rows, because: undefined }
}

interface FreshColumn extends Pick<Attribute, 'name' | 'type'> {
  readonly sql: (column: string, table: string) => string
}

function freshColumns(table: ComparedPair['table']): readonly FreshColumn[] | string {
  const referring = new Set(table.constraints.filter(({ kind }) => kind === 'foreign-key').flatMap(({ attributes }) => attributes))
  const own = new Map<string, FreshColumn>()
  for (const { name: index, unique, attributes } of table.indexes) {
    if (!unique) continue
    const candidates = attributes.flatMap((attribute) => {
      const found = table.attributes.find(({ name }) => name === attribute)
      const [, sql] = fresh.find(([type]) => type.test(found?.type ?? '')) ?? []
      return found === undefined || sql === undefined || referring.has(found.name) || found.generated !== undefined
        ? []
        : [{ ...found, sql }]
    })
    const [chosen] = candidates
    if (chosen === undefined) return `no new value can be made for a column of the unique index "${index}"`
    own.set(chosen.name, chosen)
  }
  return [...own.values()]
}
