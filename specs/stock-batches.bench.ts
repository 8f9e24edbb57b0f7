import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { startCluster } from 'godwit'
import { linearRegression, median } from 'simple-statistics'
import { type Figure, measure, roundsOr, roundToRound } from './harness/bench-support.ts'

// SB-12: the migration in its window of 15 minutes. Both scripts as one transaction each, over items that all have something to carry.
const WINDOW_MS = 15 * 60 * 1000
const rows = Number(process.env.GODWIT_BENCH_ROWS ?? 100_000)
const sizes = [rows / 10, (rows * 3) / 10, rows].map(Math.round)

measure(
  'stock-batches, up and down by the number of items',
  async () => {
    await using cluster = await startCluster({ kind: 'embedded' })
    const times = new Map<string, number[]>()
    for (let round = 0; round < roundsOr(7); round += 1) {
      for (const size of sizes) {
        await using database = await cluster.createDatabase()
        await using session = await database.connect()
        await session.script(read('legacy.sql'))
        await session.query(fill, [size])
        await session.query('VACUUM ANALYZE "items"')
        for (const step of ['up', 'down'] as const) {
          const began = performance.now()
          await session.script(`BEGIN; ${read(`${step}.sql`)}; COMMIT`)
          const name = `${step}, ${size} items`
          times.set(name, [...(times.get(name) ?? []), performance.now() - began])
        }
      }
    }
    const figures: Figure[] = [...times].map(([what, values]) => ({ what, values, unit: ' ms', budget: { most: WINDOW_MS } }))
    return [...figures, toWindow(times.get(`up, ${rows} items`) ?? []), ...growth(times)]
  },
  'migrations/stock-batches',
)

/** The figure on which SB-12 rests. */
function toWindow(times: readonly number[]): Figure {
  const values = times.map((each) => each / WINDOW_MS)
  return { what: `up of ${rows} items, to 15 minutes`, values, unit: ' ×', budget: { most: 1 }, control: roundToRound(values) }
}

/** How the time of `up` grows, and from how many items on the window would be too short. */
function growth(times: ReadonlyMap<string, readonly number[]>): readonly Figure[] {
  const points = sizes.map((size) => [Math.log(size), Math.log(median([...(times.get(`up, ${size} items`) ?? [])]))])
  const { m: exponent, b } = linearRegression(points)
  const most = Math.exp((Math.log(WINDOW_MS) - b) / exponent)
  return [
    { what: 'growth of up: exponent over the number of items', values: [exponent], unit: '', budget: { most: 1.1 } },
    { what: 'items that would fill 15 minutes, at this growth', values: [most / 1e6], unit: ' million', budget: { least: 1 } },
  ]
}

const fill = `
INSERT INTO "items" (
  "id", "name", "status", "quantityInStock", "costPerUnitUSD", "freightCostUSD", "orderDate", "orderNumber", "notes", "updatedAt"
)
SELECT 'item ' || n, 'item ' || n, 'Arrived', n % 100, n / 100.0, 1, now(), 'order ' || n, 'note ' || n, now() FROM generate_series(1, $1::integer) AS n`

function read(name: string): string {
  return readFileSync(resolve(import.meta.dirname, '../migrations/stock-batches', name), 'utf8')
}
