import { scriptPinned } from '../../catalog/index.ts'
import { type Session, StatementError } from '../../postgres/index.ts'
import { type LockedTable, tablesReadStatement } from './lock-tables.ts'
import type { LoadedCheck } from './read-plan.ts'
import { refusalOf } from './refusal.ts'

/** One row that a check returned: its columns and their values as texts, the key first. */
export type WrongRow = readonly (readonly [column: string, value: string | null])[]

/** What a check found. */
export interface CheckAnswer {
  readonly id: string
  /** How many rows are wrong. */
  readonly wrong: number
  /** The first of them, in the order of the query; at most `MOST_EXAMPLES`. */
  readonly examples: readonly WrongRow[]
  /** Of all of them, whatever their order: 64-bit hashes, summed. */
  readonly seen: string
}

const MOST_EXAMPLES = 20

/**
 * Ask the server one check, in the current transaction.
 *
 * @param searchPath  Where its names are looked up.
 * @returns What it found, and which tables the transaction has read by then.
 * @throws {InputError} where the check is no query for this database.
 * @throws {EnvironmentError} where the server refuses for another reason; of a role to which rows are hidden, too.
 */
export async function runCheck(
  session: Session,
  { id, sql }: LoadedCheck,
  searchPath: string,
): Promise<{ readonly answer: CheckAnswer; readonly tables: readonly LockedTable[] }> {
  try {
    const [result, read] = await scriptPinned(session, [statementFor(sql), tablesReadStatement], { search_path: searchPath })
    const [wrong, seen, examples] = result?.rows[0] ?? []
    const answer = { id, wrong: Number(wrong), seen: seen ?? '0', examples: JSON.parse(examples ?? '[]') as readonly WrongRow[] }
    return {
      answer,
      tables: (read?.rows ?? []).map(([schema, name, kind]) => ({ schema: schema ?? '', name: name ?? '', kind: kind ?? '' })),
    }
  } catch (error) {
    throw error instanceof StatementError ? refusalOf(error, `the check "${id}" cannot be asked`) : error
  }
}

/** `godwit_row.*`, not `godwit_row`: a column of that name would hide the row. */
function statementFor(sql: string): string {
  return `
WITH godwit_found AS MATERIALIZED (SELECT pg_catalog.to_json(godwit_row.*) AS item FROM (${sql}
) AS godwit_row),
godwit_first AS (SELECT item, pg_catalog.row_number() OVER () AS place FROM godwit_found LIMIT ${MOST_EXAMPLES})
SELECT (SELECT pg_catalog.count(*) FROM godwit_found),
       (SELECT coalesce(pg_catalog.sum(pg_catalog.hashtextextended(item::pg_catalog.text, 0)), 0) FROM godwit_found),
       (SELECT coalesce(pg_catalog.json_agg(cells.row ORDER BY place), '[]') FROM godwit_first
         CROSS JOIN LATERAL (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(key, value)), '[]') AS row
                               FROM pg_catalog.json_each_text(item)) AS cells)`
}
