import { quoteIdentifier, quoteName, shownName } from '../../postgres/index.ts'
import { cellText } from '../cell-text.ts'
import type { PlaceSql, RelationSql } from '../lineage-sql.ts'
import { existsAt, type Query, type QueryContext } from './query.ts'

/** Rows that are in no table any more, and rows that are there more often than before. */
export function rowQueries(context: QueryContext): readonly Query[] {
  return context.relations.flatMap((relation) => [
    ...(relation.complete ? [lostRows(context, relation)] : []),
    ...relation.places.filter((place) => countsRows(context, relation, place)).map((place) => doubledRows(context, relation, place)),
  ])
}

function lostRows(context: QueryContext, relation: RelationSql): Query {
  const { savedTable } = context
  const places = [...relation.places.map((place) => `NOT ${existsAt(place)}`), ...setAside(context, relation)]
  const tables = relation.places.map(({ place }) => shownName(place.relation)).join(', ')
  return {
    title: `${shownName(relation.relation)}: no row is missing`,
    about: { check: 'row-lost', relation: relation.relation },
    comments: [`Each row of ${shownName(relation.relation)} must be found by its key in ${tables}.`],
    saves: [],
    finds: `SELECT ${relation.item} AS item, 'there' AS before, 'missing' AS after, NULL AS difference
  FROM ${savedTable(relation.relation)} AS b
  WHERE ${places.join('\n    AND ')}`,
  }
}

/** A row may stand whole, under the same names, in a table that the migration made only for what was double or dirty. */
function setAside({ legacy, migrated }: QueryContext, { catalog, lineage }: RelationSql): readonly string[] {
  const known = new Set([...legacy.relations.values()].map((each) => each.oid))
  const attributes = catalog.attributes.filter((each) => each.generated === undefined)
  if (attributes.length < 2) return []
  return [...migrated.relations].flatMap(([path, table]) => {
    const reached = lineage.places.some((place) => place.relation === path)
    if (table.kind !== 'table' || known.has(table.oid) || reached) return []
    const equal = attributes.map(({ name }) => {
      const own = table.attributes.find((each) => each.name === name)
      return own === undefined ? undefined : `${cellText(migrated, own, 's')} IS NOT DISTINCT FROM b.${quoteIdentifier(name)}`
    })
    return equal.includes(undefined) ? [] : [`NOT EXISTS (SELECT FROM ONLY ${quoteName(table)} AS s WHERE ${equal.join(' AND ')})`]
  })
}

/** At home, or where rows were moved; unless rows of another relation with the same keys live there too. */
function countsRows({ relations }: QueryContext, { relation, lineage }: RelationSql, { place, where }: PlaceSql): boolean {
  const isHome = place.relation === lineage.home || place.exclusive === true
  const lives = (other: RelationSql) =>
    other.lineage.home === place.relation ||
    other.lineage.places.some((each) => each.relation === place.relation && each.exclusive === true && each.cardinality === 'one')
  const isShared = relations.some((other) => other.relation !== relation && lives(other))
  return isHome && place.cardinality === 'one' && !place.merges && place.shared !== true && (!isShared || where !== undefined)
}

function doubledRows({ savedTable }: QueryContext, relation: RelationSql, { place, keys, from, where }: PlaceSql): Query {
  const names = keys.map((_, at) => `k${at + 1}`)
  const listed = (side: 'legacy' | 'migrated') => keys.map((key, at) => `${key[side]} AS k${at + 1}`).join(', ')
  const numbers = names.map((_, at) => at + 1).join(', ')
  return {
    title: `${shownName(relation.relation)}: no row is in ${shownName(place.relation)} twice`,
    about: { check: 'row-doubled', relation: relation.relation },
    comments: [`No key of ${shownName(relation.relation)} may have more rows in ${shownName(place.relation)} than before.`],
    saves: [],
    finds: `SELECT s.item, s.rows::text AS before, t.rows::text AS after, (t.rows - s.rows)::text AS difference
  FROM (SELECT ${listed('legacy')}, count(*) AS rows, min(${relation.item}) AS item FROM ${savedTable(relation.relation)} AS b GROUP BY ${numbers}) AS s
  JOIN (SELECT ${listed('migrated')}, count(*) AS rows FROM ${from}${where === undefined ? '' : ` WHERE ${where}`} GROUP BY ${numbers}) AS t
    USING (${names.join(', ')})
  WHERE t.rows > s.rows`,
  }
}
