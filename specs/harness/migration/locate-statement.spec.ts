import { describe, expect, test } from 'vitest'
import { type Effect, firstTarget, locateStatement, parseScript, statementTargets } from '../../../harness/migration/index.ts'

const lineOf = (text: string, relation: string, attribute?: string, effects?: readonly Effect[]) =>
  locateStatement([parseScript('up.sql', text)], { relation, attribute, effects })?.line

describe('the statement to blame', () => {
  const up = `CREATE TABLE stock_batches (id int, notes text);
INSERT INTO stock_batches (id, notes) SELECT id, notes FROM items;
UPDATE items SET status = 'x', "unitPrice" = 0;
ALTER TABLE items ALTER COLUMN price TYPE numeric(5, 2);
ALTER TABLE items DROP COLUMN notes, DROP COLUMN colour;
ALTER TABLE public.orders RENAME TO old_orders;
ALTER TABLE items RENAME COLUMN a TO b;
UPDATE items SET b = upper(b);
DELETE FROM "Line.Items" WHERE false;
ALTER TABLE items ALTER COLUMN sku SET NOT NULL, ADD CONSTRAINT u UNIQUE (code);
DROP TABLE old_orders;
GRANT SELECT ON items TO PUBLIC;
CREATE TABLE app.items (id int); TRUNCATE app.items;
DO $$ BEGIN UPDATE customers SET email = lower(email); EXECUTE 'DROP TABLE gone'; END $$;`

  test.each<[string, string | undefined, number | undefined]>([
    ['public.items', 'notes', 5],
    ['public.items', 'colour', 5],
    ['public.items', 'status', 3],
    ['public.items', 'unitPrice', 3],
    ['public.items', 'price', 4],
    ['public.items', 'sku', 10],
    ['public.items', 'code', 10],
    ['public.items', 'a', 8],
    ['public.orders', undefined, 11],
    ['public.orders', 'total', 11],
    ['public.stock_batches', undefined, 2],
    ['public.stock_batches', 'notes', 2],
    ['public."Line.Items"', 'anything', 9],
    ['app.items', undefined, 13],
    ['public.customers', 'email', 14],
    ['public.gone', undefined, 14],
    ['public.untouched', undefined, undefined],
  ])('for %s %s is on line %s', (relation, attribute, line) => {
    expect(lineOf(up, relation, attribute)).toBe(line)
  })

  test('is the one with the effect that is known', () => {
    expect(lineOf(up, 'public.items', undefined, ['privileges'])).toBe(12)
    expect(lineOf(up, 'public.items', 'a', ['rename'])).toBe(7)
    expect(lineOf(up, 'public.items', 'notes', ['copy', 'update', 'alter-type'])).toBe(2)
  })

  test.each<[string, string, string, string | undefined, number | undefined]>([
    ['a schema that is dropped', 'SELECT 1;\nDROP SCHEMA staging CASCADE', 'staging.errors', 'id', 2],
    ['a schema that is renamed', 'ALTER SCHEMA a RENAME TO b;\nUPDATE b.t SET x = 1;\nUPDATE a.t SET x = 1', 'a.t', 'x', 2],
    ['an attribute that fills its neighbour', 'ALTER TABLE t ADD y int;\nUPDATE t SET y = x / 100', 'public.t', 'x', 2],
    ['what CASCADE took along', 'UPDATE u SET a = 1;\nTRUNCATE t CASCADE', 'public.items', undefined, 2],
    ['the only statement there is', 'BEGIN;\nALTER DOMAIN d ADD CHECK (VALUE > 0);\nCOMMIT', 'public.items', 'price', 2],
    [
      'two statements of which neither tells',
      'ALTER DOMAIN d ADD CHECK (VALUE > 0);\nALTER DOMAIN e ADD CHECK (VALUE > 0)',
      'public.items',
      'price',
      undefined,
    ],
  ])('for %s', (_, text, relation, attribute, line) => {
    expect(lineOf(text, relation, attribute)).toBe(line)
  })
})

test('targets name relation, attribute and effect', () => {
  const [statement] = parseScript('up.sql', 'UPDATE app.items AS i SET a = s.b FROM stock s WHERE i.c = s.d').statements
  if (statement === undefined) throw new Error('no statement')
  const shown = statementTargets(statement).map(({ schema, name, attribute, effect }) =>
    `${effect} ${schema ?? ''}.${name} ${attribute ?? ''}`.trim(),
  )
  expect(shown).toEqual([
    'update app.items',
    'update app.items a',
    'copy .stock',
    'copy .stock b',
    'read .stock b',
    'read app.items c',
    'read .stock d',
  ])
})

test.each<[string, string | undefined]>([
  ['UPDATE app."Order.Items" SET a = 1', 'app."Order.Items"'],
  ['WITH gone AS (DELETE FROM stock RETURNING *) SELECT * FROM gone JOIN items USING (id)', 'public.stock'],
  ['INSERT INTO a SELECT * FROM b', 'public.a'],
  ['ALTER TABLE items ADD COLUMN x int', 'public.items'],
  ['CREATE TABLE app.made AS SELECT * FROM items', 'app.made'],
  ['CREATE INDEX ON items (sku)', 'public.items'],
  ['DROP VIEW v', 'public.v'],
  ['COPY items FROM stdin', 'public.items'],
  ["DO $$ BEGIN PERFORM 1 FROM a; EXECUTE 'TRUNCATE b'; END $$", 'public.b'],
  ['SELECT * FROM items', undefined],
  ["CREATE TYPE mood AS ENUM ('ok')", undefined],
  ['CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ DELETE FROM items $$', undefined],
])('the first target of %s is %s', (text, expected) => {
  const [statement] = parseScript('up.sql', text).statements
  expect(statement && firstTarget(statement)).toBe(expected)
})
