import type { Catalog, Relation } from '../../catalog/index.ts'
import { isDiscarded } from '../../lineage/index.ts'
import { quoteIdentifier, quoteLiteral, shownName } from '../../postgres/index.ts'
import { ownRowsSql } from '../column-sql.ts'
import type { Query, QueryContext } from './query.ts'

interface Reference {
  readonly child: Relation
  readonly childPath: string
  readonly childAttributes: readonly string[]
  readonly parent: Relation
  readonly parentPath: string
  readonly parentAttributes: readonly string[]
  readonly how: string
}

/** Rows that refer to nothing after the migration, and did not before. */
export function orphanQueries(context: QueryContext): readonly Query[] {
  const touched = new Set(
    context.relations.flatMap(({ relation, lineage }) => [relation, ...lineage.places.map((place) => place.relation)]),
  )
  const before = referencesOf(context.legacy, context.knowledge.softReferences.flatMap(plainReference(context.legacy)))
  const after = referencesOf(context.migrated, movedReferences(context))
  return after
    .filter((each) => touched.has(each.childPath) || touched.has(each.parentPath))
    .map((reference, at) => orphanQuery(context, reference, before, at))
}

function orphanQuery(context: QueryContext, reference: Reference, before: readonly Reference[], at: number): Query {
  const own = before.find((each) => leadsTo(context, each, reference))
  const table = `godwit_before."orphans ${at + 1}"`
  const names = (attributes: readonly string[]) => attributes.join(', ')
  const { childPath, childAttributes, parentPath, parentAttributes, how } = reference
  const known = own === undefined ? '' : `\n    AND ${valueSql(reference)} NOT IN (SELECT value FROM ${table})`
  const columns = childAttributes.map((name) => `${quoteLiteral(`${name}=`)}, c.${quoteIdentifier(name)}`).join(`, ', ', `)
  return {
    title: `${shownName(childPath)}.${names(childAttributes)}: each refers to a row of ${shownName(parentPath)}`,
    about: { check: 'orphan', relation: childPath, attribute: childAttributes.length === 1 ? childAttributes[0] : undefined },
    comments: [
      `${how}: ${shownName(childPath)} (${names(childAttributes)}) refers to ${shownName(parentPath)} (${names(parentAttributes)}).`,
      ...(own === undefined ? [] : ['Values that referred to nothing before are left out.']),
    ],
    saves:
      own === undefined
        ? []
        : [`CREATE TABLE ${table} AS SELECT DISTINCT ${valueSql(own)} AS value FROM ${ownRowsSql(own.child)} AS c WHERE ${isOrphan(own)}`],
    finds: `SELECT concat(${columns}) AS item, 'refers to a row' AS before, 'refers to nothing' AS after, count(*) || ' rows' AS difference
  FROM ${ownRowsSql(reference.child)} AS c
  WHERE ${isOrphan(reference)}${known}
  GROUP BY 1`,
  }
}

function valueSql({ childAttributes }: Reference): string {
  return `concat_ws(', ', ${childAttributes.map((name) => `c.${quoteIdentifier(name)}`).join(', ')})`
}

/** A reference with a NULL in it refers to nothing, and may (MATCH SIMPLE). */
function isOrphan({ childAttributes, parent, parentAttributes, how }: Reference): string {
  const cast = how === 'Foreign key' ? '' : '::text'
  const given = childAttributes.map((name) => `c.${quoteIdentifier(name)} IS NOT NULL`)
  const equal = childAttributes.map(
    (name, at) => `p.${quoteIdentifier(parentAttributes[at] ?? '')}${cast} = c.${quoteIdentifier(name)}${cast}`,
  )
  return `${given.join(' AND ')} AND NOT EXISTS (SELECT FROM ${ownRowsSql(parent)} AS p WHERE ${equal.join(' AND ')})`
}

