import { describe, expect, test } from 'vitest'
import type { FindingResult } from '../../../harness/result/index.ts'
import { inGate } from '../../in-gate.ts'
import { verifyInline } from './verify-inline.ts'

const seeds = inGate(['one', 'two', 'three', 'four'], 1)

/** What is found under each seed, in the words of `tell`. */
async function underSeeds(
  legacy: string,
  up: string,
  down: string,
  tell: (finding: FindingResult) => readonly string[],
): Promise<readonly (readonly string[])[]> {
  const told: (readonly string[])[] = []
  for (const seed of seeds) {
    const { findings } = await verifyInline(legacy, up, { runs: 20, seed, files: { 'down.sql': down } })
    told.push(findings.flatMap(tell).toSorted())
  }
  return told
}

const each = (found: readonly string[]) => seeds.map(() => found)

describe('what is found with one seed is found with all', () => {
  test('where a sequence stands too low for one of two tables', async () => {
    const serve = (table: string) => `ALTER TABLE ${table} ALTER COLUMN id SET DEFAULT nextval('numbers')`
    const found = await underSeeds(
      `CREATE SEQUENCE numbers; CREATE TABLE letter (id bigint PRIMARY KEY DEFAULT nextval('numbers'));
       CREATE TABLE parcel (id bigint PRIMARY KEY DEFAULT nextval('numbers'), weight int)`,
      `ALTER TABLE letter ALTER COLUMN id DROP DEFAULT; ALTER TABLE parcel ALTER COLUMN id DROP DEFAULT; DROP SEQUENCE numbers`,
      `CREATE SEQUENCE numbers; ${serve('letter')}; ${serve('parcel')}; SELECT setval('numbers', greatest(max(id), 1), max(id) >= 1) FROM letter`,
      ({ invariant, kind }) => (invariant === 'rollback-restores-state' && kind === 'sequence' ? [kind] : []),
    )
    expect(found).toEqual(each(['sequence']))
  })

  test('which of two instants is lost when the clocks go back', async () => {
    const found = await underSeeds(
      'CREATE TABLE stay (id uuid PRIMARY KEY, left_at timestamptz)',
      `ALTER TABLE stay ALTER COLUMN left_at TYPE timestamp USING left_at AT TIME ZONE 'Europe/Paris'`,
      `ALTER TABLE stay ALTER COLUMN left_at TYPE timestamptz USING left_at AT TIME ZONE 'Europe/Paris'`,
      ({ invariant, severity }) => (invariant === 'zero-loss' && severity === 'error' ? [invariant] : []),
    )
    expect(found).toEqual(each(['zero-loss']))
  })

  test('what a delete leaves, where only some rows are referred to', async () => {
    const found = await underSeeds(
      'CREATE TABLE poem (id int PRIMARY KEY, title text); CREATE TABLE mention (poem_id int REFERENCES poem ON DELETE CASCADE, url text)',
      `CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF EXISTS (SELECT FROM mention WHERE poem_id = OLD.id) THEN RAISE EXCEPTION 'it is mentioned'; END IF;
         RETURN OLD;
       END $$;
       CREATE TRIGGER keep BEFORE DELETE ON poem FOR EACH ROW EXECUTE FUNCTION keep()`,
      'DROP TRIGGER keep ON poem; DROP FUNCTION keep()',
      ({ invariant, message }) => (invariant === 'backward-compatibility' ? [message] : []),
    )
    expect(found).toEqual(each(['A DELETE from poem fails: it is mentioned (P0001)']))
  })

  test('which of two bounds is to blame: neither', async () => {
    const found = await underSeeds(
      'CREATE TABLE block (id int PRIMARY KEY, first_no bigint NOT NULL, last_no bigint NOT NULL)',
      `ALTER TABLE block ADD COLUMN span int8range; UPDATE block SET span = int8range(first_no, last_no, '[]')`,
      'ALTER TABLE block DROP COLUMN span',
      ({ invariant, attribute }) => (invariant === 'applies' ? [String(attribute)] : []),
    )
    expect(found).toEqual(each(['null']))
  })

  test('which cells differ where down gives rows other keys', async () => {
    const found = await underSeeds(
      'CREATE TABLE meter (id int PRIMARY KEY, place text); CREATE TABLE reading (id int PRIMARY KEY, meter_id int REFERENCES meter, kind text, kwh numeric(8,1))',
      'CREATE TABLE kept AS SELECT meter_id, kind, kwh FROM reading; DROP TABLE reading',
      `CREATE TABLE reading (id int PRIMARY KEY, meter_id int REFERENCES meter, kind text, kwh numeric(8,1));
       INSERT INTO reading SELECT row_number() OVER (), * FROM kept; DROP TABLE kept`,
      ({ invariant, kind, attribute }) => (invariant === 'rollback-restores-state' && kind === 'data' ? [String(attribute)] : []),
    )
    expect(found).toEqual(each(['id']))
  })
})
