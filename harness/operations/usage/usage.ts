import { InputError } from '../../errors.ts'
import { plpgsqlNodes } from '../../migration/index.ts'
import { type OpenedDatabase, openDatabase, pathOf, quoteName, type RelationName, type Session } from '../../postgres/index.ts'
import { cancelOnAbort } from '../ready/ask.ts'
import { withRefusals } from '../ready/refusal.ts'
import { carriersOf, pathNames } from './carriers.ts'
import { judgeUsage, type Resolve } from './judge.ts'
import type { Carrier, RecordedSnapshot, Usage } from './model.ts'
import { namesRelation } from './names-relation.ts'
import { readSnapshot } from './read-snapshot.ts'
import { addSnapshot, readSnapshots, type Store } from './store.ts'

export interface UsageOptions {
  readonly url: string
  readonly store: Store
  readonly signal: AbortSignal
}

/**
 * Keep what the server has counted up to now.
 *
 * @returns When, by the server's clock, and how many statements.
 * @throws {EnvironmentError} When the server does not count statements, does not answer, or the role lacks a right.
 */
export async function recordUsage({
  url,
  store,
  signal,
}: UsageOptions): Promise<{ readonly place: string; readonly at: string; readonly statements: number }> {
  const database = await openDatabase(url)
  await using session = await database.connect({ writes: store.kind === 'table' })
  using _ = cancelOnAbort(database, session, signal)
  return await withRefusals(`the usage of ${database.place} cannot be recorded`, async () => {
    const before = await readSnapshots(session, store)
    const snapshot = await readSnapshot(database, session)
    await addSnapshot(session, store, snapshot, new Set(before.flatMap(({ texts }) => Object.keys(texts))))
    return { place: database.place, at: snapshot.at, statements: snapshot.statements.length }
  })
}

/**
 * Who uses a relation, by the snapshots that are kept and by what the server has counted up to now. The database is only read.
 *
 * @throws {InputError} When there is no such relation.
 * @throws {EnvironmentError} When the server does not count statements, does not answer, or the role lacks a right.
 */
export async function usageOf(relation: RelationName, { url, store, signal }: UsageOptions): Promise<Usage> {
  const database = await openDatabase(url)
  await using session = await database.connect()
  using _ = cancelOnAbort(database, session, signal)
  return await withRefusals(`the usage of ${database.place} cannot be read`, () => usageIn(database, session, relation, store))
}

/** The same in a session that is open. */
export async function usageIn(database: OpenedDatabase, session: Session, relation: RelationName, store: Store): Promise<Usage> {
  const { there } = await session.one<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [quoteName(relation)])
  if (!there)
    throw new InputError(`there is no relation ${quoteName(relation)} in ${database.place}`, {
      hint: 'Write it as in orders, sales.orders or "Order".',
    })
  const kept = await readSnapshots(session, store)
  const snapshot = await readSnapshot(database, session)
  const all: readonly [RecordedSnapshot, ...RecordedSnapshot[]] = kept[0] === undefined ? [snapshot] : [kept[0], ...kept.slice(1), snapshot]
  const carriers = await carriersOf(session, relation.schema, relation.name)
  const judged = judgeUsage(all, { resolve: await resolver(session, carriers), blind: await dynamicBodies(session, all) })
  return { place: database.place, relation: pathOf(relation), at: snapshot.at, ...judged, notes: notesOf(snapshot, kept.length) }
}

/** Statements are resolved once for each text and role. */
async function resolver(session: Session, carriers: readonly Carrier[]): Promise<Resolve> {
  const roles = await session.query<{ name: string; path: string | null }>(
    `SELECT r.rolname AS name, (SELECT substr(c, 13) FROM pg_catalog.pg_db_role_setting AS s, unnest(s.setconfig) AS c
       WHERE c LIKE 'search_path=%' AND s.setrole IN (r.oid, 0) AND s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
       ORDER BY (s.setrole <> 0)::int + (s.setdatabase <> 0)::int * 0.5 DESC LIMIT 1) AS path FROM pg_catalog.pg_roles AS r`,
  )
  const relations = await session.query<{ path: string }>(
    `SELECT n.nspname || '.' || c.relname AS path FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')`,
  )
  const paths = new Map(roles.map(({ name, path }) => [name, path === null ? ['$user', 'public'] : pathNames(path)]))
  const there = new Set(relations.map(({ path }) => path))
  const known = new Map<string, ReturnType<Resolve>>()
  const lookup = (role: string) => ({ path: paths.get(role), role, has: (schema: string, name: string) => there.has(`${schema}.${name}`) })
  return (text, role) => {
    const key = `${role} ${text}`
    if (!known.has(key)) known.set(key, resolved(text, carriers, lookup(role)))
    return known.get(key)
  }
}

function resolved(text: string, carriers: readonly Carrier[], lookup: Parameters<typeof namesRelation>[2]): ReturnType<Resolve> {
  // Looking at it is no use of it.
  if (text.includes('pg_stat_statements')) return undefined
  let unsure: ReturnType<Resolve>
  for (const carrier of carriers) {
    const named = namesRelation(text, carrier, lookup)
    if (named === undefined) continue
    const found = { through: carrier.through, unsure: named.unsure ?? carrier.unsure }
    if (found.unsure === null) return found
    unsure ??= found
  }
  return unsure
}

/** Functions that put SQL together when they run: where only what clients send is counted, what they send is not seen. */
async function dynamicBodies(session: Session, snapshots: readonly RecordedSnapshot[]): Promise<readonly string[]> {
  if (snapshots.every(({ track }) => track === 'all')) return []
  const rows = await session.query<{ shown: string; definition: string }>(
    `SELECT p.oid::regprocedure::text AS shown, pg_get_functiondef(p.oid) AS definition FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
      WHERE l.lanname = 'plpgsql' AND p.prokind IN ('f', 'p') AND p.pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
        AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e') AND p.prosrc ~* 'execute' ORDER BY 1`,
  )
  const dynamic = rows.filter(({ definition }) => plpgsqlNodes(definition)?.some(({ name }) => /^PLpgSQL_stmt_dyn/.test(name)) ?? true)
  if (dynamic.length === 0) return []
  const names = dynamic.slice(0, 5).map(({ shown }) => shown)
  return [
    `${names.join(', ')}${dynamic.length > names.length ? ` and ${dynamic.length - names.length} more` : ''} put SQL together when they run, and it is not counted. Set pg_stat_statements.track = all.`,
  ]
}

function notesOf({ statements, reset }: RecordedSnapshot, kept: number): readonly string[] {
  const roles = new Set(statements.map(({ role }) => role))
  const once =
    kept > 0 ? [] : [`No snapshot was kept: when since ${reset} a statement was sent is not known. Run godwit usage --record from cron.`]
  const oneRole =
    roles.size === 1 ? [`All statements come from one role, ${[...roles][0]}: which application sends one cannot be told (a pooler?).`] : []
  return [...once, ...oneRole]
}
