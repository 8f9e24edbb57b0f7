import { shownName } from '../../postgres/index.ts'
import type { ArrivalSql, AttributeSql, RelationSql } from '../lineage-sql.ts'
import { allOf, type Query, type QueryContext, savedCell } from './query.ts'

/** Where values were given other ones: a migrated value that stands for two legacy values has merged them. */
export function groupQueries(context: QueryContext): readonly Query[] {
  return context.relations.flatMap((relation) =>
    relation.attributes.flatMap((attribute) => {
      const [only, ...others] = attribute.arrivals
      const isRecoded = only?.destination.transform.kind === 'recoded' || only?.destination.transform.kind === 're-keyed'
      return only === undefined || others.length > 0 || !isRecoded ? [] : [groupQuery(context, relation, attribute, only)]
    }),
  )
}

function groupQuery(
  context: QueryContext,
  relation: RelationSql,
  attribute: AttributeSql,
  { place, now, where, destination }: ArrivalSql,
): Query {
  const cell = savedCell(attribute)
  const column = `${shownName(destination.relation)}.${destination.columns.map((each) => each.attribute).join('+')}`
  const pairs = `SELECT ${relation.item} AS item, ${cell} AS legacy, ${now} AS migrated
    FROM ${context.savedTable(relation.relation)} AS b JOIN ${place.from} ON ${allOf(place.on, where)}`
  return {
    title: `${shownName(relation.relation)}.${attribute.attribute.name}: no two values became one`,
    about: { check: 'values-merged', relation: relation.relation, attribute: attribute.attribute.name },
    comments: [`Each value of ${column} must stand for one value of ${shownName(relation.relation)}.${attribute.attribute.name}.`],
    saves: [],
    finds: `WITH pairs AS (
    ${pairs}
  )
  SELECT item, legacy AS before, migrated AS after, 'stands for other values too' AS difference FROM pairs
  WHERE coalesce('=' || migrated, 'NULL') IN (
    SELECT coalesce('=' || migrated, 'NULL') FROM pairs GROUP BY 1 HAVING count(DISTINCT coalesce('=' || legacy, 'NULL')) > 1
  )`,
  }
}
