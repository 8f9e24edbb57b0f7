import { type Catalog, ownSearchPath, type Relation, scriptPinned } from '../catalog/index.ts'
import { InputError } from '../errors.ts'
import { quoteIdentifier, quoteName, type Session } from '../postgres/index.ts'
import type { RelationRows } from './model.ts'

/**
 * Read all rows of small relations, cells as the server's output functions write them under pinned settings.
 *
 * One message for all of them. A table gives its own rows without those of inheriting tables, a partitioned table those of all its
 * leaves. The order is that of the primary key, without one that of the whole row's text, so equal rows come in equal order.
 * Views resolve what their functions name as the session does; `reg*` texts in them depend on its search_path.
 *
 * @param relations  Paths in `catalog.relations`.
 * @throws {InputError} When a path is not in the catalog.
 * @throws {StatementError} `42501` where row security would hide rows; what a view raises.
 */
export async function readRows(
  session: Session,
  catalog: Catalog,
  relations: readonly string[],
): Promise<ReadonlyMap<string, RelationRows>> {
  const wanted = relations.map((path) => ({ path, relation: relationAt(catalog, path) }))
  const stored = wanted.filter(({ relation }) => relation.kind !== 'view')
  const views = wanted.filter(({ relation }) => relation.kind === 'view')
  if (wanted.length === 0) return new Map()

  const statements = [...stored, ...views].map(({ relation }) => selectRows(relation))
  if (views.length > 0) statements.splice(stored.length, 0, ownSearchPath)
  const results = (await scriptPinned(session, statements)).filter((_, at) => views.length === 0 || at !== stored.length)

  const read = new Map(
    [...stored, ...views].map(({ path, relation }, at) => {
      const attributes = relation.attributes.map((attribute) => attribute.name)
      return [path, { attributes, rows: results[at]?.rows ?? [] }] as const
    }),
  )
  return new Map(relations.map((path) => [path, read.get(path) ?? { attributes: [], rows: [] }]))
}

/** The relation at a path, which has to be there. */
export function relationAt(catalog: Catalog, path: string): Relation {
  const relation = catalog.relations.get(path)
  if (!relation) throw new InputError(`relation "${path}" is not in the catalog`)
  return relation
}

/** What to write after FROM for a relation's own rows: inheriting tables are relations of their own, partitions are not. */
export function ownRows(relation: Relation): string {
  return relation.kind === 'table' ? `ONLY ${quoteName(relation)}` : quoteName(relation)
}

function selectRows(relation: Relation): string {
  const key = relation.constraints.find((constraint) => constraint.kind === 'primary-key')?.attributes ?? []
  // `(t.*)`, not `t`: an attribute named t would shadow the whole row.
  const order =
    key.length > 0 ? key.map((name) => `t.${quoteIdentifier(name)}`).join(', ') : `(t.*)::pg_catalog.text COLLATE pg_catalog."C"`
  const cells = relation.attributes.map((attribute) => `t.${quoteIdentifier(attribute.name)}`).join(', ')
  return `SELECT ${cells} FROM ${ownRows(relation)} AS t ORDER BY ${order}`
}
