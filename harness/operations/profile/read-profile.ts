import { readJson } from '../../catalog/index.ts'
import { InputError } from '../../errors.ts'
import type { ColumnProfile, RowProfile } from '../../invariants/index.ts'
import { openDatabase, pathOf } from '../../postgres/index.ts'

interface Row {
  readonly schema: string
  readonly table: string
  readonly column: string
  readonly nulls: number
  readonly width: number
  readonly distinct: number
  readonly frequencies: readonly number[] | null
}

/** Of the columns of `pg_stats` only those that hold no value of a row. What a table itself has comes behind, and counts. */
const query = `
SELECT schemaname AS schema, tablename AS table, attname AS column, null_frac AS nulls, avg_width AS width, n_distinct AS distinct,
       most_common_freqs AS frequencies
  FROM pg_stats WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema' ORDER BY inherited DESC, 1, 2, 3`

/** More are rare. */
const MOST_FREQUENCIES = 100

/**
 * Read from a real database how wide and how frequent the values of its columns are, as its statistics have it. No value is read, no table, and
 * nothing is written.
 *
 * @param url  Of the database.
 * @returns Figures of two digits, so that the next ANALYZE gives nearly the same.
 * @throws {InputError} When the URL cannot be read, or there are no statistics that the role may see.
 * @throws {EnvironmentError} When it does not answer.
 */
export async function readProfile(url: string): Promise<RowProfile> {
  const database = await openDatabase(url)
  await using session = await database.connect()
  const [rows = []] = await readJson(session, [query])
  if (rows.length === 0)
    throw new InputError(`${database.place} has no statistics that its role may see`, {
      hint: 'Statistics are made by ANALYZE, and shown of columns that the role may read. Is it the right database?',
    })
  const tables: Record<string, Record<string, ColumnProfile>> = {}
  for (const row of rows as readonly Row[]) {
    const path = pathOf({ schema: row.schema, name: row.table })
    const columns = tables[path] ?? {}
    columns[row.column] = {
      nullFraction: rounded(row.nulls),
      width: rounded(row.width),
      distinct: rounded(row.distinct),
      frequencies: (row.frequencies ?? []).slice(0, MOST_FREQUENCIES).map(rounded),
    }
    tables[path] = columns
  }
  return tables
}

function rounded(figure: number): number {
  return Number(figure.toPrecision(2))
}
