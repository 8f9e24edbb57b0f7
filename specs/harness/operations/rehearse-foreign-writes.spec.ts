import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { InputError } from '../../../harness/errors.ts'
import { readPair } from '../../../harness/formats/index.ts'
import { openDumpCopy } from '../../../harness/operations/index.ts'
import { findClientPrograms, type StartedCluster } from '../../../harness/postgres/index.ts'
import { runBin } from '../cli/run-bin.ts'
import { major, openShop, type Shop, scratchFolder, skipped, startProduction } from './production.ts'
import { learnPair, rehearseAt, rehearseOn, writePair } from './rehearsals.ts'

const fill = (table: string) => `INSERT INTO ${table} SELECT n, 'note ' || n FROM generate_series(1, 20) AS n`
const items = 'CREATE TABLE items (id int PRIMARY KEY, note text);'
const legacy = 'CREATE TABLE items (id int, note text);\nCREATE TABLE own (id int PRIMARY KEY, note text);'

describe('a rehearsal of what can write to the servers that a copy names', { timeout: 60_000 }, () => {
  let production: StartedCluster
  let elsewhere: Shop
  let scratch: Awaited<ReturnType<typeof scratchFolder>>
  let count = 0
  beforeAll(async () => {
    production = await startProduction()
    scratch = await scratchFolder()
    elsewhere = await openShop(production, items)
  }, 60_000)
  beforeEach(() => elsewhere.session.script(`TRUNCATE items; ${fill('items')}`))
  afterAll(async () => {
    await elsewhere?.[Symbol.asyncDispose]()
    await production?.stop()
    await scratch?.[Symbol.asyncDispose]()
  })

  /** A copy that names a server on which `items` is. */
  const openCopy = (more = '') => {
    const { hostname, port, username, password, pathname } = new URL(elsewhere.url)
    return openShop(
      production,
      `CREATE EXTENSION postgres_fdw;
       CREATE SERVER stock FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '${hostname}', port '${port}', dbname '${pathname.slice(1)}');
       CREATE USER MAPPING FOR CURRENT_USER SERVER stock OPTIONS (user '${decodeURIComponent(username)}', password '${decodeURIComponent(password)}');
       CREATE FOREIGN TABLE items (id int, note text) SERVER stock;
       CREATE TABLE own (id int PRIMARY KEY, note text); ${fill('own')}; ${more}`,
    )
  }
  const learn = async (files: Readonly<Record<string, string>>) => {
    count += 1
    return learnPair(await writePair(join(scratch.path, `pair-${count}`), { 'legacy.sql': legacy, ...files }), 2)
  }
  const there = async () => JSON.stringify(await elsewhere.session.query('SELECT xmin::text, items.* FROM items ORDER BY id'))
  const address = () => `127.0.0.1:${new URL(elsewhere.url).port}${new URL(elsewhere.url).pathname}`
  const refused = async (work: Promise<unknown>): Promise<Partial<InputError>> => {
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining('the migration can write to other servers, which ') })
    return error as InputError
  }
  const nothing = async (shop: Shop) => {
    const { saved } = await shop.session.one<{ saved: boolean }>(`SELECT to_regnamespace('godwit_before') IS NOT NULL AS saved`)
    expect(saved).toBe(false)
    expect(await shop.session.query(`SELECT FROM own WHERE note IS DISTINCT FROM 'note ' || id`)).toEqual([])
  }

  const writesOwn = `UPDATE own SET note = note WHERE id > 0;`
  const workload = (sql: string) => `export default { workload: ["${sql}"] }`
  test.each<[what: string, files: Readonly<Record<string, string>>, more: string, who: string]>([
    ['up', { 'up.sql': `UPDATE items SET note = 'x';` }, '', 'up'],
    ['down', { 'up.sql': writesOwn, 'down.sql': `UPDATE items SET note = 'x';` }, '', 'down'],
    ['the workload', { 'up.sql': writesOwn, 'contract.ts': workload(`UPDATE items SET note = 'x' WHERE id = $1`) }, '', 'The workload'],
    [
      'a trigger of the copy',
      { 'up.sql': writesOwn },
      `CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO items VALUES (99); RETURN NEW; END';
       CREATE TRIGGER tell BEFORE UPDATE ON own FOR EACH ROW EXECUTE FUNCTION tell()`,
      'up',
    ],
    ['a rule of the copy', { 'up.sql': writesOwn }, 'CREATE RULE tell AS ON UPDATE TO own DO ALSO DELETE FROM items', 'up'],
    [
      'an event trigger of the copy',
      { 'up.sql': 'ALTER TABLE own ADD COLUMN more text;' },
      `CREATE FUNCTION tell() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.items VALUES (99); END';
       CREATE EVENT TRIGGER tell ON ddl_command_end EXECUTE FUNCTION tell()`,
      'up',
    ],
    ['names made up at run time', { 'up.sql': `DO $$ BEGIN EXECUTE format('UPDATE %I SET note = note', 'own'); END $$;` }, '', 'up'],
  ])('is refused where %s can', async (_, files, more, who) => {
    const pair = await learn(files)
    await using copy = await openCopy(more)
    const before = await there()
    const { detail, hint } = await refused(rehearseAt(pair, copy.url))
    expect(detail).toBe(`${who} can write items on the server "stock" (${address()}).`)
    expect(hint).toContain(`Give the copy other servers first, as with ALTER SERVER "stock" OPTIONS (SET host '…'), or drop them there.`)
    await nothing(copy)
    expect(await there()).toBe(before)
  })

  test('is refused where up writes a partitioned table with a partition there', async () => {
    const parent = 'CREATE TABLE spread (id int, note text) PARTITION BY RANGE (id);'
    const partition = (name: string) => `CREATE TABLE ${name} PARTITION OF spread`
    const [near, far] = ['FOR VALUES FROM (0) TO (10)', 'FOR VALUES FROM (10) TO (1000)']
    const pair = await learn({
      'legacy.sql': `${parent}${partition('near')} ${near};${partition('items')} ${far};`,
      'up.sql': `UPDATE spread SET note = 'x';`,
    })
    await using copy = await openCopy(`DROP FOREIGN TABLE items; ${parent}${partition('near')} ${near};
      CREATE FOREIGN TABLE items PARTITION OF spread ${far} SERVER stock`)
    const before = await there()
    const { detail } = await refused(rehearseAt(pair, copy.url))
    expect(detail).toBe(`up can write items on the server "stock" (${address()}).`)
    expect(await there()).toBe(before)
  })

  test('is refused where it makes the foreign tables that it writes', async () => {
    const pair = await learn({ 'up.sql': writesOwn })
    // The owner of the specs may make no server.
    const made = `CREATE FOREIGN TABLE made (id int, note text) SERVER stock OPTIONS (table_name 'items');\n${writesOwn}`
    const { up } = await readPair(await writePair(join(scratch.path, 'made'), { 'legacy.sql': legacy, 'up.sql': made }))
    await using copy = await openCopy()
    const { detail } = await refused(rehearseAt({ ...pair, migration: { ...pair.migration, up } }, copy.url))
    expect(detail).toContain('The migration makes foreign tables of the server "stock", and writes rows.')
  })

  test('writes there where that is allowed', async () => {
    const pair = await learn({ 'up.sql': `UPDATE items SET note = 'x';` })
    await using copy = await openCopy()
    await rehearseAt(pair, copy.url, { allowForeignWrites: true })
    expect(await elsewhere.session.one(`SELECT count(*)::int FROM items WHERE note = 'x'`)).toEqual({ count: 20 })
  })

  test.each<[what: string, files: Readonly<Record<string, string>>]>([
    ['it writes other tables', { 'up.sql': writesOwn, 'down.sql': writesOwn }],
    ['it changes the schema alone', { 'up.sql': 'ALTER TABLE items ADD COLUMN more text;' }],
    ['the workload reads', { 'up.sql': writesOwn, 'contract.ts': workload('SELECT note FROM items WHERE id = $1') }],
  ])('is not refused where %s', async (_, files) => {
    const pair = await learn(files)
    await using copy = await openCopy()
    const before = await there()
    expect((await rehearseAt(pair, copy.url)).up.outcome).toBe('applied')
    expect(await there()).toBe(before)
  })

  test('is not refused for a wrapper that only reads', async () => {
    const pair = await learn({ 'up.sql': 'INSERT INTO own SELECT id + 1000, note FROM items;' })
    const file = join(scratch.path, 'items.csv')
    await using copy = await openShop(
      production,
      `CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw; CREATE TABLE own (id int PRIMARY KEY, note text);
       CREATE FOREIGN TABLE items (id int, note text) SERVER files OPTIONS (filename '${file}', format 'csv')`,
    )
    expect((await rehearseAt(pair, copy.url).catch((error: Error) => error.message)) as unknown).not.toContain('other servers')
  })

  test('by the command exits with 2, and with the option it goes on', async () => {
    const folder = await writePair(join(scratch.path, 'command'), { 'legacy.sql': legacy, 'up.sql': `UPDATE items SET note = 'x';` })
    await using copy = await openCopy()
    const before = await there()
    const args = ['rehearse', folder, '--on', copy.url, '--this-is-a-copy', '--runs', '2', '--no-growth', '--report', scratch.path]
    const { code, stderr } = await runBin(args, { cwd: scratch.path })
    expect([code, stderr]).toEqual([2, expect.stringContaining('can write to other servers')])
    expect(await there()).toBe(before)
    await runBin([...args, '--allow-foreign-writes'], { cwd: scratch.path })
    expect(await elsewhere.session.one(`SELECT count(*)::int FROM items WHERE note = 'x'`)).toEqual({ count: 20 })
  })

  test.skipIf(major === undefined)(`is refused on a dump too, which is restored with its servers${skipped}`, async () => {
    const pair = await learn({ 'up.sql': `UPDATE items SET note = 'x';` })
    const file = join(scratch.path, 'shop.dump')
    {
      await using copy = await openCopy()
      const program = findClientPrograms().find((each) => each.major >= (major ?? 0))?.dump ?? 'pg_dump'
      execFileSync(program, ['--format=custom', `--file=${file}`, `--dbname=${copy.url}`])
    }
    const before = await there()
    await using restored = await openDumpCopy(file, new AbortController().signal)
    const { detail, hint } = await refused(rehearseOn(pair, restored))
    expect(detail).toBe(`up can write items on the server "stock" (${address()}).`)
    expect(hint).toContain('Restore the dump into a database of your own, give it other servers')
    expect(await there()).toBe(before)
  })
})
