import type { Session } from 'godwit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { moveItem } from '../../migrations/stock-batches/move-item.ts'
import { addBatch, changeBatch, removeBatch, writeItem } from '../../migrations/stock-batches/writes.ts'
import { corrected, failureOf } from './passage.ts'
import { openWorkbench, type Workbench } from './workbench.ts'

/** Far longer than any wait here: where nothing gives up before, PostgreSQL ends one of the two, which is a failure. */
const DEADLOCK_TIMEOUT = '20s'
const ROUNDS = 50

describe('stock-batches, writers of two sessions', () => {
  let bench: Workbench
  let old: Session
  let batched: Session
  beforeAll(async () => {
    bench = await openWorkbench(corrected, 'migrated')
    old = await bench.database.connect()
    batched = await bench.database.connect()
    for (const session of [old, batched]) await session.script(`SET deadlock_timeout = '${DEADLOCK_TIMEOUT}'`)
    await bench.session.script(`INSERT INTO "locations" ("id", "name", "updatedAt") VALUES ('attic', 'attic', now());
      INSERT INTO "items" ("id", "name", "quantityInStock", "updatedAt") VALUES ('lamp', 'lamp', 5, now())`)
    await moveItem(bench.session, 'lamp')
    await addBatch(bench.session, { id: 'one', itemId: 'lamp', quantity: 1 })
  })
  afterAll(async () => {
    await old.close()
    await batched.close()
    await bench[Symbol.asyncDispose]()
  })

  /** What comes of the writes, by writer: the SQLSTATE of each that failed. */
  const contend = async (writers: Readonly<Record<'old' | 'batched', (round: number) => Promise<unknown>>>) => {
    const sendAll = async (write: (round: number) => Promise<unknown>) => {
      const failures: string[] = []
      for (let round = 0; round < ROUNDS; round += 1) {
        const sqlstate = await failureOf(write(round))
        if (sqlstate !== undefined) failures.push(sqlstate)
      }
      return failures
    }
    const [old, batched] = await Promise.all([sendAll(writers.old), sendAll(writers.batched)])
    return { old, batched }
  }

  const oldStyle = (round: number) => writeItem(old, 'lamp', { quantityInStock: round % 7 === 0 ? null : round, notes: `round ${round}` })

  const expectSameStock = async () => {
    const [row] = await bench.session.query(`SELECT (SELECT sum("quantityInStock")::integer FROM "items") AS item,
      (SELECT sum("quantity")::integer FROM "stock_batches") AS batches`)
    expect(row).toMatchObject({ item: row?.batches })
  }

  test('SB-5: old-style and batch-style writers wait for each other, and none fails', async () => {
    const outcomes = await contend({
      old: oldStyle,
      batched: (round) =>
        [
          () => changeBatch(batched, 'lamp', { quantity: round }),
          () => addBatch(batched, { id: `round ${round}`, itemId: 'lamp', quantity: 3, locationId: 'attic' }),
          () => removeBatch(batched, `round ${round - 1}`),
        ][round % 3]?.() ?? Promise.reject(new Error('no such write')),
    })
    expect(outcomes).toEqual({ old: [], batched: [] })
    await expectSameStock()
  })

  test('SB-5: plain statements on batches never deadlock with old-style writers, which never fail', async () => {
    const outcomes = await contend({
      old: oldStyle,
      batched: (round) => batched.script(`UPDATE "stock_batches" SET "quantity" = ${round} WHERE "itemId" = 'lamp'`),
    })
    expect(outcomes.old).toEqual([])
    // A batch that is locked before its item may have to give up; the statement can be sent again.
    expect(outcomes.batched.filter((sqlstate) => sqlstate !== '55P03')).toEqual([])
    expect(outcomes.batched.length).toBeLessThan(ROUNDS)
    await expectSameStock()
  })

  test('SB-5: a plain statement gives up sooner than PostgreSQL looks for a deadlock, so that it never ends the old-style writer', async () => {
    const [row] = await bench.session.query(
      `SELECT option_value::interval < (boot_val || unit)::interval AS sooner
       FROM pg_proc, pg_options_to_table(proconfig), pg_settings
       WHERE proname = 'stock_batches_lock_item' AND option_name = 'lock_timeout' AND name = 'deadlock_timeout'`,
    )
    expect(row).toMatchObject({ sooner: true })
  })

  test.each([
    ['changes a batch', `UPDATE "stock_batches" SET "quantity" = 9 WHERE "id" = 'lamp'`],
    ['removes a batch', `DELETE FROM "stock_batches" WHERE "id" = 'lamp'`],
    ['gives a batch to another item', `UPDATE "stock_batches" SET "itemId" = 'sofa' WHERE "id" = 'lamp'`],
  ])('SB-5: a plain statement that %s gives up on a locked item, and the old-style writer does not notice', async (_, sql) => {
    await bench.session.script(`INSERT INTO "items" ("id", "name", "updatedAt") VALUES ('sofa', 'sofa', now()) ON CONFLICT DO NOTHING`)
    await old.script('BEGIN')
    await old.script(`SELECT FROM "items" WHERE "id" = 'lamp' FOR NO KEY UPDATE`)
    const sent = failureOf(batched.script(sql))
    for (let waits = false; !waits; )
      ({ waits } = await bench.session.one<{ waits: boolean }>('SELECT cardinality(pg_blocking_pids($1)) > 0 AS waits', [
        batched.processId,
      ]))
    // Closes the circle: the batch is locked by the other session, which waits for the item.
    const written = failureOf(writeItem(old, 'lamp', { quantityInStock: 40 }))
    expect(await sent).toBe('55P03')
    expect(await written).toBeUndefined()
    await old.script('COMMIT')
    await expectSameStock()
  })
})
