import { type Session, startCluster } from 'godwit'
import { bulkId } from '../fixtures/kv/bulk.ts'
import { queriesFor } from '../migrations/kv-to-tables/command/queries.ts'
import { type Figure, measure, ratios, roundsOr } from './harness/bench-support.ts'
import { bulkDatabase, timedRun } from './kv-to-tables/bench-database.ts'

const size = Number(process.env.GODWIT_BENCH_ROWS ?? 100_000)
/** As the contract names the questions, in their order. */
const names = ['list 1000 products', 'client report', 'product search', 'order lookup']
const questions = queriesFor({ clientId: bulkId('clients', 3), orderNumber: 'A-7', word: 'mug' })

measure(
  `kv-to-tables: queries after against before, ${size} records (KV-11)`,
  async () => {
    await using cluster = await startCluster({ kind: 'embedded' })
    const { database, session } = await bulkDatabase(cluster, size)
    await timedRun(database.url())
    await session.script('VACUUM ANALYZE')
    const figures: Figure[] = []
    for (const [at, { what, application, store, tables }] of questions.entries()) {
      const times: Record<'application' | 'store' | 'tables' | 'again', number[]> = { application: [], store: [], tables: [], again: [] }
      const contenders = {
        application: () => application(session),
        store: async () => (await session.query(store)).length,
        tables: async () => (await session.query(tables)).length,
        again: async () => (await session.query(tables)).length,
      }
      for (let round = 0; round < roundsOr(7); round += 1) {
        for (const name of ['application', 'store', 'tables', 'again'] as const) {
          const started = performance.now()
          const found = await contenders[name]()
          times[name].push(performance.now() - started)
          if (found === 0) throw new Error(`"${what}" finds nothing by ${name}`)
        }
      }
      figures.push({ what: `${what}: the application over the store`, values: times.application, unit: ' ms' })
      figures.push({ what: 'SQL over the store', values: times.store, unit: ' ms' })
      figures.push({ what: 'the tables', values: times.tables, unit: ' ms' })
      figures.push({
        what: `${names[at]}, before to after`,
        values: ratios(times.application, times.tables),
        unit: ' ×',
        budget: { least: 10 },
        control: ratios(times.again, times.tables),
      })
      figures.push({ what: 'SQL over the store to tables', values: ratios(times.store, times.tables), unit: ' ×' })
      for (const [name, sql] of Object.entries({ store, tables })) console.log(`plan, ${what}, ${name}:\n${await planOf(session, sql)}\n`)
    }
    await session.close()
    return figures
  },
  'migrations/kv-to-tables',
)

async function planOf(session: Session, sql: string): Promise<string> {
  const rows = await session.query<{ 'QUERY PLAN': string }>(`EXPLAIN (COSTS OFF) ${sql}`)
  return rows.map((row) => `  ${row['QUERY PLAN']}`).join('\n')
}
