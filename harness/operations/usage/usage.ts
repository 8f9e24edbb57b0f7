import { InputError } from '../../errors.ts'
import { type OpenedDatabase, openDatabase, pathOf, quoteName, type RelationName, type Session } from '../../postgres/index.ts'
import { cancelOnAbort } from '../ready/ask.ts'
import { withRefusals } from '../ready/refusal.ts'
import { carriersOf, pathNames } from './carriers.ts'
import { judgeUsage, type Resolve } from './judge.ts'
import type { Carrier, RecordedSnapshot, Usage } from './model.ts'
import { makesTemporary, type NamedWith, namesRelation } from './names-relation.ts'
import { readSnapshot } from './read-snapshot.ts'
import { addSnapshot, checkSource, readSnapshots, type Store } from './store.ts'
import { uncounted } from './uncounted.ts'

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
    checkSource(before, store, snapshot)
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
  checkSource(kept, store, snapshot)
  const all: readonly [RecordedSnapshot, ...RecordedSnapshot[]] = kept[0] === undefined ? [snapshot] : [kept[0], ...kept.slice(1), snapshot]
  const carriers = await carriersOf(session, relation.schema, relation.name)
  const texts = textsOf(all)
  const judged = judgeUsage(all, {
    resolve: await resolver(session, carriers.named, texts),
    blind: all.every(({ track }) => track === 'all') ? [] : await uncounted(session, carriers.unnamed, texts),
  })
  return { place: database.place, relation: pathOf(relation), at: snapshot.at, ...judged, notes: notesOf(snapshot, kept.length) }
}

/** All texts that were counted, by the role that sent them. */
function textsOf(snapshots: readonly RecordedSnapshot[]): ReadonlyMap<string, readonly string[]> {
  const texts = new Map(snapshots.flatMap((each) => Object.entries(each.texts)))
  const found = new Map<string, Set<string>>()
  for (const { role, text } of snapshots.flatMap(({ statements }) => statements))
    found.set(role, (found.get(role) ?? new Set()).add(texts.get(text) ?? ''))
  return new Map([...found].map(([role, each]) => [role, [...each]]))
}

/**
 * The search path of each role, and whether it is surely that of its statements: set for the role itself, which no other role becomes.
 * A path of the server alone is that of the session that asks, where nothing else sets its path.
 */
const rolePaths = `
SELECT r.rolname AS name,
       (SELECT substr(c, 13) FROM pg_catalog.pg_db_role_setting AS s, unnest(s.setconfig) AS c
         WHERE c LIKE 'search_path=%' AND s.setrole IN (r.oid, 0) AND s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
         ORDER BY (s.setrole <> 0)::int + (s.setdatabase <> 0)::int * 0.5 DESC LIMIT 1) AS own,
       (SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'search_path' AND NOT EXISTS (
         SELECT FROM pg_catalog.pg_db_role_setting AS s, unnest(s.setconfig) AS c WHERE c LIKE 'search_path=%' AND s.setrole IN (session_user::regrole, 0))) AS server,
       r.rolcanlogin AND EXISTS (SELECT FROM pg_catalog.pg_db_role_setting AS s, unnest(s.setconfig) AS c
                                  WHERE c LIKE 'search_path=%' AND s.setrole = r.oid AND s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())))
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_auth_members WHERE roleid = r.oid)
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc WHERE proowner = r.oid AND prosecdef) AS settled
  FROM pg_catalog.pg_roles AS r`

const namesInSchemas = `
SELECT n.nspname || '.' || c.relname AS path FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
UNION SELECT n.nspname || '.' || p.proname || '()' FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace`

/** Statements are resolved once for each text and role. */
async function resolver(session: Session, carriers: readonly Carrier[], texts: ReadonlyMap<string, readonly string[]>): Promise<Resolve> {
  const roles = await session.query<{ name: string; own: string | null; server: string | null; settled: boolean }>(rolePaths)
  const paths = new Map(
    roles.map(({ name, own, server, settled }) => [name, { path: pathNames(own ?? server ?? '"$user", public'), settled }]),
  )
  const there = new Set((await session.query<{ path: string }>(namesInSchemas)).map(({ path }) => path))
  const known = new Map<string, ReturnType<Resolve>>()
  const setting = new Set([...texts].flatMap(([role, each]) => (each.some((text) => /search_path|set_config/i.test(text)) ? [role] : [])))
  const lookups = new Map<string, NamedWith>()
  const lookup = (role: string): NamedWith => {
    const found = lookups.get(role)
    if (found !== undefined) return found
    const { path, settled = false } = paths.get(role) ?? {}
    const temporary = (texts.get(role) ?? []).filter((text) => /\btemp(orary)?\b|pg_temp/i.test(text))
    const made = {
      path,
      settled: settled && !setting.has(role),
      role,
      has: (schema: string, name: string) => there.has(`${schema}.${name}`),
      shadows: (name: string) => temporary.some((text) => makesTemporary(text, name)),
    }
    lookups.set(role, made)
    return made
  }
  return (text, role) => {
    const key = `${role} ${text}`
    if (!known.has(key)) known.set(key, resolved(text, carriers, lookup(role)))
    return known.get(key)
  }
}

function resolved(text: string, carriers: readonly Carrier[], lookup: NamedWith): ReturnType<Resolve> {
  // The server lost its file of texts, or keeps the text from the role that asks.
  if (text === '' || text === '<insufficient privilege>') return { through: [], unsure: 'its text is not known' }
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

function notesOf({ statements, reset }: RecordedSnapshot, kept: number): readonly string[] {
  const roles = new Set(statements.map(({ role }) => role))
  const once =
    kept > 0 ? [] : [`No snapshot was kept: when since ${reset} a statement was sent is not known. Run godwit usage --record from cron.`]
  const oneRole =
    roles.size === 1 ? [`All statements come from one role, ${[...roles][0]}: which application sends one cannot be told (a pooler?).`] : []
  return [...once, ...oneRole]
}
