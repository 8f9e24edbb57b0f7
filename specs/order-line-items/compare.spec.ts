import { claim } from 'godwit/vitest'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ComparedNames, compareNames } from '../../harness/operations/index.ts'
import { openStore, type Store } from '../harness/operations/ready-support.ts'
import { readText } from '../stock-batches/passage.ts'

const script = (name: string) => readText(`migrations/order-line-items/${name}.sql`)
const rows = `
  INSERT INTO orders (id, customer_email) VALUES (1, 'ann@example.org'), (2, 'bob@example.org');
  INSERT INTO products (id, sku, name, list_price) VALUES (1, 'A', 'hammer', 9.90), (2, 'B', 'saw', 20);
  INSERT INTO order_line_items (order_id, product_id, position, quantity, unit_price, notes)
    VALUES (1, 1, 1, 3, 9.90, 'gift'), (1, 2, 2, 1, 20, NULL), (2, 2, 1, 5, 18, '');
  INSERT INTO shipment_lines VALUES (1, 1, 2)`

// The command that a team runs on its own database, after phase one.
describe('order-line-items, godwit compare', () => {
  let store: Store
  beforeEach(async () => {
    store = await openStore(`${script('legacy')};${rows};${script('up')}`)
  })
  afterEach(() => store[Symbol.asyncDispose]())

  const compare = (more: Partial<Parameters<typeof compareNames>[0]> = {}): Promise<ComparedNames> =>
    compareNames({
      url: store.url,
      names: ['order_line_items_v2', 'order_line_items'],
      statements: true,
      signal: new AbortController().signal,
      say: () => undefined,
      ...more,
    })

  /** Everything that a trace would be in: rows of each table, sequences, the storage of all, settings, advisory locks, sessions. */
  const traces = () =>
    store.session.query(
      `SELECT (SELECT json_agg(to_json(t.*) ORDER BY id) FROM order_line_items_v2 AS t) AS lines,
              (SELECT json_agg(to_json(t.*) ORDER BY id) FROM orders AS t) AS orders,
              (SELECT json_agg(json_build_array(sequencename, last_value, cache_size) ORDER BY sequencename) FROM pg_sequences) AS sequences,
              (SELECT json_agg(json_build_array(relname, relfilenode, relkind) ORDER BY oid) FROM pg_class WHERE oid >= 16384) AS storage,
              (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS locks`,
    )

  claim('OLI-7', 'one command finds the view and the table the same: rows, cells, and answers to every statement', async () => {
    const compared = await compare()
    expect([compared.answers, compared.notCompared, compared.cells.examples, compared.lacking]).toEqual([[], [], [], []])
    expect([compared.same, compared.cells.rows, compared.cells.digests[0] === compared.cells.digests[1]]).toEqual([true, [3, 3], true])
    expect(compared.statements).toBeGreaterThan(100)
  })

  claim('OLI-7', 'it leaves no trace: no row, no key of a sequence, no storage, no lock', async () => {
    const before = await traces()
    await compare()
    expect(await traces()).toEqual(before)
    const { key } = await store.session.one<{ key: number }>(`SELECT nextval('order_line_items_id_seq')::int AS key`)
    expect(key).toBe(4)
  })

  test.each([
    [
      'a row that the view hides',
      `WHERE id <> 2`,
      ({ cells, same }: ComparedNames) => [same, cells.rows, cells.different > 0],
      [false, [3, 2], true],
    ],
    [
      'a value that the view alters',
      `VALUE`,
      ({ cells }: ComparedNames) => [cells.rows, cells.different, cells.examples[0]?.key, cells.examples[0]?.column],
      [[3, 3], 1, 'id=1', 'notes'],
    ],
  ] as const)('OLI-7: it names %s', async (_, how, seen, expected) => {
    const list = 'id, order_id, product_id, position, quantity, unit_price, discount, notes, created_at, updated_at'
    const columns = how === 'VALUE' ? list.replace('notes', `nullif(notes, 'gift') AS notes`) : list
    await store.session.script(
      `CREATE OR REPLACE VIEW order_line_items AS SELECT ${columns} FROM order_line_items_v2 ${how === 'VALUE' ? '' : how}`,
    )
    expect(seen(await compare())).toEqual(expected)
  })

  test.each([
    ['a default that is not the table’s', `ALTER VIEW order_line_items ALTER COLUMN quantity SET DEFAULT 2`, 'insert'],
    [
      'a trigger that loses RETURNING and the row count',
      `CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM order_line_items_v2 WHERE id = OLD.id; RETURN NULL; END';
      CREATE TRIGGER swallow INSTEAD OF DELETE ON order_line_items FOR EACH ROW EXECUTE FUNCTION swallow()`,
      'delete',
    ],
    [
      'an error with another SQLSTATE',
      `CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.quantity < 1 THEN RAISE EXCEPTION ''no''; END IF; UPDATE order_line_items_v2 SET quantity = NEW.quantity WHERE id = OLD.id; RETURN NEW; END';
      CREATE TRIGGER other INSTEAD OF UPDATE ON order_line_items FOR EACH ROW EXECUTE FUNCTION other()`,
      'update',
    ],
  ])('OLI-7: it finds %s', async (_, sql, form) => {
    await store.session.script(sql)
    const { answers, same, cells } = await compare()
    expect([same, cells.different, answers.filter((each) => each.form.startsWith(form)).length > 0]).toEqual([false, 0, true])
  })
})
