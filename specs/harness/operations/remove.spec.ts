import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { diffObjects, readObjects } from '../../../harness/catalog/index.ts'
import { type Readiness, readPlan, ready, recordUsage, tombstoneIn, writeTombstone } from '../../../harness/operations/index.ts'
import { type Session, type StartedCluster, startCluster } from '../../../harness/postgres/index.ts'
import { openShop, type Shop } from './production.ts'

const roles = ['remove_owner', 'remove_reader', 'Remove Writer'] as const
const quoted = (role: string) => `"${role}"`

/** A view with everything that a view can have. */
const schema = `
CREATE TABLE lines (id int PRIMARY KEY, quantity int NOT NULL DEFAULT 1, note text);
CREATE VIEW "Old lines" WITH (security_invoker = true, security_barrier = true) AS SELECT id, quantity AS "how many", note FROM lines WHERE quantity > 0 WITH LOCAL CHECK OPTION;
ALTER VIEW "Old lines" ALTER COLUMN "how many" SET DEFAULT 5;
COMMENT ON VIEW "Old lines" IS 'it''s old';
COMMENT ON COLUMN "Old lines".note IS 'a note';
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE VIEW plain AS SELECT id FROM lines;
CREATE TRIGGER instead INSTEAD OF INSERT ON plain FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER after_all AFTER INSERT ON plain FOR EACH STATEMENT EXECUTE FUNCTION nothing();
CREATE RULE none AS ON DELETE TO plain DO INSTEAD NOTHING;
GRANT SELECT ON "Old lines" TO remove_reader WITH GRANT OPTION; GRANT UPDATE (note), INSERT (id, note) ON "Old lines" TO "Remove Writer"; GRANT SELECT ON "Old lines" TO PUBLIC;
GRANT ALL ON plain TO "Remove Writer";
GRANT SELECT ON lines TO PUBLIC;
ALTER VIEW "Old lines" OWNER TO remove_owner; ALTER TABLE lines OWNER TO remove_owner`

