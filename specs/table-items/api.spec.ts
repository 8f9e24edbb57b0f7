import fc from 'fast-check'
import { claim } from 'godwit/vitest'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { compileAll, describedOperations, undescribed } from './open-api.ts'
import { newModel, operationCommands, readModel } from './operation-commands.ts'
import { everything, openPointOfSale, type PointOfSale, setTables } from './point-of-sale.ts'
import { type RunningApi, startApi } from './running-api.ts'
import { corrected } from './scripts.ts'

const statusOf = { done: 200, invalid: 400, 'not-found': 404, conflict: 409 } as const

const bread = { id: 'a', productId: 'p', name: 'Bread', quantity: 2, price: '1.50' }
const json = JSON.stringify

describe('table-items over HTTP', () => {
  let pos: PointOfSale
  let api: RunningApi
  beforeAll(async () => {
    pos = await openPointOfSale()
    api = await startApi(pos)
  })
  beforeEach(() => setTables(pos.session))
  afterAll(async () => {
    await api[Symbol.asyncDispose]()
    await pos[Symbol.asyncDispose]()
  })

  test('openapi.json describes the routes that are there, and no other', () => {
    expect(compileAll()).toBeGreaterThan(40)
    expect(describedOperations.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(api.routes.toSorted())
    for (const { path, operation } of describedOperations) {
      const named = (operation.parameters ?? []).filter((each) => each.in === 'path').map(({ name }) => name)
      expect([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)).toEqual(named)
    }
  })

  test('any sequence of requests goes as the plain model, and every answer is as openapi.json describes it', async () => {
    const answered = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.array(operationCommands, { minLength: 1, maxLength: 12 }), async (commands) => {
        await setTables(pos.session)
        const model = newModel()
        for (const { name, operation, request, predict } of commands) {
          const answer = await api.send(request)
          const told = predict(model)
          const status = told === 'done' && operation === 'createTable' ? 201 : statusOf[told]
          expect([name, answer.status, undescribed(operation, answer)]).toEqual([name, status, []])
          answered.add(`${operation} ${answer.status}`)
        }
        expect(await readModel(pos.session)).toEqual(model)
      }),
      { numRuns: 40 },
    )
    expect(answered.size).toBeGreaterThan(15)
  })

  // What the application refuses before it asks the database, and what HTTP itself lets through.
  claim('TI-6', 'requests that are refused over HTTP leave everything as it was, and say why', async () => {
    await api.send({ method: 'POST', url: '/tables/t1/items', body: bread })
    const before = await everything(pos.session)
    const attempts: readonly (readonly [operation: string, method: string, url: string, body: unknown, status: number])[] = [
      ['addItem', 'POST', '/tables/t1/items', '', 400],
      ['addItem', 'POST', '/tables/t1/items', '{', 400],
      ['addItem', 'POST', '/tables/t1/items', 'null', 400],
      ['addItem', 'POST', '/tables/t1/items', json({ ...bread, id: 'b' }).replace('"quantity":2', '"quantity":1e400'), 400],
      ['addItem', 'POST', '/tables/t1/items', json({ ...bread, id: 'b' }).replace(':2', ':1.00000000000000000000001'), 400],
      ['addItem', 'POST', '/tables/t1/items', json({ ...bread, id: 'b' }).replace('Bread', '\\u0000'), 400],
      ['addItem', 'POST', '/tables/t1/items', json({ ...bread, id: 'b', note: 'x'.repeat(1_000_000) }), 400],
      ['addItem', 'POST', '/tables/t1/items', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 400],
      ['addItem', 'POST', '/tables/t%00/items', { ...bread, id: 'b' }, 400],
      ['addItem', 'POST', `/tables/${'x'.repeat(65)}/items`, { ...bread, id: 'b' }, 400],
      ['addItem', 'POST', '/tables/t1/items', bread, 409],
      ['addItem', 'POST', '/tables/nowhere/items', bread, 404],
      ['updateItem', 'PATCH', '/tables/t1/items/a', {}, 400],
      ['updateItem', 'PATCH', '/tables/t1/items/a', { id: 'b' }, 400],
      ['updateItem', 'PATCH', '/tables/t1/items/z', { quantity: 1 }, 404],
      ['createTable', 'POST', '/tables', { id: 't9', name: 'T9', roomId: 'nowhere' }, 404],
      ['createTable', 'POST', '/tables', { id: 't9', name: 'T1', roomId: 'hall' }, 409],
      ['createTable', 'POST', '/tables', { id: 't9', name: 'T9', roomId: 'hall', items: [bread, bread] }, 400],
      ['createTable', 'POST', '/tables', { id: 't9', name: 'T9', roomId: 'hall', items: null }, 400],
      ['switchTable', 'POST', '/tables/t1/switch', { tableId: 't1' }, 409],
      ['switchTable', 'POST', '/tables/t1/switch', { tableId: 7 }, 400],
      ['loadIntoOrder', 'POST', '/tables/t1/load', { tableId: 't1' }, 400],
      ['saveOrder', 'POST', '/orders/o1/save', { tableId: 't1' }, 409],
      ['listItems', 'GET', '/tables/t1/items?limit=101', undefined, 400],
      ['listTables', 'GET', '/rooms/hall/tables?limit=x', undefined, 400],
      ['listTables', 'GET', '/rooms/hall/tables?limit=1&limit=2', undefined, 400],
    ]
    for (const [operation, method, url, body, status] of attempts) {
      const answer = await api.send({ method, url, body })
      expect([method, url, answer.status, undescribed(operation, answer)]).toEqual([method, url, status, []])
      expect(await everything(pos.session)).toBe(before)
    }
    expect((await api.send({ method: 'PUT', url: '/tables/t1/items', body: bread })).status).toBe(404)
    expect(await everything(pos.session)).toBe(before)
  })

  claim('TI-6', 'a body that is too long or no JSON is refused by every operation as openapi.json describes it', async () => {
    const before = await everything(pos.session)
    for (const { method, path, operation } of describedOperations.filter((each) => each.method !== 'GET')) {
      const url = path.replaceAll(/\{\w+\}/g, 't1')
      const long = await api.send({ method, url, body: 'x'.repeat(9 * 1024 * 1024) })
      const text = await api.send({ method, url, body: json(bread), type: 'text/plain' })
      expect([method, url, long.status, text.status]).toEqual([method, url, 413, 415])
      expect([...undescribed(operation.operationId, long), ...undescribed(operation.operationId, text)]).toEqual([])
    }
    expect(await everything(pos.session)).toBe(before)
  })

  test('where the column is missing, requests fail with 500 and tell nothing of the inside', async () => {
    await using legacy = await openPointOfSale([corrected.legacy])
    await setTables(legacy.session)
    await using early = await startApi(legacy)
    const answer = await early.send({ method: 'POST', url: '/tables/t1/items', body: bread })
    expect(answer).toEqual({ status: 500, body: { code: 'failed', message: 'The operation failed. Nothing has changed.' } })
    expect(undescribed('addItem', answer)).toEqual([])
  })

  test('lists come in pages: every table of a room once, every item of a table once', async () => {
    await pos.session.script(`INSERT INTO "tables" ("id", "name", "roomId", "updatedAt")
      SELECT 'p' || n, 'P' || lpad(n::text, 3, '0'), 'hall', now() FROM generate_series(1, 130) AS n`)
    const items = Array.from({ length: 130 }, (_, at) => ({ ...bread, id: String(at) }))
    expect((await api.send({ method: 'POST', url: '/tables', body: { id: 'long', name: 'Long', roomId: 'hall', items } })).status).toBe(201)

    const names: string[] = []
    let after: string | null = ''
    while (after !== null) {
      const answer = await api.send({ method: 'GET', url: `/rooms/hall/tables?limit=40&after=${after}` })
      expect(undescribed('listTables', answer)).toEqual([])
      const page = answer.body as { tables: { name: string }[]; next: string | null }
      expect(page.tables.length).toBeLessThanOrEqual(40)
      names.push(...page.tables.map(({ name }) => name))
      after = page.next
    }
    const all = await pos.session.query<{ name: string }>(`SELECT "name" FROM "tables" WHERE "roomId" = 'hall' ORDER BY "name"`)
    expect(names).toEqual(all.map(({ name }) => name))

    const pages = [0, 50, 100, 150].map((offset) => api.send({ method: 'GET', url: `/tables/long/items?offset=${offset}` }))
    const read = (await Promise.all(pages)).map(({ body }) => body as { items: unknown[]; count: number })
    expect(read.map(({ items: part }) => part.length)).toEqual([50, 50, 30, 0])
    expect(read.flatMap(({ items: part }) => part)).toEqual(items)
    expect(new Set(read.map(({ count }) => count))).toEqual(new Set([130]))
    expect((await api.send({ method: 'GET', url: '/tables/t1/items' })).body).toEqual({ items: [], count: 0 })
    expect((await api.send({ method: 'GET', url: '/tables/nowhere/items' })).status).toBe(404)
  })
})
