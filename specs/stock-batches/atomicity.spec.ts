import { resolve } from 'node:path'
import { applyStep, readPair, StatementError } from 'godwit'
import { describe, expect, test } from 'vitest'
import { asPlanned, corrected, type Scripts } from './passage.ts'
import { readState } from './state.ts'
import { openWorkbench, type Workbench } from './workbench.ts'

const rows = `
  INSERT INTO "locations" ("id", "name", "updatedAt") VALUES ('attic', 'attic', now());
  INSERT INTO "items" ("id", "name", "quantityInStock", "costPerUnitUSD", "freightCostUSD", "status", "locationId", "updatedAt")
  VALUES ('lamp', 'lamp', 5, 2, 1, 'Arrived', 'attic', now()), ('chair', 'chair', 0, 2, 1, NULL, NULL, now())`

const plans = [
  { claim: 'SB-7', scripts: corrected, directory: 'migrations/stock-batches' },
  {
    claim: 'SB-7 holds even on the plan as written',
    scripts: asPlanned,
    directory: 'fixtures/specimens/stock-batches-as-planned',
  },
] as const

describe('stock-batches, broken off', () => {
  for (const { claim, scripts, directory } of plans) {
    test(`${claim}: an error before any statement of up, or before COMMIT, leaves nothing behind`, async () => {
      await using bench = await filled(scripts)
      const legacy = await readState(bench.session)
      const { up } = await readPair(resolve(import.meta.dirname, '../..', directory))
      for (const at of points(up)) {
        const outcome = await applyStep(bench.session, up, {
          onStatement: (index) => {
            if (index === at) throw new StatementError({ sqlstate: 'P0001', message: 'broken off' })
          },
        })
        expect(outcome, `broken off before statement ${at}`).toMatchObject({ outcome: 'failed', failure: { sqlstate: 'P0001' } })
        expect(await readState(bench.session), `broken off before statement ${at}`).toEqual(legacy)
      }
      expect(await applyStep(bench.session, up)).toMatchObject({ outcome: 'applied' })
    })

    test(`${claim}: a backend killed before any statement of up leaves nothing behind`, async () => {
      await using bench = await filled(scripts)
      const legacy = await readState(bench.session)
      const { up } = await readPair(resolve(import.meta.dirname, '../..', directory))
      for (const at of points(up)) {
        await using victim = await bench.database.connect()
        const outcome = await applyStep(victim, up, {
          onStatement: async (index) => {
            if (index === at) await bench.session.one('SELECT pg_terminate_backend($1, 10000)', [victim.processId])
          },
        })
        expect(outcome, `killed before statement ${at}`).toMatchObject({ outcome: 'failed' })
        expect(await readState(bench.session), `killed before statement ${at}`).toEqual(legacy)
      }
    })
  }

  test('SB-7: something of the same name that is in the way leaves nothing behind', async () => {
    const { up } = await readPair(resolve(import.meta.dirname, '../..', 'migrations/stock-batches'))
    const inTheWay = [
      'CREATE TABLE "stock_batches" ()',
      'ALTER TABLE "items" ADD COLUMN "useBatchSystem" INTEGER',
      'CREATE INDEX "stock_batches_itemId_idx" ON "items" ("name")',
      'CREATE FUNCTION "stock_batches_first"() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$',
    ]
    for (const statement of inTheWay) {
      await using bench = await filled(corrected)
      await bench.session.script(statement)
      const before = await everything(bench)
      expect(await applyStep(bench.session, up), statement).toMatchObject({ outcome: 'failed' })
      expect(await everything(bench), statement).toEqual(before)
    }
  })
})

async function filled(scripts: Scripts): Promise<Workbench> {
  const bench = await openWorkbench(scripts, 'legacy')
  await bench.session.script(rows)
  return bench
}

/** Where `up` can be broken off: before each statement, and before COMMIT. */
function points(up: Awaited<ReturnType<typeof readPair>>['up']): readonly number[] {
  if (up.kind !== 'sql') throw new Error('up is a script')
  return Array.from({ length: up.script.statements.length + 1 }, (_, index) => index)
}

async function everything({ session }: Workbench): Promise<readonly unknown[]> {
  const lines = await session.query(`SELECT attrelid::regclass::text, attname, atttypid::regtype::text FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace ORDER BY 1, 2`)
  const functions = await session.query(`SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace`)
  return [...lines, ...functions, ...(await session.query('TABLE "items"'))]
}
