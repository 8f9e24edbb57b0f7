import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Session, startCluster } from 'godwit'
import { layoutEditor, tableStatus } from '../fixtures/apps/pos/statements.ts'
import { type Budget, type Figure, measure, ratios, roundsOr } from './harness/bench-support.ts'
import { Rounds } from './harness/snapshot/rounds.ts'

// TI-5 and TI-9: what the column costs when it comes and goes, and what the legacy statements cost beside payloads of several sizes.
const rows = Number(process.env.GODWIT_BENCH_ROWS ?? 20_000)
const steps = resolve(import.meta.dirname, '../migrations/table-items/prisma/migrations')
const read = (step: string, file: string) => readFileSync(resolve(steps, step, file), 'utf8')
const addItems = '20260612090000_add_table_items'
const times = 200

const budget: Budget = { most: 1.1 }
const questions = [
  { what: 'one table by id', send: (session: Session, i: number) => session.query(layoutEditor.table.sql, [`t${(i * 7919) % rows}`]) },
  { what: 'the tables of a room', send: (session: Session, i: number) => session.query(layoutEditor.tablesOfRoom.sql, [`r${i % 100}`]) },
  {
    what: 'change the status of a table',
    send: (session: Session, i: number) =>
      session.query(tableStatus.change.sql, ['OCCUPIED', '2026-06-12 19:30:00', `t${(i * 7919) % rows}`]),
  },
] as const

measure(
  `table-items: the step, and legacy statements beside items of several sizes, at ${rows} tables`,
  async () => {
    await using cluster = await startCluster({ kind: 'embedded' })
    const figures: Figure[] = []
    const up: number[] = []
    const down: number[] = []
    await using legacy = await cluster.createDatabase()
    await using before = await legacy.connect()
    await fill(before)
    for (const items of [0, 10, 100]) {
      await using database = await cluster.createDatabase()
      await using session = await database.connect()
      await fill(session)
      up.push(await timed(session, read(addItems, 'migration.sql')))
      if (items > 0) await session.query(enter, [items])
      await session.query('VACUUM FULL ANALYZE "tables"')
      figures.push({ what: `bytes of ${items} items`, values: [await payload(session)], unit: '' })
      for (const { what, send } of questions) {
        const repeat = (contender: Session) => async () => {
          for (let i = 0; i < times; i += 1) await send(contender, i)
        }
        const rounds = new Rounds({ before: repeat(before), after: repeat(session), again: repeat(before) })
        // The first round warms the caches.
        for (let round = 0; round < roundsOr(7) + 1; round += 1) await rounds.round()
        const warm = (contender: string) => rounds.times(contender).slice(1)
        const values = ratios(warm('after'), warm('before'))
        const control = ratios(warm('again'), warm('before'))
        figures.push({ what: `${what}, beside ${items} items, to the legacy table`, values, unit: ' ×', budget, control })
      }
      down.push(await timed(session, read(addItems, 'down.sql')))
    }
    return [{ what: 'up', values: up, unit: ' ms' }, { what: 'down, 0 to 100 items', values: down, unit: ' ms' }, ...figures]
  },
  'migrations/table-items',
)

async function timed(session: Session, script: string): Promise<number> {
  const began = performance.now()
  await session.script(`BEGIN; ${script}; COMMIT`)
  return performance.now() - began
}

async function payload(session: Session): Promise<number> {
  const { bytes } = await session.one<{ bytes: number }>(`SELECT coalesce(avg(pg_column_size("items")), 0)::float8 AS bytes FROM "tables"`)
  return bytes
}

async function fill(session: Session): Promise<void> {
  await session.script(read('20260301090000_point_of_sale', 'migration.sql'))
  await session.script(`
    INSERT INTO "rooms" ("id", "name", "updatedAt") SELECT 'r' || n, 'room ' || n, now() FROM generate_series(0, 99) AS n;
    INSERT INTO "tables" ("id", "name", "roomId", "updatedAt")
    SELECT 't' || n, 'table ' || n, 'r' || n % 100, now() FROM generate_series(0, ${rows - 1}) AS n`)
  await session.query('VACUUM FULL ANALYZE "tables"')
}

const enter = `
UPDATE "tables" SET "items" = (
  SELECT jsonb_agg(jsonb_build_object('productId', md5("id" || n), 'name', 'product ' || n, 'quantity', n, 'price', '1.50'))
  FROM generate_series(1, $1::integer) AS n
)`
