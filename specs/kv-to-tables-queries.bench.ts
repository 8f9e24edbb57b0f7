import { type Session, startCluster } from 'godwit'
import { bulkId } from '../fixtures/kv/bulk.ts'
import { type Figure, measure, ratios, roundsOr } from './harness/bench-support.ts'
import { bulkDatabase, timedRun } from './kv-to-tables/bench-database.ts'

const size = Number(process.env.GODWIT_BENCH_ROWS ?? 100_000)
const clientId = bulkId('clients', 3)
const orderNumber = 'A-7'
const word = 'mug'

type Value = Readonly<Record<string, unknown>>

/** What the application did: all values under a prefix come over the wire, and it filters. */
async function byPrefix(session: Session, prefix: string): Promise<readonly Value[]> {
  const rows = await session.query<{ value: Value | null }>("SELECT value FROM kv_store WHERE key LIKE $1 || '%' ORDER BY key", [prefix])
  return rows.flatMap(({ value }) => (value === null ? [] : [value]))
}

interface Question {
  readonly what: string
  readonly application: (session: Session) => Promise<number>
  /** The best that SQL over the store can do, without an index made for it. */
  readonly store: string
  readonly tables: string
}

const has = (name: unknown) => String(name).toLowerCase().split(/\W+/).includes(word)

const questions: readonly Question[] = [
  {
    what: 'list 1000 products with their catalogs',
    application: async (session) => {
      const names = new Map((await byPrefix(session, 'catalog:')).map(({ id, name }) => [id, name]))
      const products = (await byPrefix(session, 'product:')).slice(0, 1000)
      return products.map((product) => ({ ...product, catalog: names.get(product.catalogId) })).length
    },
    store: `SELECT p.value, c.value->>'name' FROM (SELECT value FROM kv_store WHERE key LIKE 'product:%' ORDER BY key LIMIT 1000) AS p
      LEFT JOIN kv_store AS c ON c.key = 'catalog:' || (p.value->>'catalogId')`,
    tables: 'SELECT p.*, c.name FROM (SELECT * FROM products ORDER BY id LIMIT 1000) AS p JOIN catalogs AS c ON c.id = p.catalog_id',
  },
  {
    what: 'report on a client: orders and their total, by site',
    application: async (session) => {
      const sites = new Set((await byPrefix(session, 'site:')).filter((site) => site.clientId === clientId).map(({ id }) => id))
      const totals = new Map<unknown, number>()
      for (const order of await byPrefix(session, 'order:'))
        if (sites.has(order.siteId)) totals.set(order.siteId, (totals.get(order.siteId) ?? 0) + Number(order.total))
      return totals.size
    },
    store: `SELECT s.key, count(*), sum((o.value->>'total')::numeric) FROM kv_store AS s JOIN kv_store AS o ON 'site:' || (o.value->>'siteId') = s.key
      WHERE s.key LIKE 'site:%' AND o.key LIKE 'order:%' AND s.value->>'clientId' = '${clientId}' AND o.value->>'total' ~ '^[0-9.]+$' GROUP BY s.key`,
    tables: `SELECT s.id, count(*), sum(o.total) FROM sites AS s JOIN orders AS o ON o.site_id = s.id WHERE s.client_id = '${clientId}' GROUP BY s.id`,
  },
  {
    what: `search products for "${word}", 50 of them`,
    application: async (session) => (await byPrefix(session, 'product:')).filter(({ name }) => has(name)).slice(0, 50).length,
    store: `SELECT value FROM kv_store WHERE key LIKE 'product:%' AND value->>'name' ~* '\\m${word}\\M' LIMIT 50`,
    tables: `SELECT * FROM products WHERE to_tsvector('simple', name) @@ plainto_tsquery('simple', '${word}') LIMIT 50`,
  },
  {
    what: 'look up an order by its number',
    application: async (session) => (await byPrefix(session, 'order:')).filter(({ number }) => number === orderNumber).length,
    store: `SELECT value FROM kv_store WHERE key LIKE 'order:%' AND value->>'number' = '${orderNumber}'`,
    tables: `SELECT * FROM orders WHERE number = '${orderNumber}'`,
  },
]

measure(`kv-to-tables: queries after against before, ${size} records (KV-11)`, async () => {
  await using cluster = await startCluster({ kind: 'embedded' })
  const { database, session } = await bulkDatabase(cluster, size)
  await timedRun(database.url())
  await session.script('VACUUM ANALYZE')
  const figures: Figure[] = []
  for (const { what, application, store, tables } of questions) {
    const times: Record<'application' | 'store' | 'tables', number[]> = { application: [], store: [], tables: [] }
    const contenders = {
      application: () => application(session),
      store: async () => (await session.query(store)).length,
      tables: async () => (await session.query(tables)).length,
    }
    for (let round = 0; round < roundsOr(7); round += 1) {
      for (const name of ['application', 'store', 'tables'] as const) {
        const started = performance.now()
        const found = await contenders[name]()
        times[name].push(performance.now() - started)
        if (found === 0) throw new Error(`"${what}" finds nothing by ${name}`)
      }
    }
    figures.push({ what: `${what}: the application over the store`, values: times.application, unit: ' ms' })
    figures.push({ what: 'SQL over the store', values: times.store, unit: ' ms' })
    figures.push({ what: 'the tables', values: times.tables, unit: ' ms' })
    figures.push({ what: 'application to tables', values: ratios(times.application, times.tables), unit: ' ×', budget: { least: 10 } })
    figures.push({ what: 'SQL over the store to tables', values: ratios(times.store, times.tables), unit: ' ×' })
    for (const [name, sql] of Object.entries({ store, tables })) console.log(`plan, ${what}, ${name}:\n${await planOf(session, sql)}\n`)
  }
  await session.close()
  return figures
})

async function planOf(session: Session, sql: string): Promise<string> {
  const rows = await session.query<{ 'QUERY PLAN': string }>(`EXPLAIN (COSTS OFF) ${sql}`)
  return rows.map((row) => `  ${row['QUERY PLAN']}`).join('\n')
}
