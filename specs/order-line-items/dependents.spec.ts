import { applyStep, readPair } from 'godwit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { corrected, openWorkbench, rolledBack, stateOf, type Workbench } from './workbench.ts'

// A shop as it is in production: an owner that is no superuser, named roles, grants with GRANT OPTION and on columns, default privileges.
const roles = ['oli_owner', 'oli_manager', 'oli_clerk', 'oli_auditor', 'oli_stranger'] as const
const shop = `
  ${roles.map((role) => `CREATE ROLE ${role}`).join('; ')};
  GRANT CREATE, USAGE ON SCHEMA public TO oli_owner;
  ALTER TABLE order_line_items OWNER TO oli_owner;
  GRANT SELECT, UPDATE ON order_line_items TO oli_manager WITH GRANT OPTION;
  SET LOCAL ROLE oli_manager; GRANT SELECT ON order_line_items TO oli_auditor; RESET ROLE;
  GRANT SELECT (id, quantity), UPDATE (quantity), REFERENCES (id) ON order_line_items TO oli_clerk;
  GRANT INSERT (order_id, product_id, "position", unit_price) ON order_line_items TO oli_clerk WITH GRANT OPTION;
  ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO oli_stranger;
  ALTER DEFAULT PRIVILEGES FOR ROLE oli_owner GRANT ALL ON TABLES TO oli_stranger;
  CREATE VIEW dear_lines AS SELECT * FROM order_line_items WHERE unit_price > 100;
  GRANT SELECT ON dear_lines TO oli_clerk`