let production: StartedCluster
beforeAll(async () => {
  production = await startCluster(
    { kind: 'embedded' },
    { settings: { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.track': 'all' } },
  )
  await using shop = await openShop(production, '')
  await shop.session.script(roles.map((role) => `CREATE ROLE ${quoted(role)}`).join(';'))
}, 60_000)
afterAll(() => production?.stop())

describe('a tombstone', { timeout: 60_000 }, () => {
  test.each(['Old lines', 'plain', 'lines'])('of %s can be taken back, and so can the drop of a view: nothing differs', async (name) => {
    await using shop = await openShop(production, schema)
    const before = await readObjects(shop.session)
    const found = await tombstoneIn(shop.session, { schema: 'public', name }, 'here')
    const differences = async () =>
      diffObjects(before, await readObjects(shop.session)).map(({ kind, path, property }) => `${kind} ${path} ${property}`)
    const asReader = async () =>
      await shop.session.script(`SET ROLE remove_reader; SELECT * FROM public.${quoted(name)}`).then(
        () => 'read',
        (error: { sqlstate?: string }) => error.sqlstate,
      )
    await shop.session.script(found.tombstone)
    expect(await asReader()).toBe('42501')
    await shop.session.script('RESET ROLE')
    expect((await differences()).length).toBeGreaterThan(0)
    await shop.session.script(found.tombstoneBack)
    expect(await differences()).toEqual([])
    if (name === 'lines') {
      expect(found.drop).toBeUndefined()
      return
    }
    await shop.session.script(found.tombstone)
    await shop.session.script(found.drop ?? '')
    expect(await differences()).toContain(`view public.${name} undefined`)
    await shop.session.script(found.dropBack ?? '')
    expect(await differences()).toEqual([])
  })

  const odd: Readonly<Record<string, string>> = {
    'rights that others than the owner granted': `GRANT SELECT, UPDATE (note) ON v TO remove_reader WITH GRANT OPTION; SET ROLE remove_reader; GRANT SELECT, UPDATE (note) ON v TO "Remove Writer" WITH GRANT OPTION; SET ROLE "Remove Writer"; GRANT SELECT ON v TO PUBLIC`,
    'an owner without rights': 'REVOKE ALL ON v FROM remove_owner',
    'rights that a new view gets by default':
      'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO remove_reader; REVOKE ALL ON v FROM remove_reader',
    'comments on a rule and a trigger': `CREATE RULE r AS ON INSERT TO v DO INSTEAD NOTHING; COMMENT ON RULE r ON v IS 'r'; CREATE TRIGGER t INSTEAD OF UPDATE ON v FOR EACH ROW EXECUTE FUNCTION nothing(); COMMENT ON TRIGGER t ON v IS 't'`,
  }
  const viewOf = (sql: string) => `CREATE TABLE lines (id int, note text); CREATE VIEW v AS SELECT id, note FROM lines;
    CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; ALTER VIEW v OWNER TO remove_owner; ${sql}; RESET ROLE`
  const rightsOf = async (session: Session) =>
    await session.query(
      `SELECT a.*, NULL AS attname FROM pg_class, aclexplode(coalesce(relacl, acldefault('r', relowner))) AS a WHERE oid = 'v'::regclass
       UNION ALL SELECT a.*, attname FROM pg_attribute, aclexplode(attacl) AS a WHERE attrelid = 'v'::regclass ORDER BY 1, 2, 3, 4, 5`,
    )
  /** Both steps and their ways back; the database is as before after each. */
  const thereAndBack = async (session: Session) => {
    const state = async () => ({ rights: await rightsOf(session), objects: await readObjects(session) })
    const before = await state()
    const same = async () => {
      const now = await state()
      expect([now.rights, diffObjects(before.objects, now.objects)]).toEqual([before.rights, []])
    }
    const found = await tombstoneIn(session, { schema: 'public', name: 'v' }, 'here')
    await session.script('SET search_path = public')
    await session.script(found.tombstone)
    expect(await rightsOf(session)).toEqual([])
    await session.script(found.tombstoneBack)
    await same()
    for (const sql of [found.tombstone, found.drop, found.dropBack]) await session.script(sql ?? '')
    await same()
  }

  test.each(Object.entries(odd))('can be taken back with %s', async (_, sql) => {
    await using shop = await openShop(production, viewOf(sql))
    await thereAndBack(shop.session)
  })

  const grant = fc.record({
    by: fc.nat(2),
    to: fc.constantFrom(...roles.map(quoted), 'PUBLIC'),
    right: fc.constantFrom('SELECT', 'UPDATE', 'DELETE', 'SELECT (note)', 'UPDATE (id, note)'),
    further: fc.boolean(),
  })
  test('any rights are the same again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(grant, { maxLength: 8 }), async (grants) => {
        await using shop = await openShop(production, viewOf('SELECT 1'))
        for (const { by, to, right, further } of grants) {
          const sql = `GRANT ${right} ON v TO ${to}${further && to !== 'PUBLIC' ? ' WITH GRANT OPTION' : ''}`
          // A role without the right to grant gets an error or a warning.
          await shop.session.script(`SET ROLE ${quoted(roles[by] ?? '')}; ${sql}`).catch(() => undefined)
          await shop.session.script('RESET ROLE')
        }
        await thereAndBack(shop.session)
      }),
      { numRuns: Number(process.env.GODWIT_RUNS ?? 8) },
    )
  })

  test('is written into files, and overwrites none', async () => {
    await using shop = await openShop(production, schema)
    const folder = await mkdtemp(join(tmpdir(), 'godwit-tombstone-'))
    try {
      const found = await tombstoneIn(shop.session, { schema: 'public', name: 'plain' }, 'here')
      expect((await writeTombstone(found, folder)).map((path) => path.slice(folder.length + 1))).toEqual([
        'tombstone.sql',
        'tombstone.back.sql',
        'drop.sql',
        'drop.back.sql',
      ])
      await expect(writeTombstone(found, folder)).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringContaining('is there already'),
      })
      expect(await readFile(join(folder, 'drop.sql'), 'utf8')).toBe('DROP VIEW "public"."plain" RESTRICT;\n')
      await expect(tombstoneIn(shop.session, { schema: 'public', name: 'none' }, 'here')).rejects.toMatchObject({ exitCode: 2 })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

describe('CV-4: the removal of a view', { timeout: 60_000 }, () => {
  const { signal } = new AbortController()
  const legacy =
    'CREATE EXTENSION pg_stat_statements; CREATE TABLE lines (id int PRIMARY KEY); CREATE VIEW order_lines AS SELECT id FROM lines; SELECT pg_stat_statements_reset()'
  const store = { kind: 'table', table: { schema: 'godwit', name: 'usage' } } as const

  const inFolder = async (code: string, work: (folder: string) => Promise<void>) => {
    const folder = await mkdtemp(join(tmpdir(), 'godwit-removal-'))
    try {
      await mkdir(join(folder, 'src'))
      await writeFile(join(folder, 'src/app.sql'), code)
      await writeFile(join(folder, 'drop.sql'), 'DROP VIEW order_lines;')
      const removes = { relation: 'public.order_lines', unusedDays: 1, code: ['src'] }
      await writeFile(join(folder, 'plan.mjs'), `export default ${JSON.stringify({ cleanUp: 'drop.sql', removes })}`)
      await work(folder)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
  const judge = async (shop: Shop, folder: string, run = false): Promise<Readiness> =>
    ready({ url: shop.url, plan: await readPlan(join(folder, 'plan.mjs')), run, signal, say: () => undefined })
  const reasonsOf = ({ removal }: Readiness) =>
    removal.flatMap(({ id, reasons }) => reasons.map((reason) => `${id}: ${reason.replaceAll(/\S+T[\d:.]+Z/g, 'TIME')}`))
  const isThere = async (session: Session) =>
    (await session.one<{ there: boolean }>(`SELECT to_regclass('order_lines') IS NOT NULL AS there`)).there
  /** As if it had been observed since two days ago. */
  const observedForDays = async (shop: Shop) => {
    // The server's own figures, as they will be.
    await shop.session.script(
      `CREATE OR REPLACE VIEW pg_stat_statements_info AS SELECT dealloc, stats_reset - interval '2 days' AS stats_reset FROM pg_stat_statements_info()`,
    )
    await recordUsage({ url: shop.url, store, signal })
  }

  test('is refused while code, the catalog or a client uses it, each by name; nothing is changed', async () => {
    await inFolder('SELECT id FROM order_lines;\n', async (folder) => {
      await using shop = await openShop(
        production,
        `${legacy}; CREATE VIEW report AS SELECT count(*) FROM order_lines; SELECT id FROM order_lines`,
      )
      const refused = await judge(shop, folder, true)
      expect(refused).toMatchObject({ ready: false, ran: false })
      const reasons = reasonsOf(refused)
      expect(reasons).toEqual([
        expect.stringMatching(/^code: .*src\/app\.sql:1 uses it: SELECT id FROM order_lines;$/),
        expect.stringMatching(/^catalog: view report names it/),
        'use: postgres used it, last seen at TIME: CREATE VIEW report AS SELECT count(*) FROM order_lines',
        'use: postgres used it, last seen at TIME: SELECT id FROM order_lines',
        'use: observation is unbroken since TIME only: that is no 1 day yet',
      ])
      expect(await isThere(shop.session)).toBe(true)
    })
  })

  test('waits for the days of unbroken observation, and runs once they are over', async () => {
    await inFolder('SELECT id FROM lines; -- order_lines is a name in a comment\n', async (folder) => {
      await using shop = await openShop(production, legacy)
      expect(reasonsOf(await judge(shop, folder))).toEqual(['use: observation is unbroken since TIME only: that is no 1 day yet'])
      await observedForDays(shop)
      expect(reasonsOf(await judge(shop, folder))).toEqual([])
      await shop.session.script('SELECT id FROM order_lines')
      expect(reasonsOf(await judge(shop, folder, true))).toEqual(['use: postgres used it, last seen at TIME: SELECT id FROM order_lines'])
      expect(await isThere(shop.session)).toBe(true)
    })
    await inFolder('', async (folder) => {
      await using shop = await openShop(production, legacy)
      await observedForDays(shop)
      expect(await judge(shop, folder, true)).toMatchObject({ ready: true, ran: true })
      expect(await isThere(shop.session)).toBe(false)
    })
  })

  test('places in code that may name it count until somebody has read the file', async () => {
    await inFolder('', async (folder) => {
      await writeFile(join(folder, 'src/notes.md'), 'The old `order_lines` is a view.\n')
      await using shop = await openShop(production, legacy)
      await observedForDays(shop)
      expect(reasonsOf(await judge(shop, folder))).toEqual([expect.stringMatching(/^code: .*src\/notes\.md:1 may use it/)])
      const text = (await readFile(join(folder, 'plan.mjs'), 'utf8')).replace('"code":', '"reviewed":["src/notes.md"],"code":')
      await rm(join(folder, 'plan.mjs'))
      await writeFile(join(folder, 'plan-2.mjs'), text)
      const plan = await readPlan(join(folder, 'plan-2.mjs'))
      expect(reasonsOf(await ready({ url: shop.url, plan, run: false, signal, say: () => undefined }))).toEqual([])
    })
  })
})
