import { pathOf, type RelationName, type Session } from '../postgres/index.ts'
import { catalogQueries } from './catalog-queries.ts'
import type { Attribute, Catalog, Constraint, Index, Relation, Sequence, Trigger } from './model.ts'
import { readJson } from './settings.ts'
import { type TypeRow, typeInfoOf } from './type-info.ts'

interface RelationRow {
  readonly oid: number
  readonly fileNode: number
  readonly schema: string
  readonly name: string
  readonly kind: keyof typeof relationKinds
  readonly persistence: keyof typeof persistences
  readonly partition: boolean
  readonly bound: string | null
  readonly partitionKey: string | null
  readonly parents: readonly (readonly [string, string])[]
  readonly enabled: boolean
  readonly forced: boolean
  readonly definition: string | null
  readonly comment: string | null
}

interface AttributeRow extends Omit<Attribute, 'typePath' | 'default' | 'identity' | 'generated' | 'collation' | 'comment'> {
  readonly relation: number
  readonly typeSchema: string
  readonly typeName: string
  readonly default: string | null
  readonly identity: string
  readonly generated: string
  readonly collation: string | null
  readonly comment: string | null
}

interface ConstraintRow {
  readonly relation: number
  readonly name: string
  readonly kind: keyof typeof constraintKinds
  readonly definition: string
  readonly attributes: readonly string[]
  readonly expression: string | null
  readonly toSchema: string | null
  readonly toName: string | null
  readonly toAttributes: readonly string[] | null
  readonly onDelete: keyof typeof actions | null
  readonly matchFull: boolean
  readonly deferrable: boolean
  readonly deferred: boolean
  readonly validated: boolean
  readonly enforced: boolean
  readonly inherited: boolean
}

interface IndexRow extends Omit<Index, 'attributes' | 'expressions' | 'predicate'> {
  readonly relation: number
  readonly predicate: string | null
  readonly keys: readonly (readonly [string | null, string])[]
}

interface TriggerRow extends Omit<Trigger, 'enabled'> {
  readonly relation: number
  readonly enabled: keyof typeof triggerStates
}

interface SequenceRow extends RelationName {
  readonly cache: string
  readonly toSchema: string | null
  readonly toName: string | null
  readonly toAttribute: string | null
}

const relationKinds = { r: 'table', p: 'partitioned-table', v: 'view', m: 'materialized-view', f: 'foreign-table' } as const
const persistences = { p: 'permanent', u: 'unlogged', t: 'temporary' } as const
const constraintKinds = { c: 'check', f: 'foreign-key', n: 'not-null', p: 'primary-key', u: 'unique', x: 'exclusion' } as const
const actions = { a: 'no-action', r: 'restrict', c: 'cascade', n: 'set-null', d: 'set-default' } as const
const triggerStates = { O: 'origin', D: 'disabled', R: 'replica', A: 'always' } as const

/**
 * Read what the session's database is, uncommitted DDL of its transaction included.
 *
 * One round trip, `pg_catalog` only; objects of extensions and of the system's schemas are left out, and types that no attribute uses.
 *
 * @throws {StatementError} Only when the session is broken or its transaction aborted (`25P02`).
 */
export async function readCatalog(session: Session): Promise<Catalog> {
  const names = Object.keys(catalogQueries) as (keyof typeof catalogQueries)[]
  const answers = await readJson(
    session,
    names.map((name) => catalogQueries[name]),
  )
  const rows = <Row>(name: keyof typeof catalogQueries) => (answers[names.indexOf(name)] ?? []) as readonly Row[]

  const parts = {
    attributes: byRelation(rows<AttributeRow>('attributes'), attributeOf),
    constraints: byRelation(rows<ConstraintRow>('constraints'), constraintOf),
    indexes: byRelation(rows<IndexRow>('indexes'), indexOf),
    triggers: byRelation(rows<TriggerRow>('triggers'), triggerOf),
  }
  const version = rows<Catalog['version']>('version')[0] ?? { text: '', major: 0 }
  return {
    version,
    schemas: rows<{ name: string }>('schemas').map((row) => row.name),
    relations: new Map(rows<RelationRow>('relations').map((row) => [pathOf(row), relationOf(row, parts)])),
    types: new Map(rows<TypeRow>('types').map((row) => [pathOf(row), typeInfoOf(row)])),
    sequences: rows<SequenceRow>('sequences').map(sequenceOf),
    extensions: new Map(rows<{ name: string; version: string }>('extensions').map((row) => [row.name, row.version])),
  }
}

