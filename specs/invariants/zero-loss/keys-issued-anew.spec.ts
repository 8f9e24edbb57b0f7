import { expect, test } from 'vitest'
import { verifyInline } from '../../harness/verify/verify-inline.ts'

// Many invoices are alike but for their keys: all of these are issued anew, and nothing else tells the rows apart. A map keeps the former keys.
const legacy = `CREATE TABLE orders (id integer PRIMARY KEY, placed_on date);
  CREATE TABLE invoices (id integer PRIMARY KEY, order_id integer REFERENCES orders, total numeric(10, 2));`

async function told(order: string) {
  const up = `CREATE TABLE former (kind text, id integer, uuid uuid NOT NULL UNIQUE, PRIMARY KEY (kind, id));
    INSERT INTO former SELECT 'order', id, md5('order ' || id)::uuid FROM orders;
    INSERT INTO former SELECT 'invoice', id, md5('invoice ' || id)::uuid FROM invoices;
    ALTER TABLE invoices ADD COLUMN new_id uuid, ADD COLUMN new_order_id uuid; ALTER TABLE orders ADD COLUMN new_id uuid;
    UPDATE orders o SET new_id = f.uuid FROM former f WHERE f.kind = 'order' AND f.id = o.id;
    UPDATE invoices i SET new_id = f.uuid FROM former f WHERE f.kind = 'invoice' AND f.id = i.id;
    UPDATE invoices i SET new_order_id = o.new_id FROM orders o WHERE o.id = ${order};
    ALTER TABLE invoices DROP COLUMN order_id, DROP COLUMN id; ALTER TABLE orders DROP COLUMN id;
    ALTER TABLE orders RENAME COLUMN new_id TO id; ALTER TABLE invoices RENAME COLUMN new_id TO id;
    ALTER TABLE invoices RENAME COLUMN new_order_id TO order_id; ALTER TABLE orders ADD PRIMARY KEY (id);
    ALTER TABLE invoices ADD PRIMARY KEY (id), ADD FOREIGN KEY (order_id) REFERENCES orders;`
  const { findings, invariants } = await verifyInline(legacy, up, { runs: 30 })
  const about = findings.filter(({ invariant, severity }) => invariant === 'zero-loss' && severity !== 'info')
  const places = about.map(({ relation, attribute }) => `${relation}.${attribute}`)
  return { places, verdict: invariants.find(({ id }) => id === 'zero-loss')?.verdict }
}

test('references that follow a key which is issued anew are not merged, however much the rows are alike', async () => {
  expect(await told('i.order_id')).toEqual({ places: [], verdict: 'holds' })
})

test('references that all follow one key are', async () => {
  const { places } = await told('(SELECT min(o.id) FROM orders o WHERE i.order_id IS NOT NULL)')
  expect(places).toContain('public.invoices.order_id')
})
