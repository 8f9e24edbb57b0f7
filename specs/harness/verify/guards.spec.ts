import { describe, expect, test } from 'vitest'
import type { MigrationResult } from '../../../harness/result/index.ts'
import { verifyInline } from './verify-inline.ts'

const addAndFill = 'ALTER TABLE entry ADD COLUMN cents bigint; UPDATE entry SET cents = amount'
const down = 'ALTER TABLE entry DROP COLUMN cents'

function because(result: MigrationResult, invariant: string): string {
  const found = result.invariants.find(({ id }) => id === invariant)
  return `${found?.verdict}: ${found?.because ?? ''}`
}

describe('a trigger that refuses all generated rows', () => {
  const guarded = (trigger: string, deferred: string) => `CREATE TABLE entry (id int PRIMARY KEY, tx int NOT NULL, amount int NOT NULL);
    CREATE FUNCTION balance() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF (SELECT sum(amount) FROM entry WHERE tx = NEW.tx) <> 0 OR NEW.amount = 0 THEN RAISE EXCEPTION 'unbalanced'; END IF; RETURN NULL; END $$;
    CREATE ${trigger} balanced AFTER INSERT OR UPDATE ON entry ${deferred} FOR EACH ROW EXECUTE FUNCTION balance()`

  test.each([
    ['at once', 'TRIGGER', ''],
    ['at the end', 'CONSTRAINT TRIGGER', 'DEFERRABLE INITIALLY DEFERRED'],
  ])('and, %s, what the migration writes to them, tells nothing of the migration', async (_, trigger, deferred) => {
    const result = await verifyInline(guarded(trigger, deferred), addAndFill, { runs: 10, files: { 'down.sql': down } })
    expect(because(result, 'applies')).toMatch(
      /^unknown: the trigger balanced refuses all rows that were generated for entry, .*unbalanced$/,
    )
    expect(result.findings.filter(({ invariant, severity }) => invariant === 'applies' && severity === 'error')).toEqual([])
    expect(result.disagreements).toEqual([])
  })

  test('and of some data sets not all is the same for runs that are made again', async () => {
    const legacy = `CREATE TABLE entry (id int PRIMARY KEY, amount text NOT NULL);
      CREATE FUNCTION reads() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM NEW.amount::json; RETURN NEW; END $$;
      CREATE TRIGGER reads BEFORE INSERT OR UPDATE ON entry FOR EACH ROW EXECUTE FUNCTION reads()`
    const up = 'ALTER TABLE entry ADD COLUMN cents int'
    const { verdict, disagreements } = await verifyInline(legacy, up, { runs: 30, files: { 'down.sql': down } })
    expect([verdict, disagreements]).toEqual(['holds', []])
  })

  test('for what no row can give it is told, as it refuses what the migration writes in production too', async () => {
    const legacy = `CREATE TABLE entry (id int PRIMARY KEY, amount int, who text);
      CREATE FUNCTION sign() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.who := current_setting('app.who'); RETURN NEW; END $$;
      CREATE TRIGGER sign BEFORE INSERT OR UPDATE ON entry FOR EACH ROW EXECUTE FUNCTION sign()`
    const result = await verifyInline(legacy, addAndFill, { runs: 10, files: { 'down.sql': down } })
    expect(because(result, 'applies')).toMatch(/^violated: .*app\.who/)
  })

  test('does not hide what the migration does wrong by itself', async () => {
    const up = 'ALTER TABLE entry ADD COLUMN cents smallint; ALTER TABLE entry ALTER COLUMN amount TYPE smallint'
    const result = await verifyInline(guarded('TRIGGER', ''), up, { runs: 10 })
    expect(because(result, 'applies')).toMatch(/^violated/)
  })
})

test('rows that are let in by their order are no work of the migration', async () => {
  const legacy = `CREATE TABLE entry (id int PRIMARY KEY, amount int);
    CREATE FUNCTION at_most_three() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF (SELECT count(*) FROM entry) > 3 THEN RAISE EXCEPTION 'full'; END IF; RETURN NULL; END $$;
    CREATE TRIGGER full_house AFTER INSERT ON entry FOR EACH STATEMENT EXECUTE FUNCTION at_most_three()`
  const result = await verifyInline(legacy, addAndFill, { runs: 10, files: { 'down.sql': down } })
  expect(result.findings.filter(({ invariant }) => invariant === 'determinism')).toEqual([])
  expect(because(result, 'determinism')).toMatch(/^unknown: not judged of public.entry: /)
})

describe('a column that is computed when it is read', () => {
  test('and cannot be, for rows that the migration leaves, is told', async () => {
    const result = await verifyInline(
      'CREATE TABLE entry (id int PRIMARY KEY, amount int)',
      'ALTER TABLE entry ADD COLUMN cents int GENERATED ALWAYS AS (100 / amount) VIRTUAL',
      { runs: 10, files: { 'down.sql': down } },
    )
    const [found] = result.findings.filter(({ severity }) => severity === 'error')
    expect(found).toMatchObject({ invariant: 'applies', kind: '22012', line: 1 })
    expect(found?.message).toBe('The migration leaves rows that cannot be read: division by zero (entry.cents)')
  })

  test('refuses the rows of the legacy schema that it cannot be computed for', async () => {
    const legacy = 'CREATE TABLE entry (id int PRIMARY KEY, amount int, cents int GENERATED ALWAYS AS (amount * 100) VIRTUAL)'
    const result = await verifyInline(legacy, 'ALTER TABLE entry ADD COLUMN note text; UPDATE entry SET note = cents', {
      runs: 10,
      files: { 'down.sql': 'ALTER TABLE entry DROP COLUMN note' },
    })
    expect([result.verdict, result.findings.filter(({ severity }) => severity !== 'info')]).toEqual(['holds', []])
  })
})

test('a table without columns has no row that could be told from another', async () => {
  const legacy = 'CREATE TABLE empty (); CREATE TABLE entry (id int PRIMARY KEY, amount int)'
  const result = await verifyInline(legacy, addAndFill, { runs: 10, files: { 'down.sql': down } })
  expect([result.verdict, result.findings.filter(({ severity }) => severity !== 'info'), result.notChecked]).toEqual(['holds', [], []])
})

test('what decides the verdict does not stand behind what does not', async () => {
  const legacy = `CREATE TABLE entry (id int PRIMARY KEY, amount int, updated_at timestamptz NOT NULL DEFAULT now());
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$;
    CREATE TRIGGER touch BEFORE UPDATE ON entry FOR EACH ROW EXECUTE FUNCTION touch()`
  const { verdict, findings } = await verifyInline(legacy, addAndFill, { runs: 10, files: { 'down.sql': down } })
  expect(verdict).toBe('violated')
  expect(findings.filter(({ severity, cause }) => severity === 'error' && cause === null)).not.toEqual([])
})
