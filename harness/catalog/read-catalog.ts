import { pathOf, type Session } from '../postgres/index.ts'
import { catalogQueries } from './catalog-queries.ts'
import type { AttributeRow, CatalogRows, ConstraintRow, IndexRow, RelationRow } from './catalog-rows.ts'
import { groupBy, type Lookup, lookupOf } from './lookup.ts'
import type { Attribute, Catalog, Constraint, Index, Relation, Sequence } from './model.ts'
import { readJson } from './settings.ts'
import { typesOf } from './type-info.ts'

const relationKinds = { r: 'table', p: 'partitioned-table', v: 'view', m: 'materialized-view', f: 'foreign-table' } as const
const persistences = { p: 'permanent', u: 'unlogged', t: 'temporary' } as const
const constraintKinds = { c: 'check', f: 'foreign-key', n: 'not-null', p: 'primary-key', u: 'unique', x: 'exclusion' } as const
const actions = { a: 'no-action', r: 'restrict', c: 'cascade', n: 'set-null', d: 'set-default', ' ': undefined } as const
const identities = { a: 'always', d: 'by-default', '': undefined } as const
const generations = { s: 'stored', v: 'virtual', '': undefined } as const
const triggerStates = { O: 'origin', D: 'disabled', R: 'replica', A: 'always' } as const

/**
 * Read what the session's database is, uncommitted DDL of its transaction included.
 *
 * One round trip, `pg_catalog` only; objects of extensions and of the system's schemas are left out, and types that no attribute uses.
 *
 * @throws {StatementError} Only when the session is broken or its transaction aborted (`25P02`).
 */
export async function readCatalog(session: Session): Promise<Catalog> {
  const names = Object.keys(catalogQueries)
  const answers = await readJson(session, Object.values(catalogQueries))
  const rows = Object.fromEntries(names.map((name, at) => [name, answers[at] ?? []])) as unknown as CatalogRows
  const lookup = lookupOf(rows)

  const attributes = groupBy(rows.attributes, (row) => row.relation)
  const constraints = groupBy(withoutHidden(rows.constraints), (row) => row.relation)
  const indexes = groupBy(rows.indexes, (row) => row.relation)
  const triggers = groupBy(rows.triggers, (row) => row.relation)
  const parents = groupBy(rows.parents, (row) => row.relation)

  const relations = rows.relations.filter((row) => lookup.relationPath(row.oid) !== undefined)
  return {
    version: rows.version[0] ?? { text: '', major: 0 },
    schemas: lookup.schemas,
    relations: byPath(
      relations.map((row): [string, Relation] => [
        lookup.relationPath(row.oid) ?? '',
        {
          ...relationOf(row, lookup, parents.get(row.oid)?.map((parent) => parent.parent) ?? []),
          attributes: (attributes.get(row.oid) ?? [])
            .map((attribute) => attributeOf(attribute, lookup))
            .sort((a, b) => a.number - b.number),
          constraints: (constraints.get(row.oid) ?? []).map((constraint) => constraintOf(constraint, lookup)).sort(byName),
          indexes: (indexes.get(row.oid) ?? []).map((index) => indexOf(index, lookup)).sort(byName),
          triggers: (triggers.get(row.oid) ?? [])
            .map(({ name, definition, enabled }) => ({ name, definition, enabled: triggerStates[enabled] }))
            .sort(byName),
        },
      ]),
    ),
    types: byPath(typesOf(rows, lookup)),
    sequences: sequencesOf(rows, lookup),
    extensions: new Map(rows.extensions.map((row): [string, string] => [row.name, row.version]).sort(([a], [b]) => compare(a, b))),
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const byName = (a: { readonly name: string }, b: { readonly name: string }): number => compare(a.name, b.name)
const byPath = <Value>(entries: [string, Value][]): Map<string, Value> => new Map(entries.sort(([a], [b]) => compare(a, b)))

function withoutHidden(rows: readonly ConstraintRow[]): readonly ConstraintRow[] {
  const relations = new Map(rows.map((row) => [row.oid, row.relation]))
  return rows.filter((row) => row.kind !== 'f' || row.parent === 0 || relations.get(row.parent) !== row.relation)
}

function relationOf(row: RelationRow, lookup: Lookup, parents: readonly number[]) {
  const paths = parents.map((parent) => lookup.relationPath(parent)).filter((path) => path !== undefined)
  const parent = paths[0]
  return {
    schema: lookup.schema(row.schema),
    name: row.name,
    oid: row.oid,
    fileNode: row.fileNode,
    kind: relationKinds[row.kind],
    persistence: persistences[row.persistence],
    partitionOf: row.partition && parent !== undefined ? { parent, bound: row.bound ?? '' } : undefined,
    partitionKey: row.partitionKey ?? undefined,
    inherits: row.partition ? [] : paths,
    rowSecurity: { enabled: row.enabled, forced: row.forced },
    definition: row.definition ?? undefined,
    ...(row.rules === null ? {} : { rules: row.rules }),
    ...(row.kind === 'm' ? { populated: row.populated } : {}),
    comment: lookup.comment(row.oid, 0),
  }
}

function attributeOf(row: AttributeRow, lookup: Lookup): Attribute {
  return {
    name: row.name,
    number: row.number,
    type: row.type,
    typePath: lookup.typePath(row.typeOid),
    modifier: row.modifier,
    notNull: row.notNull,
    default: row.default ?? undefined,
    identity: identities[row.identity],
    generated: generations[row.generated],
    collation: lookup.collation(row.collation, row.typeOid),
    inherited: row.inherited,
    comment: lookup.comment(row.relation, row.number),
  }
}

function constraintOf(row: ConstraintRow, lookup: Lookup): Constraint {
  return {
    name: row.name,
    kind: constraintKinds[row.kind],
    definition: row.definition,
    attributes: lookup.attributes(row.relation, row.attributes).filter((name) => name !== undefined),
    expression: row.expression ?? undefined,
    references:
      row.kind !== 'f'
        ? undefined
        : {
            relation: lookup.relationPath(row.target) ?? row.targetText,
            attributes: lookup.attributes(row.target, row.targetAttributes).filter((name) => name !== undefined),
          },
    onDelete: row.kind === 'f' ? actions[row.onDelete] : undefined,
    matchFull: row.matchFull,
    deferrable: row.deferrable,
    initiallyDeferred: row.deferred,
    validated: row.validated,
    enforced: row.enforced,
    inherited: row.inherited,
  }
}

function indexOf(row: IndexRow, lookup: Lookup): Index {
  const { name, unique, primary, nullsNotDistinct, valid, exclusion, definition } = row
  const attributes = lookup.attributes(row.relation, row.attributes)
  return {
    name,
    unique,
    primary,
    nullsNotDistinct,
    valid,
    attributes,
    expressions: row.expressions ?? lookup.quoted(row.relation, row.attributes),
    predicate: row.predicate ?? undefined,
    exclusion,
    definition,
  }
}

function sequencesOf(rows: CatalogRows, lookup: Lookup): Sequence[] {
  return rows.sequences
    .filter((row) => lookup.isUsers(row.schema, row.oid))
    .map(({ schema, name, cache, greatest, owner }) => {
      const relation = owner ? lookup.relationPath(owner[0]) : undefined
      const attribute = owner ? lookup.attributes(owner[0], [owner[1]])[0] : undefined
      const ownedBy = relation !== undefined && attribute !== undefined ? { relation, attribute } : undefined
      return { schema: lookup.schema(schema), name, ownedBy, cache: Number(cache), greatest }
    })
    .sort((a, b) => compare(pathOf(a), pathOf(b)))
}
