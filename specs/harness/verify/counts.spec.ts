import { describe, expect, test } from 'vitest'
import { verifyInline } from './verify-inline.ts'

const legacy = `CREATE TABLE item (id int PRIMARY KEY, weight int, quantity int NOT NULL, boxes bigint NOT NULL, price int);
  CREATE TABLE place (id int PRIMARY KEY, floor int)`
const unit = 'CREATE TABLE unit (item_id int NOT NULL REFERENCES item (id));'
const files = { 'down.sql': 'DROP TABLE unit;' }

const loop = (body: string) => `${unit} DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM item LOOP ${body} END LOOP; END $$;`
const one = 'INSERT INTO unit VALUES (r.id);'

/** What is said of numbers that are not tried. */
async function small(up: string, more: Readonly<Record<string, string>> = files) {
  const { notChecked, findings, runs } = await verifyInline(legacy, up, { runs: 4, files: more })
  return {
    small: notChecked.flatMap((each) => /^numbers over 999 in ([^:]*):/.exec(each)?.[1] ?? []),
    grave: findings.filter(({ severity }) => severity === 'error').map(({ invariant, kind }) => `${invariant} ${kind}`),
    runs,
  }
}

describe('a migration that repeats something as often as a value says is run on small numbers there, and on no others', () => {
  test.each([
    ['a loop up to it', loop(`FOR i IN 1..r.quantity LOOP ${one} END LOOP;`), ['item.quantity']],
    ['a loop that counts down', loop(`WHILE r.quantity > 0 LOOP ${one} r.quantity := r.quantity - 1; END LOOP;`), ['item.quantity']],
    [
      'a recursive query',
      `${unit} WITH RECURSIVE n AS (SELECT id, 1 AS i, quantity FROM item WHERE quantity > 0 UNION ALL SELECT id, i + 1, quantity FROM n WHERE i < quantity) INSERT INTO unit SELECT id FROM n;`,
      ['item.quantity'],
    ],
    [
      'two loops',
      loop(`FOR i IN 1..r.quantity LOOP ${one} END LOOP; FOR i IN 1..r.boxes LOOP ${one} END LOOP;`),
      ['item.boxes, item.quantity'],
    ],
    ['a function of the server', `${unit} INSERT INTO unit SELECT id FROM item, generate_series(1, quantity);`, ['item.quantity']],
    ['a loop over rows', loop(one), []],
  ])('%s', { timeout: 60_000 }, async (_, up, named) => {
    expect(await small(up)).toEqual({ small: named, grave: [], runs: 4 })
  })
})

test('also where another number is too large before anything is repeated', { timeout: 60_000 }, async () => {
  const narrower = `ALTER TABLE item ALTER COLUMN weight TYPE smallint; ${loop(`FOR i IN 1..r.quantity LOOP ${one} END LOOP;`)}`
  const found = await small(narrower, { 'down.sql': 'DROP TABLE unit; ALTER TABLE item ALTER COLUMN weight TYPE int' })
  expect(found.small).toEqual(['item.quantity'])
  expect(found.grave).toContain('applies 22003')
})

test('what an attribute of the new schema says is small too where down repeats something', async () => {
  const up = 'ALTER TABLE place ADD COLUMN times int NOT NULL DEFAULT 1 CHECK (times BETWEEN 1 AND 1000000)'
  const down = `CREATE TABLE again (id int); INSERT INTO again SELECT p.id FROM place p, generate_series(1, p.times); DROP TABLE again;
    ALTER TABLE place DROP COLUMN times`
  expect(await small(up, { 'down.sql': down })).toEqual({ small: ['place.times'], grave: [], runs: 4 })
})