interface Parts {
  readonly attributes: ReadonlyMap<number, readonly Attribute[]>
  readonly constraints: ReadonlyMap<number, readonly Constraint[]>
  readonly indexes: ReadonlyMap<number, readonly Index[]>
  readonly triggers: ReadonlyMap<number, readonly Trigger[]>
}

function byRelation<Row extends { readonly relation: number }, Part>(rows: readonly Row[], make: (row: Row) => Part): Map<number, Part[]> {
  const parts = new Map<number, Part[]>()
  for (const row of rows) {
    const list = parts.get(row.relation)
    if (list) list.push(make(row))
    else parts.set(row.relation, [make(row)])
  }
  return parts
}

function relationOf(row: RelationRow, parts: Parts): Relation {
  const parents = row.parents.map(([schema, name]) => pathOf({ schema, name }))
  const parent = parents[0]
  return {
    schema: row.schema,
    name: row.name,
    oid: row.oid,
    fileNode: row.fileNode,
    kind: relationKinds[row.kind],
    persistence: persistences[row.persistence],
    partitionOf: row.partition && parent !== undefined ? { parent, bound: row.bound ?? '' } : undefined,
    partitionKey: row.partitionKey ?? undefined,
    inherits: row.partition ? [] : parents,
    rowSecurity: { enabled: row.enabled, forced: row.forced },
    attributes: parts.attributes.get(row.oid) ?? [],
    constraints: parts.constraints.get(row.oid) ?? [],
    indexes: parts.indexes.get(row.oid) ?? [],
    triggers: parts.triggers.get(row.oid) ?? [],
    definition: row.definition ?? undefined,
    comment: row.comment ?? undefined,
  }
}

function attributeOf(row: AttributeRow): Attribute {
  return {
    name: row.name,
    number: row.number,
    type: row.type,
    typePath: pathOf({ schema: row.typeSchema, name: row.typeName }),
    modifier: row.modifier,
    notNull: row.notNull,
    default: row.default ?? undefined,
    identity: row.identity === 'a' ? 'always' : row.identity === 'd' ? 'by-default' : undefined,
    generated: row.generated === 's' ? 'stored' : row.generated === 'v' ? 'virtual' : undefined,
    collation: row.collation ?? undefined,
    inherited: row.inherited,
    comment: row.comment ?? undefined,
  }
}

function constraintOf(row: ConstraintRow): Constraint {
  const target =
    row.toSchema !== null && row.toName !== null
      ? { relation: pathOf({ schema: row.toSchema, name: row.toName }), attributes: row.toAttributes ?? [] }
      : undefined
  return {
    name: row.name,
    kind: constraintKinds[row.kind],
    definition: row.definition,
    attributes: row.attributes,
    expression: row.expression ?? undefined,
    references: target,
    onDelete: row.onDelete === null ? undefined : actions[row.onDelete],
    matchFull: row.matchFull,
    deferrable: row.deferrable,
    initiallyDeferred: row.deferred,
    validated: row.validated,
    enforced: row.enforced,
    inherited: row.inherited,
  }
}

function indexOf(row: IndexRow): Index {
  const { name, unique, primary, nullsNotDistinct, valid, exclusion, definition } = row
  return {
    name,
    unique,
    primary,
    nullsNotDistinct,
    valid,
    attributes: row.keys.map(([attribute]) => attribute ?? undefined),
    expressions: row.keys.map(([, expression]) => expression),
    predicate: row.predicate ?? undefined,
    exclusion,
    definition,
  }
}

function triggerOf(row: TriggerRow): Trigger {
  return { name: row.name, definition: row.definition, enabled: triggerStates[row.enabled] }
}

function sequenceOf(row: SequenceRow): Sequence {
  const { schema, name, toSchema, toName, toAttribute } = row
  const owned = toSchema !== null && toName !== null && toAttribute !== null
  return {
    schema,
    name,
    ownedBy: owned ? { relation: pathOf({ schema: toSchema, name: toName }), attribute: toAttribute } : undefined,
    cache: Number(row.cache),
  }
}
