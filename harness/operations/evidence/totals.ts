import { type Catalog, scriptPinned } from '../../catalog/index.ts'
import { InputError } from '../../errors.ts'
import type { Measure } from '../../migration/index.ts'
import { quoteIdentifier, type Session, StatementError } from '../../postgres/index.ts'
import { counted } from '../../report/index.ts'
import { digestAggregates, digestOf, digestStatement } from '../../snapshot/index.ts'
import type { ForeignServers } from '../foreign/foreign-servers.ts'
import type { RowsThere } from '../foreign/rows-there.ts'
import { sumWhereRowsAre } from '../foreign/sum-where-rows-are.ts'
import type { MeasureTotals, TableTotals } from './document.ts'

/** How a column of a type is summed exactly: doubles by their texts, since a sum of doubles depends on the order of the rows. */
const summed: Readonly<Record<string, (cell: string) => string>> = {
  'pg_catalog.int2': (cell) => `${cell}::numeric`,
  'pg_catalog.int4': (cell) => `${cell}::numeric`,
  'pg_catalog.int8': (cell) => `${cell}::numeric`,
  'pg_catalog.numeric': (cell) => `${cell}::numeric`,
  'pg_catalog.float4': (cell) => `${cell}::text::numeric`,
  'pg_catalog.float8': (cell) => `${cell}::text::numeric`,
  'pg_catalog.money': (cell) => `${cell}::numeric`,
}

/** Everything that is counted of one table. */
export type TotalsOf = Omit<TableTotals, 'csv'>

/**
 * Count, digest and sum the rows of one table, in one scan.
 *
 * @param path  In `catalog.relations`.
 * @throws {InputError} When the path is not in the catalog.
 * @throws {StatementError} What the server refuses.
 */
export async function readTableTotals(session: Session, catalog: Catalog, path: string): Promise<TotalsOf> {
  const sums = summedColumns(catalog, path).map(({ sql }) => sql)
  const [result] = await scriptPinned(session, [digestStatement(catalog, path, sums)])
  return totalsOf(catalog, path, result?.rows[0])
}

/** Totals of a relation whose rows are on other servers, or why they cannot be had: the end of a sentence. */
export type TotalsElsewhere =
  | { readonly outcome: 'summed'; readonly totals: TotalsOf; readonly there: readonly RowsThere[] }
  | { readonly outcome: 'not-summed'; readonly because: string }

/**
 * The same of a foreign table, or of a partitioned one with foreign partitions: each server counts, digests and sums its own rows.
 *
 * @throws {StatementError} What the database itself refuses.
 */
export async function readTotalsWhereRowsAre(
  session: Session,
  catalog: Catalog,
  path: string,
  servers: ForeignServers,
): Promise<TotalsElsewhere> {
  const aggregates = (hashing: Catalog) => [...digestAggregates(hashing, path), ...summedColumns(catalog, path).map(({ sql }) => sql)]
  const found = await sumWhereRowsAre(session, catalog, path, aggregates, servers)
  if (found.outcome === 'not-summed') return found
  return { outcome: 'summed', totals: totalsOf(catalog, path, found.sums), there: found.there }
}

function summedColumns(catalog: Catalog, path: string) {
  return (catalog.relations.get(path)?.attributes ?? []).flatMap(({ name, typePath }) => {
    const sum = summed[baseOf(catalog, typePath)]
    return sum === undefined ? [] : [{ name, sql: `sum(${sum(`t.${quoteIdentifier(name)}`)})` }]
  })
}

function totalsOf(catalog: Catalog, path: string, row: readonly (string | null)[] | undefined): TotalsOf {
  const sums = summedColumns(catalog, path).map(({ name }, at) => [name, row?.[at + 2] ?? null])
  return { table: path, ...digestOf(row), sums: Object.fromEntries(sums) }
}

function baseOf(catalog: Catalog, path: string): string {
  const type = catalog.types.get(path)
  return type?.kind === 'domain' ? baseOf(catalog, type.base) : path
}

/**
 * Read one measure of a contract as it is before the migration: how many keys, their total, and a digest of keys and values.
 *
 * @param searchPath  Where its names are looked up.
 * @throws {InputError} When its query fails.
 */
export async function readMeasure(
  session: Session,
  { name, before: query }: Pick<Measure, 'name' | 'before'>,
  searchPath: string,
): Promise<MeasureTotals> {
  const source = `(${query.trim().replace(/;+$/, '')}\n)`
  const overrides = { search_path: searchPath }
  try {
    const [empty] = await scriptPinned(session, [`SELECT * FROM ${source} AS m LIMIT 0`], overrides)
    const names = empty?.fields.length === 1 ? 'value' : 'key, value'
    const digest = `coalesce(sum(hashtextextended(row(m.*)::text COLLATE "C", 0)), 0)`
    const [result] = await scriptPinned(
      session,
      [`SELECT count(*), sum(m.value::numeric), ${digest} FROM ${source} AS m(${names})`],
      overrides,
    )
    const [keys = '0', total = null, sum = '0'] = result?.rows[0] ?? []
    return { name, query, keys: Number(keys), total, digest: sum ?? '0' }
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    throw new InputError(`the measure "${name}" cannot be read before the migration`, {
      detail: `${error.message} (${error.sqlstate}).`,
      hint: 'Is this the database that the migration is for, and was the migration not applied yet?',
      cause: error,
    })
  }
}

/**
 * What differs between the totals that were taken and those of what was restored, in sentences.
 *
 * @param from  What was restored, as a sentence names it.
 */
export function tableDifferences(from: string, taken: TotalsOf, restored: TotalsOf): readonly string[] {
  if (taken.rows !== restored.rows)
    return [`${from} holds ${counted(restored.rows, 'row')} of ${taken.table}; totals.json says ${taken.rows}.`]
  const names = Object.keys({ ...taken.sums, ...restored.sums })
  const sums = names
    .filter((name) => taken.sums[name] !== restored.sums[name])
    .map((name) => `the sum of "${name}" is ${restored.sums[name]}, not ${taken.sums[name]}`)
  if (sums.length > 0) return [`${from} holds other values of ${taken.table} than totals.json: ${sums.join('; ')}.`]
  return taken.digest === restored.digest
    ? []
    : [`${from} holds other values of ${taken.table} than totals.json: the digests differ (${restored.digest}, not ${taken.digest}).`]
}

/** The same for a measure. */
export function measureDifferences(from: string, taken: MeasureTotals, restored: MeasureTotals): readonly string[] {
  if (taken.keys === restored.keys && taken.total === restored.total && taken.digest === restored.digest) return []
  const say = ({ keys, total }: MeasureTotals) => `${total ?? 'NULL'} over ${counted(keys, 'key')}`
  return [`${from} gives another measure "${taken.name}" than totals.json: ${say(restored)}, not ${say(taken)}.`]
}
