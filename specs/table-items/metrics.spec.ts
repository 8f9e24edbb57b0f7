import fc from 'fast-check'
import { claim } from 'godwit/vitest'
import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest'
import type { Metrics } from '../../fixtures/apps/pos/items/metrics.ts'
import type { Item } from '../../fixtures/apps/pos/items/validate-items.ts'
import contract from '../../migrations/table-items/prisma/migrations/20260612090000_add_table_items/contract.ts'
import { newModel, type OperationCommand, operationCommands, readModel } from './operation-commands.ts'
import { itemsCheck, monitorView, openPointOfSale, type PointOfSale, setTables } from './point-of-sale.ts'
import { startApi } from './running-api.ts'
import { corrected } from './scripts.ts'

const bread = { id: 'a', productId: 'p', name: 'Brød 🍞', quantity: 2, price: '1.50' }

describe('table-items, metrics and monitor', () => {
  let pos: PointOfSale
  beforeAll(async () => {
    pos = await openPointOfSale()
  })
  beforeEach(() => setTables(pos.session))
  afterAll(() => pos[Symbol.asyncDispose]())

  claim('TI-8', 'counts and payload sizes equal the model after any operations, with a session killed in between', () =>
    fc.assert(
      fc.asyncProperty(fc.array(operationCommands, { minLength: 2, maxLength: 20 }), fc.nat(), async (commands, instant) => {
        await setTables(pos.session)
        await using api = await startApi(pos)
        const model = newModel()
        const wanted = new Map<string, number>()
        const sizes: number[] = []
        const killedAt = instant % commands.length
        for (const [at, command] of commands.entries()) {
          if (at === killedAt) {
            const operation = await killWhileItWaits(pos, () => api.send({ method: 'DELETE', url: '/tables/t1/items' }))
            expect(operation.status).toBe(500)
            count(wanted, 'clearItems failed')
            count(wanted, 'clearItems 57P01')
          }
          await api.send(command.request)
          count(wanted, `${command.operation} ${expected(command, model, sizes)}`)
        }
        expect(await readModel(pos.session)).toEqual(model)
        expect(await counted(api.metrics)).toEqual({ counts: new Map([...wanted].toSorted()), sizes: summary(sizes) })
      }),
      // Each run starts an API and kills a session: shrinking would take longer than the test may.
      { numRuns: 12, endOnFailure: true },
    ),
  )

  claim('TI-8', 'a payload is in the bucket of its size, and /metrics shows every figure', async () => {
    await using api = await startApi(pos)
    const items = (count: number) => Array.from({ length: count }, (_, at) => ({ ...bread, id: String(at) }))
    for (const [at, number] of [0, 1, 10, 100, 1000].entries()) {
      await api.send({ method: 'POST', url: '/tables', body: { id: `n${at}`, name: `N${at}`, roomId: 'hall', items: items(number) } })
    }
    await api.send({ method: 'POST', url: '/tables/n1/switch', body: { tableId: 'n0' } })
    await api.send({ method: 'POST', url: '/tables/n1/switch', body: { tableId: 'n0' } })
    const { body } = await api.send({ method: 'GET', url: '/metrics' })
    const lines = String(body).split('\n')
    const bytes = (count: number) => Buffer.byteLength(JSON.stringify(items(count)))
    // Made with 0, 1, 10, 100 and 1000 items; after the switch 0 and 1.
    const written = [0, 1, 10, 100, 1000, 0, 1].map(bytes)
    for (const limit of [128, 1024, 2048, 8192, 32_768, 131_072, 1_048_576]) {
      expect(lines).toContain(`table_items_payload_bytes_bucket{le="${limit}"} ${written.filter((size) => size <= limit).length}`)
    }
    expect(lines).toContain(`table_items_payload_bytes_sum ${written.reduce((sum, size) => sum + size)}`)
    expect(lines).toContain('table_items_payload_bytes_count 7')
    expect(lines).toContain('table_items_operations_total{operation="createTable",outcome="done"} 5')
    expect(lines).toContain('table_items_operations_total{operation="switchTable",outcome="done"} 1')
    expect(lines).toContain('table_items_operations_total{operation="switchTable",outcome="refused"} 1')
    expect(lines.filter((line) => line.startsWith('table_items_errors_total'))).toEqual([])
  })

  const sound = `UPDATE "tables" SET "items" = '[{"id":"a","productId":"p","name":"Bread","quantity":2,"price":"1.50"}]', "status" = 'OCCUPIED' WHERE "id" = 't1';
    UPDATE "orders" SET "items" = '[{"id":"b","productId":"p","name":"Bread","quantity":3,"price":"0.10"}]', "total" = 0.30 WHERE "id" = 'o1'`
  const wrong = [
    ['items that are invalid', `UPDATE "tables" SET "items" = '[{"id":"a"}]' WHERE "id" = 't1'`, ['items are invalid: table t1']],
    ['JSON null', `UPDATE "tables" SET "items" = 'null' WHERE "id" = 't2'`, ['items are invalid: table t2']],
    [
      'a status that does not match',
      `UPDATE "tables" SET "status" = 'AVAILABLE' WHERE "id" = 't1'`,
      ['a table with items is not OCCUPIED: table t1'],
    ],
    [
      'a total that does not match',
      `UPDATE "orders" SET "total" = 0.31`,
      ['the total of an order is not the sum of its items: order o1', 'the total of an order is not the sum of its items: order o2'],
    ],
    [
      'an item in two places',
      `UPDATE "tables" SET "items" = (SELECT "items" FROM "tables" WHERE "id" = 't1'), "status" = 'OCCUPIED' WHERE "id" = 't3'`,
      ['an item is in two places: table t1'],
    ],
    [
      'an item on a table and in an order',
      `UPDATE "orders" SET "items" = (SELECT "items" FROM "tables" WHERE "id" = 't1'), "total" = 3`,
      ['an item is in two places: order o1'],
    ],
    ['a paid order', `UPDATE "orders" SET "status" = 'PAID', "total" = 99`, []],
    ['an order of the old application', `UPDATE "orders" SET "items" = '[{"name": "Bread"}]', "total" = 99`, []],
    ['no change', `SELECT`, []],
  ] as const
  for (const [what, sql, found] of wrong) {
    claim('TI-8', `the monitor names what is wrong, once, and nothing else: ${what}`, async () => {
      // Without the CHECK: the monitor is for what went past it.
      await pos.session.script('BEGIN; ALTER TABLE "tables" DROP CONSTRAINT "tables_items_check"')
      try {
        await pos.session.script(sound)
        await pos.session.script(sql)
        const rows = await pos.session.query<{ rule: string; kind: string; id: string }>(`SELECT * FROM "table_items_monitor"`)
        expect(rows.map(({ rule, kind, id }) => `${rule}: ${kind} ${id}`).toSorted()).toEqual([...found])
        // Of items of the old application only the contract says something.
        if (what !== 'an order of the old application') expect(await readContract(pos)).toEqual(countsOf(rows))
      } finally {
        await pos.session.script('ROLLBACK')
      }
    })
  }

  claim('TI-8', 'the monitor holds while operations run: no snapshot shows an item twice or a status behind its items', async () => {
    await using watched = await openPointOfSale([corrected.legacy, corrected.up, itemsCheck, monitorView])
    await setTables(watched.session)
    await using api = await startApi(watched)
    for (const id of ['a', 'b', 'c']) await api.send({ method: 'POST', url: '/tables/t1/items', body: { ...bread, id } })
    let ended = false
    const traffic = Promise.all(
      [0, 1, 2].map(async (waiter) => {
        for (let n = 0; n < 15; n += 1) {
          const [from, to] = [`t${((n + waiter) % 3) + 1}`, `t${((n + waiter + 1) % 3) + 1}`]
          await api.send({ method: 'POST', url: `/tables/${from}/switch`, body: { tableId: to } })
          await api.send({ method: 'POST', url: `/tables/${to}/load`, body: { orderId: 'o1' } })
          await api.send({ method: 'POST', url: '/orders/o1/save', body: { tableId: from } })
        }
      }),
    ).finally(() => {
      ended = true
    })
    let looks = 0
    while (!ended) {
      expect(await watched.session.query(`SELECT * FROM "table_items_monitor"`)).toEqual([])
      looks += 1
    }
    await traffic
    expect(looks).toBeGreaterThan(3)
    const { tables, orders } = await readModel(watched.session)
    const left = [...tables.values(), ...orders.values()].flatMap(({ items }) => items ?? [])
    expect(left.map(({ id }: Item) => id).toSorted()).toEqual(['a', 'b', 'c'])
  })
})

