import { scriptPinned } from '../../catalog/index.ts'
import { quoteIdentifier, quoteLiteral, quoteName, type Session } from '../../postgres/index.ts'
import type { ComparedPair } from './pair.ts'

/** A row that is not the same on both sides. */
export interface DifferentRow {
  /** Its key, as `id=7`; of a table without a key the whole row. */
  readonly key: string
  readonly column: string
  readonly table: string | null
  readonly other: string | null
}

/** Rows of both, compared. */
export interface Cells {
  readonly rows: readonly [table: number, other: number]
  /** 64-bit hashes of the rows, summed. */
  readonly digests: readonly [table: string, other: string]
  /** How many cells differ, or rows where there is no key. */
  readonly different: number
  /** The first of them. */
  readonly examples: readonly DifferentRow[]
}

const MOST_EXAMPLES = 20

/**
 * Compare the rows of both, cell by cell, on the server. Rows are found again by the key of the table.
 *
 * @param searchPath  For functions in the view.
 * @throws {StatementError} What the server refuses; `42501` where row security hides rows.
 */
export async function compareCells(session: Session, pair: ComparedPair, searchPath: string): Promise<Cells> {
  const statements = [
    totals(pair, pair.table),
    totals(pair, pair.other),
    pair.key.length === 0 ? differentRows(pair) : differentCells(pair),
  ]
  const [table, other, cells] = await scriptPinned(session, statements, { search_path: searchPath })
  const [one, two, found] = [table?.rows[0], other?.rows[0], cells?.rows[0]]
  return {
    rows: [Number(one?.[0]), Number(two?.[0])],
    digests: [one?.[1] ?? '0', two?.[1] ?? '0'],
    different: Number(found?.[0]),
    examples: JSON.parse(found?.[1] ?? '[]') as readonly DifferentRow[],
  }
}

function textsOf({ columns }: ComparedPair, alias: string): string {
  return columns.map(({ name }) => `${alias}.${quoteIdentifier(name)}::pg_catalog.text`).join(', ')
}

function totals(pair: ComparedPair, relation: ComparedPair['table']): string {
  return `SELECT count(*), coalesce(sum(hashtextextended(ROW(${textsOf(pair, 'r')})::text COLLATE "C", 0)), 0) FROM ${quoteName(relation)} AS r`
}

/** Each side as rows (key, column, value), set side by side. */
function differentCells(pair: ComparedPair): string {
  const { table, other, key } = pair
  const cells = pair.columns
    .map(({ name }) => `(${quoteLiteral(name)}, t.${quoteIdentifier(name)}::pg_catalog.text, o.${quoteIdentifier(name)}::pg_catalog.text)`)
    .join(', ')
  const same = key.map((name) => `t.${quoteIdentifier(name)} = o.${quoteIdentifier(name)}`).join(' AND ')
  const named = key
    .map(
      (name) =>
        `${quoteLiteral(`${name}=`)} || coalesce(t.${quoteIdentifier(name)}::pg_catalog.text, o.${quoteIdentifier(name)}::pg_catalog.text, '')`,
    )
    .join(` || ' ' || `)
  return `WITH cells AS (
  SELECT ${named} AS key, c.name AS "column", c.t AS "table", c.o AS other
    FROM ${quoteName(table)} AS t FULL JOIN ${quoteName(other)} AS o ON ${same} CROSS JOIN LATERAL (VALUES ${cells}) AS c (name, t, o)
   WHERE c.t IS DISTINCT FROM c.o)
SELECT (SELECT count(*) FROM cells), ${examples}`
}

function differentRows(pair: ComparedPair): string {
  const side = (relation: ComparedPair['table']) => `SELECT ROW(${textsOf(pair, 'r')})::text AS key FROM ${quoteName(relation)} AS r`
  return `WITH cells AS (
  (SELECT key, 'row' AS "column", 'there' AS "table", NULL AS other FROM (${side(pair.table)} EXCEPT ALL ${side(pair.other)}) AS a)
  UNION ALL (SELECT key, 'row', NULL, 'there' FROM (${side(pair.other)} EXCEPT ALL ${side(pair.table)}) AS b))
SELECT (SELECT count(*) FROM cells), ${examples}`
}

const examples = `(SELECT coalesce(json_agg(to_json(first.*)), '[]') FROM (SELECT * FROM cells ORDER BY key COLLATE "C", "column" LIMIT ${MOST_EXAMPLES}) AS first)`
