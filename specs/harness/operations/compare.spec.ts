import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type ComparedNames, type CompareNamesOptions, compareNames } from '../../../harness/operations/index.ts'
import { scratchRepository } from '../cli/scratch-repository.ts'
import { urlAs } from './production.ts'
import { openStore, type Store } from './ready-support.ts'

const schema = `
  CREATE TABLE shops (id int PRIMARY KEY);
  CREATE TABLE stock (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, shop int REFERENCES shops, name text NOT NULL UNIQUE,
    amount int NOT NULL DEFAULT 1 CHECK (amount >= 0), double int GENERATED ALWAYS AS (amount * 2) STORED, added timestamptz NOT NULL DEFAULT now());
  CREATE TABLE counts (id serial PRIMARY KEY, stock bigint REFERENCES stock ON DELETE CASCADE, n int);
  CREATE VIEW goods AS SELECT * FROM stock;
  ALTER VIEW goods ALTER COLUMN amount SET DEFAULT 1;
  ALTER VIEW goods ALTER COLUMN added SET DEFAULT now();
  INSERT INTO shops VALUES (1), (2);
  INSERT INTO stock (shop, name, amount) VALUES (1, 'nails', 900), (2, 'saw', 7)`

const plpgsql = (body: string, name = 'work') =>
  `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN ${body}; RETURN NEW; END $f$;`
const trigger = (on = 'stock', name = 'work') =>
  `CREATE TRIGGER ${name} AFTER INSERT OR UPDATE OR DELETE ON ${on} FOR EACH ROW EXECUTE FUNCTION ${name}()`