/** Metrics of the contract → the rules of the monitor that watch the same. */
const watchedByBoth: Readonly<Record<string, string>> = {
  'tables with items that are not OCCUPIED': 'a table with items is not OCCUPIED',
  'open orders whose total is not the sum of their items': 'the total of an order is not the sum of its items',
}

async function readContract({ session }: PointOfSale): Promise<Readonly<Record<string, number>>> {
  const read: Record<string, number> = {}
  for (const { name, sql } of contract.metrics ?? []) {
    const rule = watchedByBoth[name]
    if (rule !== undefined) read[rule] = (await session.one<{ found: number }>(`SELECT (${sql})::int AS found`)).found
  }
  return read
}

function countsOf(rows: readonly { readonly rule: string }[]): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.values(watchedByBoth).map((rule) => [rule, rows.filter((each) => each.rule === rule).length]))
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1)
}

/** How the operation is to be counted; the sizes of the tables that it writes are added to `sizes`. */
function expected(command: OperationCommand, model: ReturnType<typeof newModel>, sizes: number[]): 'done' | 'refused' {
  if (command.predict(model) !== 'done') return 'refused'
  const { url, body } = command.request
  const [, inPath] = /^\/tables\/(\w+)\//.exec(url) ?? []
  const { id, tableId } = (body ?? {}) as { readonly id?: string; readonly tableId?: string }
  for (const written of url === '/tables' ? [id] : [inPath, tableId]) {
    const items = written === undefined ? undefined : model.tables.get(written)?.items
    if (items !== undefined && items !== null) sizes.push(Buffer.byteLength(JSON.stringify(items)))
  }
  return 'done'
}

