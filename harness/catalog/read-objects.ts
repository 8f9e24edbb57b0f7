import { pathOf, quoteLiteral, type RelationName, type Session } from '../postgres/index.ts'
import type { CatalogObject, CatalogObjects } from './model.ts'
import { objectNames, otherObjects } from './objects/others.ts'
import { relationParts, relations } from './objects/relations.ts'
import { routineObjects } from './objects/routines.ts'
import { typeObjects } from './objects/types.ts'
import { privilegesOf } from './privileges.ts'
import { readJson } from './settings.ts'

/** A row of any query in `objects/`: the columns that `ObjectQuery` names, and properties. */
interface ObjectRow {
  readonly kind: string
  readonly class?: number
  readonly oid?: number
  readonly sub?: number
  readonly schema?: number
  readonly relation?: number
  readonly name?: string
  readonly suffix?: string
  readonly attribute?: string | null
  readonly attributesOf?: number | null
  readonly owned?: readonly [number, number] | null
  readonly owner?: string
  readonly aclOwner?: string
  readonly acl?: readonly string[] | null
  /** Schema and name of each, in order. */
  readonly parents?: readonly (readonly [string, string])[] | null
  readonly [property: string]: unknown
}

interface Reference {
  readonly class: number
  readonly oid: number
  readonly sub: number
  readonly text: string
}

const notProperties = new Set(
  'kind class oid sub schema relation name suffix attribute attributesOf owned aclOwner acl quoted parents'.split(' '),
)

/**
 * Read everything that a rollback must restore, but the rows and the positions of sequences.
 *
 * One round trip; objects of extensions are left out, the extensions are there. Keyed `kind path`.
 *
 * @param options.roles  Roles, which belong to the cluster, are read only where they are named.
 * @throws {StatementError} Only when the session is broken or its transaction aborted (`25P02`).
 */
export async function readObjects(session: Session, options: { readonly roles?: readonly string[] } = {}): Promise<CatalogObjects> {
  const roles = (options.roles ?? []).map((role) => quoteLiteral(role)).join(', ')
  const answers = await readJson(session, [
    ...Object.values(objectNames),
    relations,
    ...relationParts,
    ...typeObjects,
    ...routineObjects,
    ...otherObjects(roles),
  ])
  const [schemas, members, comments, labels] = answers as unknown as readonly [
    readonly { readonly oid: number; readonly name: string; readonly user: boolean }[],
    readonly { readonly class: number; readonly oid: number }[],
    readonly Reference[],
    readonly Reference[],
  ]
  const rows = answers.slice(Object.keys(objectNames).length).flat() as ObjectRow[]
  return objectsOf(rows, {
    schemas: new Map(schemas.filter((row) => row.user).map((row) => [row.oid, row.name])),
    members: new Set(members.map((row) => `${row.class} ${row.oid}`)),
    comments: new Map(comments.map((row) => [referenceKey(row), row.text])),
    labels: new Map(labels.map((row) => [referenceKey(row), row.text])),
  })
}

interface Names {
  readonly schemas: ReadonlyMap<number, string>
  readonly members: ReadonlySet<string>
  readonly comments: ReadonlyMap<string, string>
  readonly labels: ReadonlyMap<string, string>
}

const referenceKey = (row: { readonly class?: number; readonly oid?: number; readonly sub?: number }): string =>
  `${row.class} ${row.oid} ${row.sub ?? 0}`

function objectsOf(rows: readonly ObjectRow[], names: Names): CatalogObjects {
  const kept = rows.filter(
    (row) => !names.members.has(`${row.class} ${row.oid}`) && (row.schema === undefined || names.schemas.has(row.schema)),
  )
  const relationNames = new Map<number, RelationName>()
  const attributeNames = new Map<string, string>()
  for (const row of kept) {
    const oid = row.attributesOf ?? (row.relation === undefined ? row.oid : undefined)
    if (oid !== undefined && row.schema !== undefined && row.name !== undefined && (row.attributesOf || isRelation(row.kind)))
      relationNames.set(oid, { schema: names.schemas.get(row.schema) ?? '', name: row.name })
    if (row.kind === 'attribute' && row.name !== undefined) attributeNames.set(`${row.relation} ${row.sub}`, row.name)
  }

  const objects = new Map<string, CatalogObject>()
  for (const row of kept) {
    const of = row.relation ?? row.owned?.[0]
    const relation = of === undefined ? undefined : relationNames.get(of)
    if (row.relation !== undefined && relation === undefined) continue
    const path = objectPath(row, names, relation)
    objects.set(`${row.kind} ${path}`, {
      kind: row.kind,
      path,
      relation: isRelation(row.kind) ? path : relation && row.kind !== 'type-attribute' ? pathOf(relation) : undefined,
      attribute: row.attribute ?? (row.owned ? attributeNames.get(row.owned.join(' ')) : undefined),
      properties: propertiesOf(row, names, relation, attributeNames),
    })
  }
  return objects
}

const relationKinds: ReadonlySet<string> = new Set(['table', 'partitioned-table', 'view', 'materialized-view', 'foreign-table'])

/** Whether an object of this kind is a relation with rows. */
export function isRelation(kind: string): boolean {
  return relationKinds.has(kind)
}

function objectPath(row: ObjectRow, names: Names, relation: RelationName | undefined): string {
  const name = row.name ?? ''
  if (row.relation !== undefined && relation) {
    return row.kind === 'attribute' || row.kind === 'type-attribute' ? pathOf(relation, name) : `${pathOf(relation)} (${name})`
  }
  const schema = row.schema === undefined ? undefined : names.schemas.get(row.schema)
  if (schema === undefined) return name + (row.suffix ?? '')
  return row.kind === 'schema' ? schema : pathOf({ schema, name }) + (row.suffix ?? '')
}

function propertiesOf(
  row: ObjectRow,
  names: Names,
  relation: RelationName | undefined,
  attributeNames: ReadonlyMap<string, string>,
): Readonly<Record<string, string>> {
  const properties: Record<string, string> = {}
  for (const [name, value] of Object.entries(row)) {
    if (notProperties.has(name) || value === null || value === undefined) continue
    properties[name] = Array.isArray(value) ? value.map(String).sort().join(', ') : String(value)
  }
  if (row.kind === 'index') properties.definition = indexDefinition(row)
  if (row.parents) properties.parents = row.parents.map(([schema, parent]) => pathOf({ schema, name: parent })).join(', ')
  const privileges = privilegesOf(row.acl ?? [], row.owner ?? row.aclOwner ?? '').join(', ')
  if (privileges !== '') properties.privileges = privileges
  if (row.kind === 'sequence' && row.owned && relation) {
    properties.ownedBy = pathOf(relation, attributeNames.get(row.owned.join(' ')) ?? '')
  }
  const comment = names.comments.get(referenceKey(row))
  if (comment !== undefined && row.oid !== undefined) properties.comment = comment
  const label = names.labels.get(referenceKey(row))
  if (label !== undefined && row.oid !== undefined) properties.label = label
  return properties
}

/** The definition without its name, so that indexes can be compared whatever they are called, and without its predicate, a property of its own. */
function indexDefinition(row: ObjectRow): string {
  const definition = String(row.definition ?? '')
  const unnamed = definition.replace(` INDEX ${String(row.quoted)} ON `, () => ' INDEX ON ')
  const where = ` WHERE ${String(row.predicate)}`
  return row.predicate && unnamed.endsWith(where) ? unnamed.slice(0, -where.length) : unnamed
}
