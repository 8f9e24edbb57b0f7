import type { Relation } from '../../catalog/index.ts'
import { quoteIdentifier, quoteName } from '../../postgres/index.ts'
import { cellText } from '../cell-text.ts'
import { ownRowsSql } from '../column-sql.ts'
import { compileLineage, type LineageSource, type RelationSql } from '../lineage-sql.ts'
import { comparedByContent, contentQueries } from './contents.ts'
import { groupQueries } from './groups.ts'
import { orphanQueries } from './orphans.ts'
import { quantityQueries } from './quantities.ts'
import { literal, type Query, type QueryContext, savedNames } from './query.ts'
import { rowQueries } from './rows.ts'
import { valueQueries } from './values.ts'

/** The verification SQL of one migration. */
export interface CompiledQueries {
  /** Legacy relations whose rows are saved, with the statement that saves them. */
  readonly saved: readonly { readonly relation: string; readonly table: string; readonly sql: string }[]
  /** Whether all that the other queries read is there. It comes first. */
  readonly presence: Query
  readonly queries: readonly Query[]
  /** Paths of the legacy attributes that the queries check. */
  readonly checked: ReadonlySet<string>
  /** What is not checked, and why. */
  readonly notChecked: readonly string[]
}

/** Compile the lineage, the catalog and the contract of a migration to queries. */
export function compileQueries(source: LineageSource, contract: QueryContext['contract']): CompiledQueries {
  const relations = compileLineage(source)
  const names = savedNames(relations.map((each) => each.catalog))
  const tables = new Map(relations.map(({ relation, catalog }) => [relation, names.get(catalog) ?? '']))
  const savedTable = (relation: string) => tables.get(relation) ?? ''
  const context: QueryContext = { ...source, relations, savedTable, contract }
  const byContent = new Set(relations.flatMap((each) => wholeByContent(context, each)))
  return {
    saved: relations.map(({ relation, catalog }) => ({
      relation,
      table: savedTable(relation),
      sql: `CREATE TABLE ${savedTable(relation)} AS SELECT ${savedCells(source, catalog)} FROM ${ownRowsSql(catalog)} AS m`,
    })),
    presence: presenceQuery(context),
    queries: [
      ...rowQueries(context),
      ...quantityQueries(context),
      ...valueQueries(context),
      ...groupQueries(context),
      ...contentQueries(context),
      ...orphanQueries(context),
    ],
    checked: new Set([
      ...byContent,
      ...relations.flatMap((each) =>
        each.attributes
          .filter(({ arrivals }) => arrivals.every(({ partly }) => partly === undefined))
          .map(({ attribute }) => `${each.relation}.${attribute.name}`),
      ),
    ]),
    notChecked: relations.flatMap((each) => each.notChecked.filter((text) => !byContent.has(text.slice(0, text.indexOf(': '))))),
  }
}

/** Where some attributes cannot be compared, two rows that change places look as before: none of them counts as checked. */
function wholeByContent(context: QueryContext, relation: RelationSql): readonly string[] {
  const compared = comparedByContent(context, relation).map(({ attribute }) => attribute.name)
  const all = relation.catalog.attributes.filter((each) => each.generated === undefined)
  return compared.length < all.length ? [] : compared.map((name) => `${relation.relation}.${name}`)
}

function savedCells({ legacy }: LineageSource, relation: Relation): string {
  return relation.attributes.map((each) => `${cellText(legacy, each, 'm')} AS ${quoteIdentifier(each.name)}`).join(', ')
}

/** Tables and columns that the queries read. */
function presenceQuery({ relations, migrated }: QueryContext): Query {
  const wanted = new Map<string, readonly [Relation, string]>()
  for (const { lineage } of relations)
    for (const { destinations } of lineage.attributes.values())
      for (const { relation, columns } of destinations)
        for (const column of columns) {
          const found = migrated.relations.get(column.via?.relation ?? relation)
          if (found !== undefined) wanted.set(`${quoteName(found)} ${column.attribute}`, [found, column.attribute])
        }
  const rows = [...wanted.values()].map(([relation, name]) => `(${literal(quoteName(relation))}, ${literal(name)})`)
  const values =
    rows.length === 0
      ? `(SELECT NULL::text AS relation, NULL::text AS attribute WHERE false) AS w`
      : `(VALUES\n    ${rows.join(',\n    ')}\n  ) AS w (relation, attribute)`
  return {
    title: 'all tables and columns are there',
    about: { check: 'presence' },
    comments: ['The tables and columns that the queries below read must be there.'],
    saves: [],
    finds: `SELECT w.relation || '.' || quote_ident(w.attribute) AS item, 'there' AS before, 'missing' AS after, NULL AS difference
  FROM ${values}
  WHERE NOT EXISTS (
    SELECT FROM pg_attribute AS a
    WHERE a.attrelid = to_regclass(w.relation) AND a.attname = w.attribute AND NOT a.attisdropped
  )`,
  }
}