describe('godwit compare', () => {
  let store: Store
  beforeEach(async () => {
    store = await openStore(schema)
  })
  afterEach(() => store[Symbol.asyncDispose]())

  const compare = (more: Partial<CompareNamesOptions> = {}): Promise<ComparedNames> =>
    compareNames({
      url: store.url,
      names: ['stock', 'goods'],
      statements: true,
      signal: new AbortController().signal,
      say: () => undefined,
      ...more,
    })

  const traces = () =>
    store.session.query(
      `SELECT (SELECT json_agg(to_json(t.*) ORDER BY id) FROM stock AS t) AS stock, (SELECT json_agg(to_json(t.*) ORDER BY id) FROM counts AS t) AS counts,
              (SELECT json_agg(json_build_array(sequencename, last_value, cache_size) ORDER BY sequencename) FROM pg_sequences) AS sequences,
              (SELECT json_agg(json_build_array(relname, relfilenode, relkind) ORDER BY oid) FROM pg_class WHERE oid >= 16384) AS storage`,
    )
  const others = () =>
    store.session.query(`SELECT query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)

  test('finds the same where triggers, generated columns, cascades and keys that are always generated are at work', async () => {
    await store.session.script(plpgsql('INSERT INTO counts (n) VALUES (1)') + trigger())
    const before = await traces()
    const compared = await compare()
    expect([compared.answers, compared.notCompared, compared.same]).toEqual([
      [],
      ['UPDATE … SET id = DEFAULT: PostgreSQL takes it for an identity column of a table, and on no view'],
      true,
    ])
    expect(await traces()).toEqual(before)
  })

  test('leaves nothing, wherever the session is killed', { timeout: 300_000 }, async () => {
    await store.session.script(plpgsql('INSERT INTO counts (n) VALUES (1)') + trigger())
    const before = await traces()
    let count = 0
    await compare({
      onStatement: async () => {
        count += 1
      },
    })
    expect(count).toBeGreaterThan(300)
    const all = Array.from({ length: count }, (_, at) => at + 1)
    const seed = fc.readConfigureGlobal().seed ?? 0
    const [some = []] =
      process.env.GODWIT_KILLS === 'all' ? [all] : fc.sample(fc.shuffledSubarray(all, { minLength: 6, maxLength: 6 }), { numRuns: 1, seed })
    for (const place of some) {
      let at = 0
      const killed = compare({
        onStatement: async (processId) => {
          at += 1
          if (at === place) await store.session.query('SELECT pg_terminate_backend($1, 5000)', [processId])
        },
      })
      await expect(killed).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining('cannot be compared in') })
      expect([place, await traces(), await others()]).toEqual([place, before, []])
    }
  })

  test.each([
    ['a notification', plpgsql(`PERFORM pg_notify('c', 'x')`) + trigger(), 'work(): it sends a notification'],
    ['NOTIFY', plpgsql(`NOTIFY c`) + trigger(), 'work(): it sends a notification'],
    ['dblink', plpgsql(`PERFORM dblink_exec('host=x', 'DELETE FROM y')`) + trigger(), 'work(): it calls dblink'],
    ['pg_net', plpgsql(`PERFORM net.http_post('http://x', '{}')`) + trigger(), 'work(): it calls pg_net'],
    ['COPY TO PROGRAM', plpgsql(`COPY shops TO PROGRAM 'cat'`) + trigger(), 'work(): it reads or writes files by COPY'],
    ['COPY to a file', plpgsql(`COPY shops TO '/tmp/x'`) + trigger(), 'work(): it reads or writes files by COPY'],
    ['a file function', plpgsql(`PERFORM lo_export(1, '/tmp/x')`) + trigger(), 'work(): it reads or writes files'],
    ['a lock that outlives the rollback', plpgsql('PERFORM pg_advisory_lock(1)') + trigger(), 'work(): it takes advisory locks'],
    ['setval', plpgsql(`PERFORM setval('counts_id_seq', 9)`) + trigger(), 'work(): it sets a sequence'],
    ['SQL that is put together', plpgsql(`EXECUTE 'NOTI' || 'FY c'`) + trigger(), 'work(): it runs SQL that it puts together itself'],
    [
      'a function that the trigger calls',
      `CREATE FUNCTION tell() RETURNS void LANGUAGE sql AS $$ SELECT pg_notify('c', 'x') $$; ${plpgsql('PERFORM tell()')}${trigger()}`,
      'tell(): it sends a notification',
    ],
    [
      'a trigger of a table that the trigger writes',
      `${plpgsql('NOTIFY c')}${trigger('counts')}; ${plpgsql('INSERT INTO counts (n) VALUES (1)', 'counting')}${trigger('stock', 'counting')}`,
      'work(): it sends a notification',
    ],
    ['a trigger of a table to which a DELETE cascades', plpgsql('NOTIFY c') + trigger('counts'), 'work(): it sends a notification'],
    ['a rule', `CREATE RULE tell AS ON INSERT TO stock DO ALSO NOTIFY c`, 'the rule tell: it sends a notification'],
    [
      'a default',
      `CREATE FUNCTION told() RETURNS int LANGUAGE plpgsql AS $$ BEGIN NOTIFY c; RETURN 1; END $$; ALTER TABLE stock ALTER COLUMN amount SET DEFAULT told()`,
      'told(): it sends a notification',
    ],
    [
      'an event trigger on ALTER SEQUENCE',
      `CREATE FUNCTION ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM net.http_post('http://x', '{}'); END $$;
       CREATE EVENT TRIGGER ddl ON ddl_command_end WHEN TAG IN ('ALTER SEQUENCE') EXECUTE FUNCTION ddl()`,
      'ddl(): it calls pg_net',
    ],
    [
      'an untrusted language',
      `CREATE FUNCTION c() RETURNS trigger LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler'; CREATE TRIGGER c AFTER INSERT ON stock FOR EACH ROW EXECUTE FUNCTION c()`,
      'c() is written in the untrusted language c',
    ],
  ])('does not try what reaches outside: %s', async (_, sql, reason) => {
    await store.session.script(sql)
    const onStatement = vi.fn(async () => undefined)
    await expect(compare({ onStatement })).rejects.toMatchObject({
      exitCode: 3,
      message: 'statements on stock and goods could leave a trace: they are not tried',
      detail: expect.stringContaining(reason),
    })
    expect(onStatement).not.toHaveBeenCalled()
    expect((await compare({ statements: false })).same).toBe(true)
  })

  test('does not refuse a trigger that stays inside, or one that is disabled', async () => {
    await store.session.script(
      `${plpgsql('NOTIFY c')}${trigger()}; ALTER TABLE stock DISABLE TRIGGER work; ${plpgsql('PERFORM pg_advisory_xact_lock(1)', 'inside')}${trigger('stock', 'inside')};
       CREATE FUNCTION ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NOTIFY pgrst, 'reload schema'; END $$;
       CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION ddl()`,
    )
    expect((await compare()).same).toBe(true)
  })

  test('does not lose a key of a sequence that belongs to somebody else', async () => {
    await store.session.script(`CREATE ROLE clerk LOGIN PASSWORD 'x'; GRANT ALL ON stock, goods, shops, counts TO clerk`)
    try {
      const url = urlAs(store.url, 'clerk', 'x')
      await expect(compare({ url })).rejects.toMatchObject({ exitCode: 3, message: 'the role does not own the sequence counts_id_seq' })
      expect((await compare({ url, statements: false })).same).toBe(true)
    } finally {
      await store.session.script('DROP OWNED BY clerk; DROP ROLE clerk')
    }
  })

  test('says what it did not compare: a table without a key, without a row, or whose keys all refer to other tables', async () => {
    await store.session.script(`CREATE TABLE notes (text text); INSERT INTO notes VALUES ('a'), ('a'), (NULL); CREATE VIEW memos AS SELECT * FROM notes WHERE text <> 'b';
      CREATE TABLE nothing (id int PRIMARY KEY); CREATE VIEW none AS SELECT * FROM nothing;
      CREATE TABLE pairs (shop int REFERENCES shops, stock bigint REFERENCES stock, PRIMARY KEY (shop, stock)); CREATE VIEW links AS SELECT * FROM pairs`)
    const notes = await compare({ names: ['notes', 'memos'] })
    expect([notes.same, notes.cells.rows, notes.cells.different, notes.notCompared]).toEqual([
      false,
      [3, 2],
      1,
      ['INSERT, UPDATE and DELETE of rows: the table has no key by which throw-away rows could be found again'],
    ])
    expect((await compare({ names: ['nothing', 'none'] })).notCompared).toEqual([
      'INSERT, UPDATE and DELETE of rows: the table has no row that could be copied',
    ])
    expect((await compare({ names: ['pairs', 'links'] })).notCompared).toEqual([
      'INSERT, UPDATE and DELETE of rows: no new value can be made for a column of the unique index "pairs_pkey"',
    ])
  })

  test('as a command: 0 and 1, values masked unless asked for, one message for what cannot be', async () => {
    await using repository = await scratchRepository()
    const run = (...args: readonly string[]) => repository.runHere(['compare', ...args, '--url', store.url])
    const same = await run('stock', 'goods')
    expect([same.code, same.stderr, same.stdout]).toEqual([
      0,
      '',
      expect.stringMatching(
        /^sends {5}statements on throw-away rows.*stock_id_seq\ncompared {2}stock and goods in \S+\n✓ rows: 2 in stock, 2 in goods\n[\s\S]*\nsame {6}goods does what stock does/,
      ),
    ])
    await store.session.script(
      `CREATE OR REPLACE VIEW goods AS SELECT id, shop, replace(name, 'saw', 'secret') AS name, amount, double, added FROM stock`,
    )
    const masked = await run('stock', 'public.goods', '--rows')
    expect([masked.code, masked.stdout]).toEqual([
      1,
      expect.stringContaining('✗ cells: 1 differ\n    id=…: name is … in stock, … in goods\n'),
    ])
    expect((await run('stock', 'goods', '--rows', '--values')).stdout).toContain('id=2: name is saw in stock, secret in goods\n')
    for (const [names, message] of [
      [['stock', 'absent'], 'there is no table or view absent\nHint: Write the name as in SQL'],
      [['goods', 'stock'], 'goods is a view\nHint: Name the table first'],
      [['stock', 'public.stock'], 'both names are the same table'],
      [['a b c', 'goods'], 'there is no table or view a b c'],
    ] as const)
      expect(await run(...names)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) })
  })
})
