import { startCluster } from 'godwit'
import { type Figure, measure, ratios, roundsOr, roundToRound } from './harness/bench-support.ts'
import { bulkDatabase, timedCopy, timedRun } from './kv-to-tables/bench-database.ts'

/** What the plan promised, in seconds. */
const promised = new Map([
  [100, 10],
  [1000, 30],
  [10_000, 300],
  [100_000, 1800],
])

measure(
  'kv-to-tables: a live run on a store of N records (KV-10)',
  async () => {
    await using cluster = await startCluster({ kind: 'embedded' })
    const figures: Figure[] = []
    for (const [size, seconds] of promised) {
      const [ours, same, plain]: [number[], number[], number[]] = [[], [], []]
      for (let round = 0; round < roundsOr(7); round += 1) {
        const { database, session } = await bulkDatabase(cluster, size)
        ours.push((await timedRun(database.url())).ms / 1000)
        const copy = await timedCopy(session)
        same.push(copy.same / 1000)
        plain.push(copy.plain / 1000)
        await session.close()
        await database.drop()
      }
      const records = size.toLocaleString('en')
      const share = ours.map((each) => each / seconds)
      const budget = { most: 1 }
      figures.push({ what: `${records} records`, values: ours, unit: ' s' })
      figures.push({ what: `${records} records, to ${seconds} s`, values: share, unit: ' ×', budget, control: roundToRound(share) })
      if (size < 100_000) continue
      figures.push({ what: `${records} records a second`, values: ours.map((each) => size / each), unit: ' /s' })
      figures.push({ what: 'COPY of the same rows into the same tables', values: same, unit: ' s' })
      figures.push({ what: 'ours to it', values: ratios(ours, same), unit: ' ×', budget: { most: 2 } })
      figures.push({ what: 'ours to COPY into tables without keys and indexes', values: ratios(ours, plain), unit: ' ×' })
    }
    return figures
  },
  'migrations/kv-to-tables',
)