const summary = (sizes: readonly number[]) => ({ count: sizes.length, sum: sizes.reduce((sum, size) => sum + size, 0) })

/** Every count by operation and outcome, or operation and SQLSTATE, and what the histogram of sizes adds up to. */
async function counted({ registry }: Metrics) {
  const all = await registry.getMetricsAsJSON()
  const values = (name: string) => all.find((each) => each.name === name)?.values ?? []
  const counts = [...values('table_items_operations_total'), ...values('table_items_errors_total')].map(
    ({ labels, value }) => [`${labels.operation} ${labels.outcome ?? labels.sqlstate}`, value] as const,
  )
  const of = (ending: string) =>
    values('table_items_payload_bytes').find((each) => 'metricName' in each && each.metricName === `table_items_payload_bytes_${ending}`)
      ?.value
  return { counts: new Map(counts.toSorted()), sizes: { count: of('count'), sum: of('sum') } }
}

/** Keep all tables from a request until its session waits for them, and end that session. */
async function killWhileItWaits<Answer>({ database }: PointOfSale, send: () => Promise<Answer>): Promise<Answer> {
  await using keeper = await database.connect()
  await keeper.script('BEGIN; SELECT FROM "tables" FOR UPDATE')
  const answer = send()
  let ended = 0
  while (ended === 0) {
    const sql = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))`
    ended = (await keeper.query(sql)).length
  }
  await keeper.script('ROLLBACK')
  return answer
}
