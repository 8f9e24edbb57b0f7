import type { Catalog, Relation } from '../catalog/index.ts'
import { asList, asText, type Fields, fieldsOf, isFields, nodeOf, type Statement, statementTargets, stringsOf } from '../migration/index.ts'
import { pathOf } from '../postgres/index.ts'

/** One item of FROM by the name that the query gives it. */
export interface Source {
  readonly alias: string
  /** As the catalog knows it; undefined for a subquery, or where the script may have changed it. */
  readonly relation: Relation | undefined
  /** On the side of an outer join that may be missing. */
  readonly optional: boolean
  /** A record of PL/pgSQL: its columns are never named without it. */
  readonly qualifiedOnly?: boolean
}

/** Finds a relation that a `RangeVar` names, as far as its constraints are certain at that statement. */
export type FindRelation = (range: Fields) => Relation | undefined

/**
 * Relations by the names of a catalog, without those that an earlier statement of the same script drops, renames or loosens: what is
 * forbidden there may be allowed by then.
 */
export function findRelationIn(catalog: Catalog, earlier: readonly Statement[]): FindRelation {
  const loosened = new Set<string>()
  for (const statement of earlier) {
    if (!loosens(statement)) continue
    for (const target of statementTargets(statement)) loosened.add(target.name)
  }
  return (range) => {
    const name = asText(range.relname) ?? ''
    if (loosened.has(name)) return undefined
    const schema = asText(range.schemaname)
    if (schema !== undefined) return catalog.relations.get(pathOf({ schema, name }))
    const found = [...catalog.relations.values()].filter((each) => each.name === name)
    return found.length === 1 ? found[0] : undefined
  }
}

const loosening = /_(DropNotNull|DropConstraint|DropColumn|AlterColumnType|DropExpression|DropIdentity)$/

function loosens({ node, tree }: Statement): boolean {
  if (/^(DropStmt|RenameStmt|AlterObjectSchemaStmt|DoStmt)$/.test(node)) return true
  return asList(fieldsOf(tree, 'AlterTableStmt')?.cmds).some((item) =>
    loosening.test(asText(fieldsOf(item, 'AlterTableCmd')?.subtype) ?? ''),
  )
}

/** The items of a FROM list, joins taken apart. */
export function sourcesOf(items: unknown, find: FindRelation, queries: ReadonlySet<string>, optional = false): readonly Source[] {
  return asList(items).flatMap((item): readonly Source[] => {
    const node = nodeOf(item)
    if (node === undefined) return []
    const { name, fields } = node
    if (name === 'JoinExpr') {
      const type = asText(fields.jointype)
      const [left, right] = [type === 'JOIN_RIGHT' || type === 'JOIN_FULL', type === 'JOIN_LEFT' || type === 'JOIN_FULL']
      return [...sourcesOf(fields.larg, find, queries, optional || left), ...sourcesOf(fields.rarg, find, queries, optional || right)]
    }
    const given = isFields(fields.alias) ? asText(fields.alias.aliasname) : undefined
    if (name !== 'RangeVar') return [{ alias: given ?? '', relation: undefined, optional }]
    const own = asText(fields.relname) ?? ''
    const isQuery = fields.schemaname === undefined && queries.has(own)
    return [{ alias: given ?? own, relation: isQuery ? undefined : find(fields), optional }]
  })
}

/** A column that an expression plainly is, in a relation that is known. */
export interface KnownColumn {
  readonly relation: Relation
  readonly attribute: Relation['attributes'][number]
  readonly source: Source
}

/** The column that an expression names; undefined where it is none, or nothing certain is known of it. */
export function columnIn(sources: readonly Source[], expression: unknown): KnownColumn | undefined {
  const reference = fieldsOf(expression, 'ColumnRef')
  if (reference === undefined) return undefined
  const names = stringsOf(reference.fields)
  const column = names.at(-1)
  const qualifier = names.at(-2)
  const candidates = sources.filter(({ alias, qualifiedOnly }) => (qualifier === undefined ? qualifiedOnly !== true : alias === qualifier))
  // A source of unknown columns may be the one that is meant.
  if (qualifier === undefined && candidates.some(({ relation }) => relation === undefined)) return undefined
  const found = candidates.flatMap((source) => {
    const attribute = source.relation?.attributes.find(({ name }) => name === column)
    return source.relation === undefined || attribute === undefined ? [] : [{ relation: source.relation, attribute, source }]
  })
  return found.length === 1 ? found[0] : undefined
}

/** Why a column is never NULL: undefined where it may be. */
export function notNullOf(sources: readonly Source[], expression: unknown): string | undefined {
  const column = columnIn(sources, expression)
  if (column === undefined || column.source.optional || !column.attribute.notNull) return undefined
  return `${column.relation.name}.${column.attribute.name} is NOT NULL`
}

/** A unique key of a relation whose attributes are all among these, by what it is called; deferred ones and partial ones do not count. */
export function uniqueKeyOf(relation: Relation, attributes: ReadonlySet<string>): string | undefined {
  return relation.indexes.find(
    (index) =>
      index.unique &&
      index.valid &&
      index.predicate === undefined &&
      index.attributes.length > 0 &&
      index.attributes.every((name) => name !== undefined && attributes.has(name)),
  )?.name
}
