import { quoteIdentifier, shownName } from '../../postgres/index.ts'
import { columnSql, ownRowsSql } from '../column-sql.ts'
import type { RelationSql } from '../lineage-sql.ts'
import type { Query, QueryContext } from './query.ts'

/** Where the rows of a relation have no key: each row must be there as often as before, told by its contents. */
export function contentQueries(context: QueryContext): readonly Query[] {
  return context.relations.flatMap((relation) => contentQuery(context, relation) ?? [])
}

/** The attributes that {@link contentQueries} compares for a relation without a key. */
export function comparedByContent({ migrated }: Pick<QueryContext, 'migrated'>, { lineage, catalog }: RelationSql) {
  const [place, ...others] = lineage.places
  if (place === undefined || others.length > 0 || place.identity.length > 0 || place.where !== undefined || !place.complete) return []
  const target = migrated.relations.get(place.relation)
  if (target === undefined) return []
  return catalog.attributes.flatMap((attribute) => {
    const destinations = lineage.attributes.get(attribute.name)?.destinations ?? []
    const found = destinations.find((each) => each.relation === place.relation && each.transform.kind === 'identical')
    const [column] = found?.columns ?? []
    if (column === undefined || column.type !== attribute.type || column.json.length > 0 || column.via !== undefined) return []
    const cell = columnSql(migrated, target, column, 'm')
    return cell === undefined ? [] : [{ attribute, cell }]
  })
}

function contentQuery(context: QueryContext, relation: RelationSql): Query | undefined {
  const compared = comparedByContent(context, relation)
  const [place] = relation.lineage.places
  const target = context.migrated.relations.get(place?.relation ?? '')
  if (compared.length === 0 || place === undefined || target === undefined) return undefined
  const cells = compared.map(({ cell }) => cell).join(', ')
  const sharers = context.relations.filter((other) => other.lineage.places.some((each) => each.relation === place.relation))
  // Rows of several tables that were united count together; where their columns differ, only what is missing can be told.
  const united = sharers.filter(
    (other) =>
      comparedByContent(context, other)
        .map(({ cell }) => cell)
        .join(', ') === cells,
  )
  if (united[0] !== relation) return undefined
  const saved = united.map((each) => `SELECT ${savedContents(context, each)} AS contents FROM ${context.savedTable(each.relation)} AS b`)
  const name = shownName(relation.relation)
  return {
    title: `${name}: each row is there as often as before`,
    about: { check: 'contents', relation: relation.relation },
    comments: [`${name} has no key: its rows are told by their contents (${compared.map(({ attribute }) => attribute.name).join(', ')}).`],
    saves: [],
    finds: `SELECT contents AS item, s.rows::text AS before, coalesce(t.rows, 0)::text AS after, (coalesce(t.rows, 0) - s.rows)::text AS difference
  FROM (SELECT contents, count(*) AS rows FROM (${saved.join(' UNION ALL ')}) AS u GROUP BY 1) AS s
  LEFT JOIN (SELECT ROW(${cells})::text AS contents, count(*) AS rows FROM ${ownRowsSql(target)} AS m GROUP BY 1) AS t
    USING (contents)
  WHERE coalesce(t.rows, 0) ${united.length < sharers.length ? '<' : '<>'} s.rows`,
  }
}

function savedContents(context: QueryContext, relation: RelationSql): string {
  const cells = comparedByContent(context, relation).map(({ attribute }) => `b.${quoteIdentifier(attribute.name)}`)
  return `ROW(${cells.join(', ')})::text`
}
