import type { Session } from 'godwit'
import { claim } from 'godwit/vitest'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { explain } from '../../harness/invariants/no-degradation/explain.ts'
import { fillTables, logBytes, type Size, statements } from './filled-tables.ts'
import { itemsCheck, openPointOfSale, type PointOfSale } from './point-of-sale.ts'
import { corrected } from './scripts.ts'

type Name = keyof typeof statements

interface Seen {
  readonly scans: readonly string[]
  readonly pages: number
}

const many = process.env.GODWIT_ALL_CASES === '1' ? 10_000 : 1000
const sizes: readonly Size[] = [
  { tables: many, kilobytes: 0 },
  { tables: many, kilobytes: 1 },
  { tables: many, kilobytes: 8 },
  { tables: many, kilobytes: 100, every: many / 20 },
]

/** By the name of the statement, at each of `sizes`. */
type Grid<Value> = ReadonlyMap<Name, readonly Value[]>

describe('table-items, plans and costs as payloads grow', () => {
  let pos: PointOfSale
  let seen: Grid<Seen>
  let withoutIndex: readonly Seen[]
  let logged: Grid<number>
  let heap: readonly number[]
  let hot: readonly number[]
  beforeAll(async () => {
    pos = await openPointOfSale([corrected.legacy, corrected.up])
    const names = Object.keys(statements) as Name[]
    const columns: { plans: Seen[]; bytes: number[]; bare: Seen; heap: number; hot: number }[] = []
    for (const size of sizes) {
      await fillTables(pos.session, size)
      const plans: Seen[] = []
      const bytes: number[] = []
      for (const name of names) {
        plans.push(await planOf(pos.session, statements[name]))
        bytes.push(await logBytes(pos.session, statements[name]))
      }
      const { pages } = await pos.session.one<{ pages: number }>(`SELECT (pg_relation_size('"tables"') / 8192)::int AS pages`)
      columns.push({ plans, bytes, bare: await withoutNames(pos.session), heap: pages, hot: await hotUpdates(pos.session) })
    }
    const grid = <Value>(of: (column: (typeof columns)[number]) => readonly Value[]): Grid<Value> =>
      new Map(names.map((name, at) => [name, columns.map((column) => of(column)[at] as Value)]))
    seen = grid(({ plans }) => plans)
    logged = grid(({ bytes }) => bytes)
    withoutIndex = columns.map(({ bare }) => bare)
    heap = columns.map(({ heap: pages }) => pages)
    hot = columns.map((column) => column.hot)
    if (process.env.GODWIT_DEBUG === 'plans')
      console.log(JSON.stringify({ sizes, seen: [...seen], logged: [...logged], withoutIndex, heap, hot }, null, 1))
  })
  afterAll(() => pos[Symbol.asyncDispose]())

  const at = <Value>(grid: Grid<Value>, name: Name): readonly Value[] => grid.get(name) ?? []

  const byKey = ['one table by id', 'change the status of a table', 'lock a table and read its items'] as const
  for (const name of byKey) {
    claim('TI-9', `"${name}" keeps its plan, and reads two pages more at the most, from 0 to 100 kB`, () => {
      const [first, ...others] = at(seen, name)
      expect(first?.scans).toEqual(['Index Scan using "tables_pkey" on "tables"'])
      for (const other of others) {
        expect(other.scans).toEqual(first?.scans)
        expect(other.pages).toBeLessThanOrEqual((first?.pages ?? 0) + 2)
      }
    })
  }

  claim('TI-9', 'a page of the tables of a room is read by its index at any payload: a page of storage for each table at the most', () => {
    for (const { scans, pages } of at(seen, 'a page of the tables of a room')) {
      expect(scans).toEqual(['Index Scan using "tables_roomId_name_key" on "tables"'])
      expect(pages).toBeLessThanOrEqual(21 + 4)
    }
  })

  claim('TI-9', 'without that index the same page costs all pages of the table: the index pays, most of all at 1 kB', () => {
    for (const [index, { scans, pages }] of withoutIndex.entries()) {
      expect(scans).toEqual(['Seq Scan on "tables"'])
      expect(pages).toBeGreaterThanOrEqual(heap[index] ?? 0)
    }
    expect(withoutIndex[1]?.pages).toBeGreaterThan(4 * (at(seen, 'a page of the tables of a room')[1]?.pages ?? 0))
  })

  claim(
    'TI-9',
    'what reads all tables reads more while the items lie in the rows (1 kB), and no more where they lie outside (8 kB and above)',
    () => {
      const [none = 0, inRow = 0, ...outside] = at(seen, 'tables by status').map(({ pages }) => pages)
      expect(inRow).toBeGreaterThan(5 * none)
      for (const pages of outside) expect(pages).toBeLessThan(1.5 * none)
    },
  )

  claim(
    'TI-9',
    'a change of the status writes items to the log only where they lie in the row; a change of items writes them in full',
    () => {
      const [none = 0, inRow = 0, ...outside] = at(logged, 'change the status of a table')
      for (const bytes of [none, ...outside]) expect(bytes).toBeLessThan(300)
      expect(inRow).toBeLessThan(2048 + 300)
      const [, , eight = 0, hundred = 0] = at(logged, 'write the items of a table')
      expect(eight / 1024).toBeGreaterThan(8)
      expect(eight / 1024).toBeLessThan(8 * 1.4)
      expect(hundred / 1024).toBeGreaterThan(98)
      expect(hundred / 1024).toBeLessThan(100 * 1.4)
    },
  )

  claim('TI-9', 'changes of the status are HOT: all of them, or nearly all where a page holds few rows of 1 kB', () => {
    const [none, inRow, ...outside] = hot
    expect([none, ...outside]).toEqual([10, 10, 10])
    expect(inRow).toBeGreaterThanOrEqual(8)
  })

  claim('TI-9', 'the CHECK reads the items at every change of a table: at 100 kB it costs their pages, and no log', async () => {
    const status = 'change the status of a table'
    const [, , , before] = at(seen, status)
    await pos.session.script(`BEGIN; ${itemsCheck}; COMMIT`)
    const after = await planOf(pos.session, statements[status])
    expect(after.scans).toEqual(before?.scans)
    expect(after.pages - (before?.pages ?? 0)).toBeGreaterThan(10)
    expect(await logBytes(pos.session, statements[status])).toBeLessThan(300)
  })

  claim(
    'TI-9',
    'on 200 tables the plan of one table by id flips from a scan to the index as rows grow, and reads fewer pages then',
    async () => {
      await using small = await openPointOfSale([corrected.legacy, corrected.up])
      const plans: Seen[] = []
      for (const kilobytes of [0, 0.6, 1.2, 1.8, 8]) {
        await fillTables(small.session, { tables: 200, kilobytes })
        plans.push(await planOf(small.session, statements['one table by id']))
      }
      const [scan, index] = ['Seq Scan on "tables"', 'Index Scan using "tables_pkey" on "tables"']
      expect(plans.map(({ scans }) => scans[0])).toEqual([scan, index, index, index, scan])
      const [none, ...rest] = plans.map(({ pages }) => pages)
      for (const pages of rest) expect(pages).toBeLessThanOrEqual((none ?? 0) + 1)
    },
  )
})

