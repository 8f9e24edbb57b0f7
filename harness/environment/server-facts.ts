import type { Script } from '../migration/index.ts'
import { type Cluster, madeRoleComment } from '../postgres/index.ts'
import type { AvailableExtensions } from './extension-plan.ts'

/** What a server has before anything is made in it. */
export interface ServerFacts {
  readonly extensions: AvailableExtensions
  /** Whether it compresses columns by lz4; taken for granted where no script asks for it. */
  readonly lz4: boolean
  /** Every role that the harness has not made itself, with whether it is a superuser. */
  readonly roles: ReadonlyMap<string, { readonly superuser: boolean }>
}

const nothing: ServerFacts = { extensions: new Map(), lz4: true, roles: new Map() }

/** Asked only when a script could want to know: the question takes a database of its own. */
export async function readServer(cluster: Cluster, scripts: readonly Script[], certainly: boolean): Promise<ServerFacts> {
  const asks =
    /extension|\b(role|owner|grant|revoke|authorization|privileges|policy)\b|uuid_generate|gen_random_b|gen_salt|pgp_sym|trgm|word_similarity|citext|hstore|ltree|unaccent|halfvec|vector|sparsevec|geometry|geography|\bst_\w+\s*\(|cron|\bnet\s*\.|pgmq|partman|hypertable|\blz4\b/i
  if (!certainly && !scripts.some(({ text }) => asks.test(text))) return nothing
  await using database = await cluster.createDatabase()
  await using session = await database.connect()
  const versions = await session.query<{ name: string; version: string; trusted: boolean }>(
    'SELECT name, version, trusted FROM pg_catalog.pg_available_extension_versions',
  )
  const extensions = new Map<string, { trusted: boolean; versions: Set<string> }>()
  for (const { name, version, trusted } of versions) {
    const known = extensions.get(name) ?? { trusted: false, versions: new Set() }
    extensions.set(name, { trusted: known.trusted || trusted, versions: known.versions.add(version) })
  }
  const { lz4 } = await session.one<{ lz4: boolean }>(
    "SELECT 'lz4' = ANY (enumvals) AS lz4 FROM pg_catalog.pg_settings WHERE name = 'default_toast_compression'",
  )
  const roles = await session.query<{ name: string; superuser: boolean }>(
    `SELECT rolname AS name, rolsuper AS superuser FROM pg_catalog.pg_roles
      WHERE pg_catalog.shobj_description(oid, 'pg_authid') IS DISTINCT FROM $1`,
    [madeRoleComment],
  )
  return { extensions, lz4, roles: new Map(roles.map(({ name, superuser }) => [name, { superuser }])) }
}
