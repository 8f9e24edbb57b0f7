import { quoteIdentifier, quoteName, StatementError } from '../../postgres/index.ts'
import { underKey } from '../generate/key-text.ts'
import type { KeyPlan, RelationPlan } from './model.ts'
import type { Server } from './server.ts'

/** Of a table with more rows the others are not looked at: a generated row that meets one of them is refused by the server. */
const mostRows = 2_000

/**
 * Look which keys are taken by rows that are there already (a migration before this one may have inserted some), so that generated rows keep
 * clear of them.
 *
 * @returns The keys of the relations that hold rows; nothing where the server refuses to tell.
 */
export async function takenKeys(
  server: Server,
  relations: ReadonlyMap<string, RelationPlan>,
): Promise<ReadonlyMap<string, readonly KeyPlan[]>> {
  const keyed = [...relations.values()].filter(({ keys }) => keys.length > 0)
  if (keyed.length === 0) return new Map()
  // A file without a page holds no row: one question about all of them spares a look into each.
  const held = await server.ask([
    `SELECT c.oid::bigint FROM pg_catalog.pg_class AS c WHERE c.oid = ANY ('{${keyed.map(({ relation }) => relation.oid).join(',')}}'::pg_catalog.oid[])
      AND CASE c.relkind WHEN 'p' THEN EXISTS (SELECT FROM pg_catalog.pg_partition_tree(c.oid) AS t WHERE t.isleaf AND pg_catalog.pg_relation_size(t.relid) > 0)
        ELSE pg_catalog.pg_relation_size(c.oid) > 0 END`,
  ])
  if (held instanceof StatementError) return new Map()
  const oids = new Set(held[0]?.rows.map(([oid]) => Number(oid)))
  const filled = keyed.filter(({ relation }) => oids.has(relation.oid))
  const rows = await server.ask(filled.map(rowsSql))
  if (rows instanceof StatementError) return new Map()
  return new Map(filled.map((relation, at) => [relation.path, withTaken(relation, rows[at]?.rows ?? [])]))
}

/** Of the attributes that no key needs nothing is read. */
function rowsSql({ relation, attributes, keys }: RelationPlan): string {
  const needed = new Set(keys.flatMap((key) => [...key.attributes, ...(key.conditions ?? []).map(({ attribute }) => attribute)]))
  const cells = attributes.map(({ name }, at) => (needed.has(at) ? `${quoteIdentifier(name)}::text` : 'NULL'))
  return `SELECT ${cells.join(', ')} FROM ${quoteName(relation)} LIMIT ${mostRows}`
}

function withTaken(relation: RelationPlan, rows: readonly (readonly (string | null)[])[]): readonly KeyPlan[] {
  return relation.keys.map((key) => ({ ...key, taken: new Set(rows.flatMap((cells) => underKey(relation, key, cells) ?? [])) }))
}