describe('order-line-items, in a shop with roles and dependents', () => {
  let bench: Workbench
  beforeAll(async () => {
    bench = await openWorkbench()
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  const inTheShop = (work: () => Promise<void>) =>
    rolledBack(bench.session, async () => {
      await bench.session.script(shop)
      await work()
    })

  /** What each role may do to a relation as a whole and to each column, and what of it it may grant. */
  const rights = async (relation: string) =>
    bench.session.query(
      `SELECT role, privilege || option AS privilege, coalesce(attname, '') AS attribute
      FROM unnest($1::text[]) AS role, unnest('{SELECT,INSERT,UPDATE,DELETE,REFERENCES,TRIGGER,TRUNCATE}'::text[]) AS privilege,
        unnest(ARRAY['', ' WITH GRANT OPTION']) AS option, (
          SELECT NULL AS attname UNION ALL SELECT attname FROM pg_attribute WHERE attrelid = $2::regclass AND attnum > 0 AND NOT attisdropped
        ) AS attributes
      WHERE CASE
        WHEN attname IS NULL THEN has_table_privilege(role, $2, privilege || option)
        WHEN privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') THEN has_column_privilege(role, $2, attname, privilege || option)
        ELSE false END
      ORDER BY 1, 2, 3`,
      [roles, relation],
    )

  test('CV-9: each role may do to the view what it might do to the table, and grant what it might grant', () =>
    inTheShop(async () => {
      const before = await rights('order_line_items')
      expect(before.filter(({ role }) => role === 'oli_manager').length).toBeGreaterThan(10)
      await bench.session.script(corrected.up)
      expect(await rights('order_line_items')).toEqual(before)
      expect(await rights('order_line_items_v2')).toEqual(before)
    }))

  test('CV-9: the owner of the table owns the view, although a superuser ran up', () =>
    inTheShop(async () => {
      await bench.session.script(corrected.up)
      expect(
        await bench.session.query(`SELECT relowner::regrole::text AS owner FROM pg_class WHERE oid = 'order_line_items'::regclass`),
      ).toEqual([{ owner: 'oli_owner' }])
      await bench.session.script(
        `SET LOCAL ROLE oli_owner; COMMENT ON VIEW order_line_items IS 'mine'; GRANT DELETE ON order_line_items TO oli_clerk`,
      )
    }))

  test('CV-9: the owner can run up and down alone', () =>
    inTheShop(async () => {
      await bench.session.script('SET LOCAL ROLE oli_owner')
      await bench.session.script(corrected.up)
      await bench.session.script(corrected.down)
    }))

  test('OLI-6: rollback restores owners, grants, default privileges and the views over the table', () =>
    inTheShop(async () => {
      const before = await stateOf(bench.session)
      await bench.session.script(corrected.up)
      await bench.session.script(corrected.down)
      expect(await stateOf(bench.session)).toEqual(before)
    }))

  test('OLI-6: views that were made over the old name since go on after the rollback, with all that they have', () =>
    inTheShop(async () => {
      await bench.session.script(corrected.up)
      await bench.session.script(`
        INSERT INTO orders (customer_email) VALUES ('a@example.org'); INSERT INTO products (sku, name, list_price) VALUES ('a', 'a', 1);
        CREATE VIEW cheap_lines WITH (security_invoker = true, check_option = local) AS
          SELECT id, order_id, product_id, "position", unit_price FROM order_line_items WHERE unit_price < 10;
        GRANT SELECT ON cheap_lines TO oli_clerk WITH GRANT OPTION; COMMENT ON VIEW cheap_lines IS 'Cheap'; ALTER VIEW cheap_lines OWNER TO oli_owner;
        CREATE VIEW "Cheapest" AS SELECT min(unit_price) AS price FROM cheap_lines`)
      const about = async () =>
        bench.session.query(`SELECT oid::regclass::text AS name, pg_get_viewdef(oid) AS text, reloptions, relacl::text, relowner::regrole::text,
          obj_description(oid, 'pg_class') AS comment FROM pg_class WHERE relname IN ('cheap_lines', 'Cheapest', 'dear_lines') ORDER BY 1`)
      const before = (await about()).map((each) => ({
        ...each,
        text: String(each.text).replaceAll('order_line_items_v2', 'order_line_items'),
      }))
      await bench.session.script(corrected.down)
      expect(await about()).toEqual(before)
      const [line] = await bench.session.query(
        `INSERT INTO cheap_lines (order_id, product_id, "position", unit_price) SELECT o.id, p.id, 1, 5 FROM orders o, products p RETURNING unit_price::text AS price`,
      )
      expect(line).toEqual({ price: '5.00' })
      expect(await bench.session.query('SELECT price::text FROM "Cheapest"')).toEqual([{ price: '5.00' }])
    }))

  test('OLI-6: what cannot be put in again stops the rollback by name, and nothing is done', () =>
    inTheShop(async () => {
      await bench.session.script(corrected.up)
      await bench.session.script('CREATE MATERIALIZED VIEW totals AS SELECT sum(unit_price) FROM order_line_items; SAVEPOINT before')
      const before = await stateOf(bench.session)
      await expect(bench.session.script(corrected.down)).rejects.toMatchObject({
        sqlstate: '2BP01',
        fields: { detail: expect.stringContaining('totals') },
      })
      await bench.session.script('ROLLBACK TO SAVEPOINT before')
      expect(await stateOf(bench.session)).toEqual(before)
    }))

  test('OLI-4: a client that stays in its transaction stops down for the lock budget, and nothing is done', async () => {
    await using own = await openWorkbench()
    await using reader = await own.database.connect()
    const { up, down } = await readPair('migrations/order-line-items')
    if (down === undefined) throw new Error('there is no way back')
    expect(await applyStep(own.session, up)).toMatchObject({ outcome: 'applied' })
    await reader.script('BEGIN; SELECT count(*) FROM order_line_items')
    const before = await stateOf(reader)
    const began = performance.now()
    expect(await applyStep(own.session, down)).toMatchObject({ outcome: 'failed', failure: { sqlstate: '55P03' } })
    expect(performance.now() - began).toBeLessThan(2000)
    expect(await stateOf(reader)).toEqual(before)
    await reader.script('COMMIT')
    expect(await applyStep(own.session, down)).toMatchObject({ outcome: 'applied' })
  })
})
