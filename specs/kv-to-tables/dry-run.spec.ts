import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bulkStore } from '../../fixtures/kv/bulk.ts'
import { kinds } from '../../migrations/kv-to-tables/kinds/index.ts'
import { openConnection } from '../../migrations/kv-to-tables/run/connection.ts'
import { runMigration } from '../../migrations/kv-to-tables/run/run-migration.ts'
import { findStore } from '../../migrations/kv-to-tables/run/tables.ts'
import { runProgram } from './run-program.ts'
import { seedBulk } from './seed-bulk.ts'
import { readTraces } from './traces.ts'
import { openWorkbench, type Workbench } from './workbench.ts'

/** What a team has on its tables: the migration's own are not all that an INSERT meets. */
const ofTheTeam = `
  CREATE TABLE currencies (code text PRIMARY KEY);
  INSERT INTO currencies VALUES ('EUR');
  CREATE TABLE statuses (name text PRIMARY KEY);
  INSERT INTO statuses VALUES ('active'), ('paid');
  ALTER TABLE catalogs ADD FOREIGN KEY (currency) REFERENCES currencies;
  ALTER TABLE clients ADD FOREIGN KEY (status) REFERENCES statuses NOT VALID;
  ALTER TABLE clients ADD COLUMN serial bigserial, ADD COLUMN shout text GENERATED ALWAYS AS (upper(name)) STORED,
    ADD COLUMN number int GENERATED ALWAYS AS IDENTITY;
  CREATE FUNCTION refuse_odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF right(new.sku, 1) IN ('1', '3') THEN RAISE 'no odd products'; END IF; RETURN new; END $$;
  CREATE TRIGGER refuse_odd BEFORE INSERT OR UPDATE OF sku ON products FOR EACH ROW EXECUTE FUNCTION refuse_odd();
  CREATE FUNCTION skip_some() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF new.last_name LIKE '%-7' THEN RETURN NULL; END IF; RETURN new; END $$;
  CREATE TRIGGER skip_some BEFORE INSERT OR UPDATE ON employees FOR EACH ROW EXECUTE FUNCTION skip_some();
  CREATE FUNCTION refuse_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF new.slug LIKE '%2' THEN RAISE 'too late for %', new.slug; END IF; RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER refuse_late AFTER INSERT ON sites DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_late();
  CREATE TABLE audit (what text);
  CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit VALUES (new.number); RETURN new; END $$;
  CREATE TRIGGER note AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION note();
  CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('orders', new.number); RETURN new; END $$;
  CREATE TRIGGER tell AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION tell();
  CREATE TRIGGER off AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION tell();
  ALTER TABLE orders DISABLE TRIGGER off`

describe('KV-4: a dry run on tables that a team has put its own triggers, keys and columns on', { timeout: 120_000 }, () => {
  let bench: Workbench
  beforeAll(async () => {
    bench = await openWorkbench()
    await bench.run()
    await bench.session.script(ofTheTeam)
    await seedBulk(bench.session, bulkStore(400, { dirtyPercent: 5 }))
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  test('a rule of the team is not tried, and named with the rows that it concerns', async () => {
    await bench.session.script(
      'CREATE TABLE heard (id text); CREATE RULE hear AS ON INSERT TO clients DO ALSO INSERT INTO heard VALUES (NEW.id::text)',
    )
    try {
      const { untried, kinds } = await bench.run({ dryRun: true })
      const rows = kinds.find(({ kind }) => kind === 'clients')?.inserted
      expect(rows).toBeGreaterThan(0)
      expect(untried.filter(({ what }) => what === 'rule')).toEqual([
        { table: 'clients', what: 'rule', name: 'hear', why: 'it may write to other tables', rows },
      ])
    } finally {
      await bench.session.script('DROP RULE hear ON clients; DROP TABLE heard')
    }
  })

  test('it predicts what they refuse and leave out, names those that it cannot try, and leaves no trace', async () => {
    await bench.session.script("INSERT INTO currencies VALUES ('CHF')")
    const before = await readTraces(bench.session)
    const predicted = await bench.run({ dryRun: true })
    expect(await readTraces(bench.session)).toEqual(before)
    const live = await bench.run()
    const counts = ({ kinds }: typeof live) => kinds.map(({ durationMs: _, ...each }) => each)
    expect(counts(predicted)).toEqual(counts(live))
    expect(live.total.reasons.database).toBeGreaterThan(20)
    const orders = live.kinds.find(({ kind }) => kind === 'orders')?.inserted
    expect(predicted.untried).toEqual([
      { table: 'orders', what: 'trigger', name: 'tell', why: 'its function may act outside the transaction', rows: orders },
      { table: 'orders', what: 'trigger', name: 'note', why: 'it writes to other tables', rows: orders },
    ])
    expect(live.untried).toEqual([])
    const messages = await bench.session.query<{ kind: string; message: string }>(
      "SELECT DISTINCT kind, regexp_replace(r->>'message', '[0-9-]+', '#', 'g') AS message FROM kv_set_aside CROSS JOIN jsonb_array_elements(reasons) AS r WHERE r->>'code' = 'database' ORDER BY 1",
    )
    expect(messages.map(({ kind, message }) => `${kind} ${message}`)).toEqual([
      'employees is left out by a trigger or a rule of the table',
      'products is refused by the server: no odd products (P#)',
      'sites is refused by the server: too late for site# (P#)',
    ])
  })

  test('a foreign key of the team refuses in the dry run what it refuses in the live run', async () => {
    await bench.session.script(
      "DELETE FROM orders; DELETE FROM employees; DELETE FROM products; DELETE FROM sites; DELETE FROM catalogs; DELETE FROM currencies WHERE code = 'CHF'",
    )
    const predicted = await bench.run({ dryRun: true })
    const live = await bench.run()
    expect(predicted.total).toEqual(live.total)
    expect(live.kinds.find(({ kind }) => kind === 'catalogs')).toMatchObject({ inserted: 0, reasons: { database: expect.any(Number) } })
  })

  test('the program says what was not tried, and how many rows it concerns', async () => {
    await bench.session.script("INSERT INTO currencies VALUES ('CHF') ON CONFLICT DO NOTHING")
    const run = await runProgram('migrate', ['--dry-run'], { DATABASE_URL: bench.database.url() })
    expect(run.stdout).toMatch(/Not tried: the trigger "note" of orders, for \d+ rows: it writes to other tables\./)
  })

  test('a role that lacks a right is told so by a dry run and by a live run, before anything is written', async () => {
    const role = `kv_clerk_${process.pid}`
    await bench.session.script(`CREATE ROLE ${role} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role};
      GRANT INSERT, UPDATE ON clients, catalogs, sites, products, employees TO ${role}; GRANT ALL ON kv_set_aside, kv_checkpoint TO ${role}`)
    try {
      for (const dryRun of [true, false]) {
        await using writer = await openConnection(bench.database.url())
        await using reader = await openConnection(bench.database.url())
        await writer.script(`SET SESSION AUTHORIZATION ${role}`)
        const before = await readTraces(bench.session)
        await expect(runMigration(writer, reader, await findStore(reader, 'kv_store'), { kinds, dryRun })).rejects.toMatchObject({
          exitCode: 3,
          message: `the role "${role}" lacks rights: INSERT on public.orders, UPDATE on public.orders`,
        })
        expect(await readTraces(bench.session)).toEqual(before)
      }
    } finally {
      await bench.session.script(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    }
  })
})
