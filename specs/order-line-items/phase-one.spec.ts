import { inspect } from 'node:util'
import fc from 'fast-check'
import { datasetArbitrary, readCatalog, seedDataset } from 'godwit'
import { refutedClaim, verifyShared } from 'godwit/vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { corrected, openWorkbench, rolledBack, type Workbench } from './workbench.ts'

const RUNS = 50

describe('compat-views, phase 1 on order-line-items', () => {
  let bench: Workbench
  beforeAll(async () => {
    bench = await openWorkbench()
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  const legacyRows = () => datasetArbitrary(bench.plan)

  /** Relations, types, functions and their owners by name and OID. */
  const objects = async () =>
    bench.session.query<{ name: string; oid: number }>(
      `SELECT format('%s %s', CASE relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'S' THEN 'sequence' WHEN 'i' THEN 'index' ELSE relkind::text END, relname) AS name, oid::integer
      FROM pg_class WHERE relnamespace = 'public'::regnamespace
      UNION ALL SELECT format('function %s', oid::regprocedure), oid::integer FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1`,
    )

  // The plan says: no change to existing data, no change to the existing schema. The name of one table does change, and nothing else.
  test('CV-2 is refuted in one point: the existing table gets another name; all else that existed keeps its name and its OID', () =>
    rolledBack(bench.session, async () => {
      const before = await objects()
      await bench.session.script(corrected.up)
      const after = await objects()
      const nameOf = new Map(after.map(({ name, oid }) => [oid, name]))
      expect(before.filter(({ name, oid }) => nameOf.get(oid) !== name).map(({ name, oid }) => [name, nameOf.get(oid)])).toEqual([
        ['table order_line_items', 'table order_line_items_v2'],
      ])
      const known = new Set(before.map(({ oid }) => oid))
      expect(after.filter(({ oid }) => !known.has(oid)).map(({ name }) => name)).toEqual([
        'index order_line_items_migration_log_pkey',
        'table order_line_items_migration_log',
        'view order_line_items',
      ])
    }))

  refutedClaim('CV-2', 'every object that existed keeps its name', () =>
    rolledBack(bench.session, async () => {
      const before = await objects()
      await bench.session.script(corrected.up)
      const nameOf = new Map((await objects()).map(({ name, oid }) => [oid, name]))
      const renamed = before.filter(({ name, oid }) => nameOf.get(oid) !== name)
      if (renamed.length > 0) throw new Error(renamed.map(({ name, oid }) => `The ${name} is named ${nameOf.get(oid)} after up.`).join(' '))
    }),
  )

  test('CV-2: the report says that the table has another name', async () => {
    const { result } = await verifyShared('migrations/order-line-items')
    expect(result.migrations[0]?.findings.filter((each) => each.kind === 'renamed').map(({ message }) => message)).toEqual([
      'The table order_line_items is named order_line_items_v2 now; queries that name order_line_items get a view',
    ])
  })

  /** Policies, triggers, row security and grants of relations. */
  const guards = (oids: readonly number[]) =>
    bench.session.query(
      `SELECT oid::integer, relrowsecurity, relforcerowsecurity, relacl::text, (
          SELECT jsonb_agg(jsonb_build_array(polname, polcmd, polpermissive, polroles::text, pg_get_expr(polqual, polrelid),
            pg_get_expr(polwithcheck, polrelid)) ORDER BY polname) FROM pg_policy WHERE polrelid = pg_class.oid
        ) AS policies, (
          SELECT jsonb_agg(jsonb_build_array(tgname, tgtype, tgenabled, tgfoid::integer) ORDER BY tgname) FROM pg_trigger
          WHERE tgrelid = pg_class.oid
        ) AS triggers
      FROM pg_class WHERE oid = ANY($1::oid[]) ORDER BY oid`,
      [oids],
    )

  /** Every legacy relation by its OID, whatever it is named now: what it is, and its rows. */
  const legacyState = async (oids?: readonly number[]) => {
    const catalog = await readCatalog(bench.session)
    const found = [...catalog.relations.values()].filter(({ oid, kind }) => (oids === undefined ? kind === 'table' : oids.includes(oid)))
    const shapes = found.map((relation) => inspect(relation, { depth: null }).replaceAll('order_line_items_v2', 'order_line_items'))
    const rows = await bench.session.script(found.map(({ schema, name }) => `SELECT t::text FROM ${schema}.${name} AS t`).join('; '))
    const all = found.map(({ oid }) => oid)
    return { oids: all, guards: await guards(all), shapes: shapes.toSorted(), rows: rows.map((each) => each.rows.flat().toSorted()) }
  }

  /** Whether `up` leaves what was there as it was: the same relations, attributes, constraints, indexes, triggers, policies, rows. */
  const leavesAlone = (up: string) =>
    fc.asyncProperty(legacyRows(), (dataset) =>
      rolledBack(bench.session, async () => {
        await seedDataset(bench.session, bench.plan, dataset)
        const { oids, shapes, rows, guards } = await legacyState()
        await bench.session.script(up)
        const after = await legacyState(oids)
        expect(after.shapes).toEqual(shapes)
        expect(after.guards).toEqual(guards)
        expect(after.rows.map((each) => each.join('\n')).toSorted()).toEqual(rows.map((each) => each.join('\n')).toSorted())
      }),
    )

  test('CV-2: any legacy data and the legacy schema are what they were, but for the name', async () => {
    await fc.assert(leavesAlone(corrected.up), { numRuns: RUNS })
  })

  test.each([
    ['a default', 'ALTER TABLE order_line_items_v2 ALTER COLUMN notes SET DEFAULT $$$$'],
    ['a constraint', 'ALTER TABLE order_line_items_v2 DROP CONSTRAINT order_line_items_quantity_check'],
    ['a policy', 'DROP POLICY order_line_items_read ON order_line_items_v2'],
    ['a trigger', 'ALTER TABLE order_line_items_v2 DISABLE TRIGGER order_line_items_touch'],
    ['a grant', 'REVOKE INSERT ON order_line_items_v2 FROM PUBLIC'],
    ['a cell', "UPDATE order_line_items_v2 SET notes = '' WHERE notes IS NULL"],
  ])('CV-2 is refuted where up changes %s too', async (_, sql) => {
    const up = `${corrected.up};\n${sql}`
    expect((await fc.check(leavesAlone(up), { numRuns: RUNS })).failed).toBe(true)
  })
})
