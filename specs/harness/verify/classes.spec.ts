import { verifyShared } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import type { MigrationResult } from '../../../harness/result/index.ts'
import { verifyInline } from './verify-inline.ts'

/** Findings at error or warning of the invariants that judge data: `zero-loss row-lost public.item.name`. */
function told({ findings }: MigrationResult): readonly string[] {
  return findings.flatMap(({ severity, invariant, kind, relation, attribute }) =>
    severity === 'info' || invariant === 'backward-compatibility'
      ? []
      : [`${invariant} ${kind} ${relation}${attribute === null ? '' : `.${attribute}`}`],
  )
}

describe('classes that unseen pairs showed', () => {
  test('a table that is shared out among two keeps its rows and what refers to them', async () => {
    const shape = '(code varchar(20) PRIMARY KEY, percent int NOT NULL, note text)'
    const copy = (to: string, not: string) =>
      `INSERT INTO ${to} SELECT code, percent, note FROM coupon WHERE code ${not} IN (SELECT coupon_code FROM cart)`
    const result = await verifyInline(
      `CREATE TABLE coupon ${shape}; CREATE TABLE cart (id int PRIMARY KEY, coupon_code varchar(20) NOT NULL)`,
      `CREATE TABLE used ${shape}; CREATE TABLE fresh ${shape}; ${copy('used', '')}; ${copy('fresh', 'NOT')}; DROP TABLE coupon`,
      {
        runs: 30,
        files: {
          'down.sql': `CREATE TABLE coupon ${shape}; INSERT INTO coupon SELECT * FROM used UNION ALL SELECT * FROM fresh; DROP TABLE used, fresh`,
        },
      },
    )
    expect(told(result).filter((each) => !each.startsWith('rollback'))).toEqual([])
  })

  test('and its key, which others carry too, is known in both', async () => {
    const { result } = await verifyShared('fixtures/corpus/p14-coupons-split-by-use', { runs: 40 })
    const found = result.migrations.flatMap(told)
    expect(found).toContain('zero-loss row-lost public.coupons')
    expect(found.filter((each) => each.startsWith('no-orphans') || each.includes('cell-altered'))).toEqual([])
  })

  test.each([
    ['at once', 'TRIGGER', ''],
    ['at the end of the transaction', 'CONSTRAINT TRIGGER', 'DEFERRABLE INITIALLY DEFERRED'],
  ])('rows that a trigger refuses %s are none that the schema allows', async (_, kind, deferred) => {
    const legacy = (check: string) => `CREATE TABLE item (id int PRIMARY KEY, amount int);
      CREATE FUNCTION check_amount() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.amount < 0 THEN RAISE EXCEPTION 'negative'; END IF; RETURN NULL; END $$;
      CREATE ${kind} positive AFTER INSERT OR UPDATE ON item ${deferred} FOR EACH ROW EXECUTE FUNCTION ${check}()`
    const up = 'ALTER TABLE item ADD COLUMN root double precision; UPDATE item SET root = sqrt(amount)'
    expect(told(await verifyInline(legacy('check_amount'), up, { runs: 30 }))).toEqual(['rollback-restores-state missing null'])
    const unguarded = await verifyInline('CREATE TABLE item (id int PRIMARY KEY, amount int)', up, { runs: 30 })
    expect(told(unguarded)).toContain('applies 2201F public.item.amount')
  })

  test('a foreign key that is checked at the end leaves out the rows whose parents a trigger swallows', async () => {
    const result = await verifyInline(
      `CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int PRIMARY KEY, parent_id int NOT NULL REFERENCES parent DEFERRABLE INITIALLY DEFERRED, n int);
       CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN NEW.id % 5 = 1 THEN NEW END; END $$;
       CREATE TRIGGER odd BEFORE INSERT ON parent FOR EACH ROW EXECUTE FUNCTION odd()`,
      'ALTER TABLE child DROP COLUMN n',
      { runs: 10 },
    )
    expect(told(result)).toContain('zero-loss cell-lost public.child.n')
    expect(result.notChecked.filter((each) => each.startsWith('the schema refused'))).toEqual([
      expect.stringMatching(/^the schema refused (\d+) of \d+ rows for public\.child: insert or update .* violates foreign key/),
      expect.stringMatching(/^the schema refused (\d+) of \d+ rows for public\.parent: a trigger swallowed the rows$/),
    ])
  })

  test('a text that becomes an enum is judged on its labels, so that what else is lost is seen', async () => {
    const result = await verifyInline(
      `CREATE TABLE priority (id int PRIMARY KEY, name text NOT NULL UNIQUE);
       CREATE TABLE task (id int PRIMARY KEY, priority_id int NOT NULL REFERENCES priority)`,
      `CREATE TYPE level AS ENUM ('low', 'high'); ALTER TABLE task ADD COLUMN level level;
       UPDATE task t SET level = p.name::level FROM priority p WHERE p.id = t.priority_id;
       ALTER TABLE task ALTER COLUMN level SET NOT NULL, DROP COLUMN priority_id; DROP TABLE priority`,
      { runs: 30 },
    )
    expect(told(result)).toEqual(expect.arrayContaining(['applies 22P02 public.priority.name', 'zero-loss row-lost public.priority']))
  })

  test('what is filled from rows that refer to it fails where none does, and the rest is judged where one does', async () => {
    const result = await verifyInline(
      `CREATE TABLE customer (id int PRIMARY KEY); CREATE TABLE address (id int PRIMARY KEY, customer_id int REFERENCES customer, moved_in date)`,
      `ALTER TABLE customer ADD COLUMN address_id int;
       UPDATE customer c SET address_id = (SELECT min(a.id) FROM address a WHERE a.customer_id = c.id);
       ALTER TABLE customer ALTER COLUMN address_id SET NOT NULL; ALTER TABLE address DROP COLUMN moved_in`,
      { runs: 30 },
    )
    expect(told(result)).toEqual(
      expect.arrayContaining(['applies 23502 public.customer.address_id', 'zero-loss cell-lost public.address.moved_in']),
    )
    expect(result.invariants.flatMap(({ under }) => under)).toContain('each row of public.customer is referred to by public.address')
  })

  test('texts that are joined are lost where nothing tells where one ends, and not where down takes them apart', async () => {
    const legacy = `CREATE TABLE places (id int PRIMARY KEY, city text NOT NULL CHECK (city ~ '^[a-z]{3,8}$'), street text NOT NULL CHECK (street ~ '^[a-z]{3,8}[|][a-z]{3,5}$'))`
    const up = `ALTER TABLE places ADD COLUMN address text; UPDATE places SET address = city || '|' || street;
      ALTER TABLE places DROP COLUMN city, DROP COLUMN street`
    const down = (street: string) => `ALTER TABLE places ADD COLUMN city text, ADD COLUMN street text;
      UPDATE places SET city = split_part(address, '|', 1), street = ${street};
      ALTER TABLE places ALTER COLUMN city SET NOT NULL, ALTER COLUMN street SET NOT NULL, DROP COLUMN address`
    const judged = async (street: string) =>
      told(await verifyInline(legacy, up, { runs: 4, files: { 'down.sql': down(street) } })).filter((each) => each.startsWith('zero-loss'))
    expect(await judged(`substr(address, strpos(address, '|') + 1)`)).toEqual([])
    expect(await judged(`split_part(address, '|', 2)`)).toEqual(['zero-loss cell-altered public.places.street'])
  })

  test('what up writes of its own comes from the clock and from chance, and is no other when it runs once more', async () => {
    const result = await verifyInline(
      'SELECT',
      `BEGIN ISOLATION LEVEL READ COMMITTED; CREATE TABLE bucket (id text PRIMARY KEY, made_at timestamptz NOT NULL DEFAULT now(), part float8 NOT NULL DEFAULT random(), size int);
       INSERT INTO bucket (id) VALUES ('default'); COMMIT;`,
      { runs: 5, files: { 'down.sql': 'BEGIN; DROP TABLE bucket; COMMIT;' } },
    )
    expect([result.rung, told(result)]).toEqual(['clone', []])
  })

  test('statements that nothing ties together are told of the relation that the next one changes', async () => {
    const result = await verifyInline(
      `CREATE TABLE job (id int PRIMARY KEY, done boolean NOT NULL)`,
      `-- godwit: no-transaction
       CREATE TABLE IF NOT EXISTS kept (id int NOT NULL, done boolean NOT NULL);
       INSERT INTO kept SELECT * FROM job WHERE done;
       DELETE FROM job WHERE done;`,
      { runs: 5 },
    )
    expect(told(result)).toContain('atomicity partial public.job')
  })

  test('a time limit cuts every look, and makes what depends on it unknown', async () => {
    const { invariants, verdict } = await verifyInline(
      'CREATE TABLE item (id int PRIMARY KEY, name text)',
      'ALTER TABLE item DROP COLUMN name',
      { runs: 5, timeLimitMs: 0 },
    )
    const cut = invariants.filter(
      ({ verdict, because, otherwise }) => verdict !== 'not-applicable' && /time limit/.test(otherwise ?? because),
    )
    expect(cut.map(({ id }) => id)).toEqual([
      'applies',
      'zero-loss',
      'quantity-parity',
      'no-orphans',
      'rollback-restores-state',
      'round-trip',
      'determinism',
      'atomicity',
      'definitions-kept',
      'backward-compatibility',
      'view-equivalence',
      'online-safety',
      'no-degradation',
      'isolation',
      'access-parity',
    ])
    expect(verdict).not.toBe('holds')
  })
})
