import fc from 'fast-check'
import { claim } from 'godwit/vitest'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import * as operations from '../../fixtures/apps/pos/items/operations.ts'
import { readJson } from '../../fixtures/apps/pos/items/read-json.ts'
import { Refusal } from '../../fixtures/apps/pos/items/refusal.ts'
import { check } from '../../fixtures/apps/pos/items/validate-items.ts'
import { itemTexts, mutatedText } from './item-texts.ts'
import { everything, openPointOfSale, type PointOfSale, setTables } from './point-of-sale.ts'

/** Texts that two parsers of JSON are known to read in different ways. */
const line = (more: string) => `[{"id":"a","productId":"p","name":"Bread","quantity":1,"price":"1.50"${more}}]`
const corners: readonly string[] = [
  '[]',
  'null',
  '{}',
  '',
  '[',
  line(''),
  line(',"quantity":1.0'),
  line(',"quantity":1e0'),
  line(',"quantity":100e-2'),
  line(',"quantity":999.00000000000000000001'),
  line(',"quantity":0.99999999999999999999'),
  line(',"quantity":1.5'),
  line(',"quantity":1.00000000000000000001'),
  line(',"quantity":1e400'),
  line(',"quantity":-1e400'),
  line(',"quantity":1e-400'),
  line(',"quantity":1e400,"quantity":2'),
  line(',"quantity":1e131072,"quantity":2'),
  line(',"quantity":1e131071,"quantity":2'),
  line(',"quantity":1e-16383,"quantity":2'),
  line(',"quantity":1e-16384,"quantity":2'),
  line(`,"quantity":${'9'.repeat(131_072)},"quantity":2`),
  line(`,"quantity":${'9'.repeat(131_073)},"quantity":2`),
  line(',"quantity":0e999999,"quantity":2'),
  line(',"quantity":1,"quantity":0'),
  line(',"quantity":0,"quantity":1'),
  line(',"quantity":"1"'),
  line(',"quantity":true'),
  line(',"quantity":1000'),
  line(',"quantity":-0'),
  line(',"price":1.5'),
  line(',"price":"1.5"'),
  line(',"price":"01.50"'),
  line(',"price":"-1.50"'),
  line(',"price":"1.50\\n"'),
  line(',"price":"١.٥٠"'),
  line(',"price":"999999.99"'),
  line(',"price":"1000000.00"'),
  ...['id', 'productId', 'name', 'note'].flatMap((key) =>
    [0, 1, 64, 65, 200, 201, 500, 501].map((length) => line(`,"${key}":"${'x'.repeat(length)}"`)),
  ),
  ...['id', 'productId', 'name', 'quantity', 'price', 'note'].flatMap((key) =>
    ['null', 'true', '1', '"1"', '[]', '{}'].map((value) => line(`,"${key}":${value}`)),
  ),
  line(',"name":"\\u0000"'),
  line(',"name":"\\\\u0000"'),
  line(',"name":"\\u0000","name":"Bread"'),
  line(',"name":"\\ud83c"'),
  line(',"name":"\\udf5e\\ud83c"'),
  line(',"name":"\\ud83c\\udf5e"'),
  line(',"name":"\\ud83c","name":"Bread"'),
  line(`,"name":"${'🍞'.repeat(200)}"`),
  line(`,"name":"${'🍞'.repeat(201)}"`),
  line(`,"name":"${'e\u0301'.repeat(100)}"`),
  line(',"note":""'),
  line(',"note":null'),
  line(',"note":"a\\tb\\nc"'),
  line(`,"note":"${'x'.repeat(1_000_000)}"`),
  line(`,"note":${'['.repeat(3000)}${']'.repeat(3000)}`),
  line(',"__proto__":{"quantity":1}'),
  line(',"__proto__":null'),
  line(',"constructor":1'),
  line(',"extra":1'),
  line(',"\\u0069d":"b"'),
  '[{"productId":"p","name":"Bread","quantity":1,"price":"1.50"}]',
  '[{"__proto__":{"id":"a"},"productId":"p","name":"Bread","quantity":1,"price":"1.50"}]',
  '[null]',
  '[[]]',
  '["a"]',
  '[1]',
  `[${Array.from({ length: 2000 }, (_, at) => line('').slice(1, -1).replace('"a"', `"${at}"`)).join()}]`,
  `[${Array.from({ length: 2001 }, (_, at) => line('').slice(1, -1).replace('"a"', `"${at}"`)).join()}]`,
  `[${line('').slice(1, -1)},${line('').slice(1, -1)}]`,
  `[${line('').slice(1, -1)},${line('').slice(1, -1).replace('"a"', '"\\u0061"')}]`,
  `[${line('').slice(1, -1)},${line('').slice(1, -1).replace('"a"', '"A"')}]`,
]

/** SQLSTATEs by which the server says that a text is no valid `items`: no JSON, no text it can store, too large a number, the CHECK, too deep. */
const refusing = new Set(['22P02', '22P05', '22003', '23514', '54001'])

