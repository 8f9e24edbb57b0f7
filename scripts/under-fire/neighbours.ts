import { openDatabase, quoteIdentifier } from '../../harness/postgres/index.ts'
import { Draw } from './draw.ts'
import { type Campaign, type Fault, repeat } from './fault.ts'
import { guestsOf, type Production, startProduction } from './production.ts'
import { runThere } from './run-there.ts'
import { openWorkshop } from './workshop.ts'

const neighbours = ['shop', 'Shop "two"', 'godwit_diary', 'template_of_ours']
const filled = `
  CREATE TABLE items (id int PRIMARY KEY, notes text); INSERT INTO items SELECT n, 'note ' || n FROM generate_series(1, 500) AS n;
  CREATE TABLE "Odd ""name" (id serial PRIMARY KEY, at timestamptz DEFAULT now(), items int REFERENCES items);
  INSERT INTO "Odd ""name" (items) SELECT n FROM generate_series(1, 100) AS n;
  CREATE VIEW seen AS SELECT notes FROM items; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE SCHEMA other; CREATE TABLE other.big (data text); INSERT INTO other.big SELECT repeat('x', 3000) FROM generate_series(1, 50)`

/**
 * Run commands by URL on a server that has other databases, and see that none of those, and no role or setting of the server, is changed.
 *
 * A database is the same if its catalogs and rows are, each with the transaction that wrote it: a rewrite to the same values shows too.
 */
export async function fireNeighbours(campaign: Campaign): Promise<readonly Fault[]> {
  await using workshop = await openWorkshop()
  await using production = await startProduction()
  const { session, urlOf } = production
  for (const name of ['copied', ...neighbours]) {
    await session.script(`CREATE DATABASE ${quoteIdentifier(name)}`)
    if (name === 'copied') continue
    await using owner = await (await openDatabase(urlOf(name))).connect({ writes: true })
    await owner.script(filled)
  }
  return await repeat(campaign, async (seed) => {
    const args = commandOf(new Draw(seed), urlOf)
    const before = await stateOf(production)
    const { pid, code, stderr } = await runThere(args, workshop)
    const after = await stateOf(production)
    const wrong = [
      ...(code >= 0 && code <= 4 ? [] : [`it ends with ${code}: ${stderr}`]),
      ...[...before.keys(), ...after.keys()].filter((key) => before.get(key) !== after.get(key)).map((key) => `${key} has changed`),
      ...(await workshop.left([pid])),
    ]
    return [...new Set(wrong)].map((one) => ({ seed, done: args.join(' ').replaceAll(/postgresql:\S+/g, 'URL'), wrong: one }))
  })
}

function commandOf(draw: Draw, urlOf: Production['urlOf']): readonly string[] {
  const neighbour = urlOf(draw.pick(['shop', 'Shop "two"', 'godwit_diary']))
  return draw.pick<readonly string[]>([
    ['verify', 'sound', '--runs', '5', '--postgres', neighbour],
    ['verify', 'lossy', '--runs', '5', '--postgres', neighbour],
    ['verify', 'steps', '--runs', '2', '--postgres', neighbour],
    ['rehearse', 'sound', '--on', neighbour],
    ['rehearse', 'sound', '--on', urlOf('copied'), '--this-is-a-copy', '--no-growth'],
    ['usage', 'items', '--url', neighbour],
    ['schema', 'drift', 'steps', '--url', neighbour],
    ['schema', 'diff', 'steps', neighbour],
    ['compare', 'items', 'items', '--url', neighbour, '--rows'],
    ['compare', 'items', 'seen', '--url', neighbour],
    ['tombstone', 'seen', '--url', neighbour],
    ['references', 'items', 'things', 'steps', '--url', neighbour],
  ])
}

async function stateOf({ session, urlOf }: Production): Promise<ReadonlyMap<string, string>> {
  const state = new Map<string, string>([['databases and roles', JSON.stringify(await guestsOf(session))]])
  for (const catalog of ['pg_roles', 'pg_auth_members', 'pg_db_role_setting', 'pg_tablespace'])
    state.set(catalog, await digestOf(session, catalog))
  for (const name of neighbours) {
    await using reader = await (await openDatabase(urlOf(name))).connect()
    for (const catalog of [
      'pg_attribute',
      'pg_constraint',
      'pg_proc',
      'pg_type',
      'pg_namespace',
      'pg_rewrite',
      'pg_depend',
      'pg_default_acl',
    ])
      state.set(`${name}: ${catalog}`, await digestOf(reader, catalog))
    const tables = await reader.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    )
    for (const table of tables) state.set(`${name}: ${table.name}`, await digestOf(reader, table.name))
  }
  return state
}

async function digestOf(session: Pick<Production['session'], 'one'>, relation: string): Promise<string> {
  const isView = relation === 'pg_roles'
  const row = isView ? 't::text' : `t.xmin || ' ' || t.ctid || ' ' || t::text`
  const { digest } = await session.one<{ digest: string }>(
    `SELECT count(*) || ' ' || coalesce(md5(string_agg(md5(${row}), '' ORDER BY md5(${row}))), '') AS digest FROM ${relation} AS t`,
  )
  return digest
}