function referencesOf(catalog: Catalog, soft: readonly Reference[]): readonly Reference[] {
  const keys = [...catalog.relations].flatMap(([childPath, child]) =>
    child.constraints.flatMap((each): readonly Reference[] => {
      const parent = catalog.relations.get(each.references?.relation ?? '')
      if (each.kind !== 'foreign-key' || each.references === undefined || parent === undefined || each.inherited || !each.enforced)
        return []
      return [
        {
          child,
          childPath,
          childAttributes: each.attributes,
          parent,
          parentPath: each.references.relation,
          parentAttributes: each.references.attributes,
          how: 'Foreign key',
        },
      ]
    }),
  )
  const held = (one: Reference) =>
    keys.some((key) => key.childPath === one.childPath && key.childAttributes.join() === one.childAttributes.join())
  return [...keys, ...soft.filter((each) => !held(each))]
}

type Soft = QueryContext['knowledge']['softReferences'][number]

interface End {
  readonly relation: string
  readonly attribute: string
}

function softReference({ child, parent }: Pick<Reference, 'child' | 'parent'>, from: End, to: End): Reference {
  return {
    child,
    childPath: from.relation,
    childAttributes: [from.attribute],
    parent,
    parentPath: to.relation,
    parentAttributes: [to.attribute],
    how: 'Reference without a foreign key',
  }
}

/** A soft reference has no direction: the side that is unique is the parent. */
function plainReference(catalog: Catalog) {
  return ({ from, to, negated }: Soft): readonly Reference[] => {
    const [child, parent] = [catalog.relations.get(from.relation), catalog.relations.get(to.relation)]
    const isPlain = negated !== true && from.jsonPath === undefined && to.jsonPath === undefined && from.relation !== to.relation
    const isUnique = parent?.indexes.some((each) => each.unique && each.predicate === undefined && each.attributes.join() === to.attribute)
    if (child === undefined || parent === undefined || !isPlain || isUnique !== true) return []
    return [softReference({ child, parent }, from, to)]
  }
}

/** Soft references as they are after the migration: where both ends arrive as they were, each in one place. */
function movedReferences(context: QueryContext): readonly Reference[] {
  const { knowledge, migrated } = context
  return knowledge.softReferences.flatMap(plainReference(context.legacy)).flatMap((reference): readonly Reference[] => {
    const [childAttribute = '', parentAttribute = ''] = [reference.childAttributes[0], reference.parentAttributes[0]]
    if (isDiscarded(knowledge, reference.childPath, childAttribute)) return []
    const from = onlyPlace(context, reference.childPath, childAttribute)
    const to = onlyPlace(context, reference.parentPath, parentAttribute)
    const [child, parent] = [migrated.relations.get(from?.relation ?? ''), migrated.relations.get(to?.relation ?? '')]
    if (from === undefined || to === undefined || child === undefined || parent === undefined) return []
    return [softReference({ child, parent }, from, to)]
  })
}

function onlyPlace({ knowledge }: QueryContext, relation: string, attribute: string) {
  const [only, ...others] = knowledge.lineage?.relations.get(relation)?.attributes.get(attribute)?.destinations ?? []
  const [column] = only?.columns ?? []
  const isPlain = column !== undefined && column.json.length === 0 && column.via === undefined && only?.assumed !== true
  return only === undefined || others.length > 0 || !isPlain || only.transform.kind !== 'identical'
    ? undefined
    : { relation: only.relation, attribute: column.attribute }
}

/** Whether a reference of before is this one of after: its columns went to these. */
function leadsTo({ knowledge }: QueryContext, before: Reference, after: Reference): boolean {
  const attributes = knowledge.lineage?.relations.get(before.childPath)?.attributes
  return (
    before.childAttributes.length === after.childAttributes.length &&
    before.childAttributes.every((name, at) =>
      attributes
        ?.get(name)
        ?.destinations.some((each) => each.relation === after.childPath && each.columns[0]?.attribute === after.childAttributes[at]),
    )
  )
}