describe('table-items, validation', () => {
  let pos: PointOfSale
  let client: pg.Client
  beforeAll(async () => {
    pos = await openPointOfSale()
    client = await pos.connect()
    await setTables(pos.session)
  })
  afterAll(() => pos[Symbol.asyncDispose]())

  const databaseAccepts = async (text: string): Promise<boolean> => {
    try {
      await client.query(`UPDATE "tables" SET "items" = $1::jsonb WHERE "id" = 't1'`, [text])
      return true
    } catch (error) {
      const { code } = error as { code: string }
      if (!refusing.has(code)) throw error
      return false
    }
  }

  claim('TI-6', 'texts that two parsers read in different ways are accepted by the application exactly when by the CHECK', async () => {
    const differing: unknown[] = []
    let accepted = 0
    for (const text of corners) {
      const [application, database] = [applicationAccepts(text), await databaseAccepts(text)]
      if (application !== database) differing.push({ text: text.slice(0, 200), application, database })
      if (database) accepted += 1
    }
    expect(differing).toEqual([])
    expect(accepted).toBeGreaterThan(15)
  })

  claim('TI-6', 'any text is accepted by the application exactly when by the CHECK', async () => {
    const seen = { accepted: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(fc.oneof({ weight: 3, arbitrary: mutatedText }, { weight: 1, arbitrary: itemTexts }), async (text) => {
        const database = await databaseAccepts(text)
        seen[database ? 'accepted' : 'refused'] += 1
        expect(applicationAccepts(text)).toBe(database)
      }),
      { numRuns: process.env.GODWIT_ALL_CASES === '1' ? 50_000 : 1200 },
    )
    // Texts of one kind only would show nothing.
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(100)
  })

  claim('TI-6', 'what the application accepts is stored as the same value', () =>
    fc.assert(
      fc.asyncProperty(mutatedText.filter(applicationAccepts), async (text) => {
        await client.query(`UPDATE "tables" SET "items" = $1::jsonb WHERE "id" = 't1'`, [JSON.stringify(readJson(text))])
        const { rows } = await client.query(`SELECT "items" = $1::jsonb AS same FROM "tables" WHERE "id" = 't1'`, [text])
        expect(rows).toEqual([{ same: true }])
      }),
      { numRuns: 200 },
    ),
  )

  claim('TI-6', 'any refused operation leaves every cell as it was, updatedAt and status included, and says why', async () => {
    await setTables(pos.session)
    const bread = { id: 'a', productId: 'p', name: 'Bread', quantity: 2, price: '1.50' }
    await operations.addItem(client, 't1', bread)
    await operations.addItem(client, 't2', bread)
    await pos.session.script(`UPDATE "tables" SET "status" = 'RESERVED' WHERE "id" = 't3';
      INSERT INTO "orders" ("id", "items", "total", "status", "updatedAt") VALUES ('paid', '[]', 0, 'PAID', now());
      UPDATE "orders" SET "items" = '[{"id": "a", "productId": "p", "name": "Bread", "quantity": 1, "price": "1.50"}]', "total" = 1.5 WHERE "id" = 'o2'`)
    // 3.00 more than this has more digits than the column: the table has been written when the order is refused.
    await pos.session.script(`INSERT INTO "orders" ("id", "items", "total", "updatedAt") VALUES
      ('dear', '[{"id": "z", "productId": "p", "name": "Pearl", "quantity": 100, "price": "999999.99"}]', 99999999, now())`)
    const before = await everything(pos.session)
    const invalid = fc.sample(
      mutatedText.filter((text) => !applicationAccepts(text)),
      { numRuns: 40 },
    )
    const parsed = invalid.flatMap((text) => {
      try {
        return [JSON.parse(text) as unknown]
      } catch {
        return []
      }
    })
    const attempts: readonly (() => Promise<unknown>)[] = [
      ...parsed.map((items) => () => operations.createTable(client, { id: 't9', name: 'T9', roomId: 'hall', items })),
      ...parsed.map((items) => () => operations.addItem(client, 't1', items)),
      ...parsed.map((items) => () => operations.updateItem(client, 't1', 'a', items)),
      () => operations.createTable(client, { id: 't9', name: 'T1', roomId: 'hall' }),
      () => operations.createTable(client, { id: 't9', name: 'T9', roomId: 'nowhere', items: [bread] }),
      () => operations.addItem(client, 't1', bread),
      () => operations.addItem(client, 'nowhere', { ...bread, id: 'b' }),
      () => operations.updateItem(client, 't1', 'b', { quantity: 3 }),
      () => operations.updateItem(client, 't1', 'a', { quantity: 0 }),
      () => operations.clearItems(client, 'nowhere'),
      () => operations.switchTable(client, 't1', 't1'),
      () => operations.switchTable(client, 't1', 't2'),
      () => operations.switchTable(client, 't3', 't1'),
      () => operations.switchTable(client, 't1', 'nowhere'),
      () => operations.loadIntoOrder(client, 't1', 'paid'),
      () => operations.loadIntoOrder(client, 't1', 'o2'),
      () => operations.loadIntoOrder(client, 't1', 'dear'),
      () => operations.loadIntoOrder(client, 't3', 'o1'),
      () => operations.saveOrder(client, 'o1', 't1'),
      () => operations.saveOrder(client, 'o2', 't1'),
      () => operations.saveOrder(client, 'nowhere', 't1'),
    ]
    for (const attempt of attempts) {
      const error = await attempt().then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      expect(error, String(attempt)).toBeInstanceOf(Refusal)
      expect((error as Refusal).message.length).toBeGreaterThan(10)
      expect(await everything(pos.session), String(attempt)).toBe(before)
    }
  })
})

function applicationAccepts(text: string): boolean {
  try {
    check('items', readJson(text))
    return true
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return false
  }
}
