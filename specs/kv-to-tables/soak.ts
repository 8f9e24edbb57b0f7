import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startCluster } from 'godwit'
import { markdownTable } from 'markdown-table'
import { linearRegression } from 'simple-statistics'
import { bulkDatabase, timedCopy } from './bench-database.ts'

// Speed, growth and memory up to 10⁶ records: node --max-semi-space-size=1 --heap-growing-percent=10 --import tsx specs/kv-to-tables/soak.ts [sizes…]
const sizes = process.argv.slice(2).map(Number)
const wanted = sizes.length > 0 ? sizes : [10_000, 100_000, 1_000_000]
const rows: string[][] = []
const points: [number, number][] = []
const peaks: number[] = []

await using cluster = await startCluster({ kind: 'embedded' })
for (const size of wanted) {
  const { database, session } = await bulkDatabase(cluster, size)
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...process.execArgv, fileURLToPath(new URL('./measured-run.ts', import.meta.url))],
    { env: { ...process.env, DATABASE_URL: database.url() } },
  )
  const { ms, peakMegabytes, cpuMs, total } = JSON.parse(stdout) as {
    readonly ms: number
    readonly peakMegabytes: number
    readonly cpuMs: number
    readonly total: { readonly source: number; readonly setAside: number }
  }
  const copy = await timedCopy(session)
  await session.close()
  await database.drop()
  points.push([Math.log(size), Math.log(ms)])
  peaks.push(peakMegabytes)
  rows.push(
    [size, ms / 1000, (size / ms) * 1000, copy.same / 1000, ms / copy.same, peakMegabytes, cpuMs / 1000, total.setAside].map((each) =>
      Number.isInteger(each) ? String(each) : each.toFixed(2),
    ),
  )
}
process.stdout.write(
  `${markdownTable([['records', 'run, s', 'records/s', 'COPY, s', 'ratio', 'peak, MB', 'CPU of Node, s', 'set aside'], ...rows])}\n\n`,
)
process.stdout.write(`growth exponent: ${points.length > 1 ? linearRegression(points).m.toFixed(3) : '–'}\n`)
process.stdout.write(`peak memory, largest to smallest: ${((peaks.at(-1) ?? 0) / (peaks[0] ?? 1)).toFixed(2)}\n`)
