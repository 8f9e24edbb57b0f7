import { isDiscarded } from '../../lineage/index.ts'
import { quoteIdentifier, shownName } from '../../postgres/index.ts'
import type { LineageSource, RelationSql } from '../lineage-sql.ts'
import { compileLineage } from '../lineage-sql.ts'
import type { CompiledQueries } from '../queries/compile-queries.ts'
import type { Query } from '../queries/query.ts'

/** As `compileLineage` says of a column without a destination. */
const nowhere = 'its values are in no column after the migration'

/**
 * The verification SQL with what a migrated database alone cannot answer: how many rows of the copy have a value in a column that goes
 * nowhere, or are in a table that goes nowhere.
 */
export function withLostColumns(compiled: CompiledQueries, source: LineageSource): CompiledQueries {
  const tables = new Map(compiled.saved.map(({ relation, table }) => [relation, table]))
  const lost = compileLineage(source).flatMap((relation) => lostQueries(relation, source, tables.get(relation.relation) ?? ''))
  return {
    ...compiled,
    queries: [...lost, ...compiled.queries],
    notChecked: compiled.notChecked.filter((text) => !text.endsWith(`: ${nowhere}.`)),
  }
}

function lostQueries(relation: RelationSql, { knowledge }: LineageSource, table: string): readonly Query[] {
  const { lineage, catalog, item } = relation
  const name = shownName(lineage.relation)
  const gone = catalog.attributes.filter(
    (each) =>
      each.generated === undefined &&
      !isDiscarded(knowledge, lineage.relation, each.name) &&
      (lineage.attributes.get(each.name)?.destinations.length ?? 0) === 0,
  )
  const queryOf = (title: string, about: Query['about'], before: string, where: string): Query => ({
    title,
    about,
    comments: [],
    saves: [],
    finds: `SELECT ${item} AS item, ${before} AS before, NULL AS after, 'lost' AS difference FROM ${table} AS b WHERE ${where}`,
  })
  if (lineage.places.length === 0)
    return gone.length === 0
      ? []
      : [queryOf(`${name}: no row is missing`, { check: 'row-lost', relation: lineage.relation }, `'there'`, 'true')]
  return gone.map((each) => {
    const cell = `b.${quoteIdentifier(each.name)}`
    const about = { check: 'cell-lost', relation: lineage.relation, attribute: each.name } as const
    return queryOf(`${name}.${each.name}: the column goes somewhere`, about, cell, `${cell} IS NOT NULL`)
  })
}