async function planOf(session: Session, sql: string): Promise<Seen> {
  const plan = await explain(session, {
    name: sql,
    relation: undefined,
    given: true,
    most: undefined,
    sql,
    parts: [{ sql, planned: true }],
  })
  if (plan === undefined) throw new Error(`not explained: ${sql}`)
  return { scans: plan.scans, pages: plan.pages }
}

/** The plan of a page of tables where the index over room and name is not there. */
async function withoutNames(session: Session): Promise<Seen> {
  await session.script('DROP INDEX "tables_roomId_name_key"')
  try {
    return await planOf(session, statements['a page of the tables of a room'])
  } finally {
    await session.script('CREATE UNIQUE INDEX "tables_roomId_name_key" ON "tables" ("roomId", "name")')
  }
}

/** How many of ten changes of one status, each to another value, are HOT, after one that moves the row to a page with room. */
async function hotUpdates(session: Session): Promise<number> {
  const update = statements['change the status of a table']
  const counted = `SELECT pg_stat_get_xact_tuples_hot_updated('"tables"'::regclass) AS hot`
  await session.script(`BEGIN; ${update}`)
  const before = await session.one<{ hot: string }>(counted)
  for (let n = 0; n < 10; n += 1) await session.script(n % 2 === 0 ? update.replace('CLEANING', 'RESERVED') : update)
  const after = await session.one<{ hot: string }>(counted)
  await session.script('ROLLBACK')
  return Number(after.hot) - Number(before.hot)
}
