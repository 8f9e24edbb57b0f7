import type { Attribute, Catalog, Relation } from '../../../catalog/index.ts'
import { pathOf, quoteIdentifier, quoteName } from '../../../postgres/index.ts'
import type { RunObservation } from '../../../run/index.ts'
import type { WorkloadStatement } from './derive-statements.ts'

const mostWatched = 24

/** Legacy tables that `up` leaves as they are, rows and all: what a statement changes there is the same before and after. */
export function untouchedTables(run: Pick<RunObservation, 'legacy' | 'migrated'>): readonly string[] {
  const { legacy, migrated } = run
  if (migrated === undefined) return []
  return [...legacy.rows].flatMap(([path, rows]) => {
    const [before, after] = [legacy.catalog.relations.get(path), migrated.catalog.relations.get(path)]
    const same =
      before?.oid === after?.oid &&
      JSON.stringify(before?.attributes) === JSON.stringify(after?.attributes) &&
      JSON.stringify(sorted(rows.rows)) === JSON.stringify(sorted(migrated.rows.get(path)?.rows ?? []))
    return before !== undefined && before.kind !== 'materialized-view' && same ? [path] : []
  })
}

function sorted(rows: readonly (readonly (string | null)[])[]): readonly string[] {
  return rows.map((row) => JSON.stringify(row)).sort()
}

/** Writes to tables with triggers once more, each with what it changes in other tables. */
export function writesElsewhere(
  statements: readonly WorkloadStatement[],
  catalog: Catalog,
  untouched: readonly string[],
): readonly WorkloadStatement[] {
  const seen = new Set<string>()
  return statements.flatMap((statement): readonly WorkloadStatement[] => {
    const { relation = '', operation, given } = statement
    const key = `${operation} ${relation}`
    if (given || operation === 'read' || seen.has(key) || (catalog.relations.get(relation)?.triggers ?? []).length === 0) return []
    seen.add(key)
    const watched = untouched.filter((path) => path !== relation).flatMap((path) => catalog.relations.get(path) ?? [])
    if (watched.length === 0) return []
    const readBack = `SELECT ${watched.slice(0, mostWatched).map(contents).join(', ')}`
    return [{ ...statement, name: `what the ${operation} changes elsewhere: ${relation}`, readBack, elsewhere: true }]
  })
}

/**
 * How many rows a table has, and a digest of what in them nobody draws: no numbers of sequences, no clock, nothing random. Documents are left
 * out: audit tables keep whole rows in them, which have one key more with each new column.
 */
function contents(relation: Relation): string {
  const steady = relation.attributes.filter((each) => !isDrawn(each)).map((each) => quoteIdentifier(each.name))
  const row = steady.length === 0 ? "''" : `ROW(${steady.join(', ')})::pg_catalog.text`
  return `(SELECT pg_catalog.count(*) || ' rows, ' || pg_catalog.left(pg_catalog.md5(coalesce(pg_catalog.string_agg(r, ',' ORDER BY r), '')), 8) FROM (SELECT ${row} AS r FROM ${quoteName(relation)}) AS t) AS ${quoteIdentifier(pathOf(relation))}`
}

function isDrawn({ identity, default: expression = '', type }: Attribute): boolean {
  return (
    identity !== undefined ||
    /^(timestamp|date|time|interval|json|(\w+\.)?hstore)/.test(type) ||
    /\b(nextval|gen_random_uuid|uuid\w*|random|now|clock_timestamp)\(/.test(expression)
  )
}
