import type { Writer } from '../run/connection.ts'

type Reader = Pick<Writer, 'query'>
type Value = Readonly<Record<string, unknown>>

/** What the application asks for, of which the plan promises that it becomes at least ten times as fast. */
export interface Query {
  readonly what: string
  /** As the plan has it. */
  readonly promised: string
  /** As the application asked the store: all values under a prefix come over the wire, and it filters. @returns How many it found. */
  readonly application: (reader: Reader) => Promise<number>
  /** The best that SQL over the store can do, without an index made for it. */
  readonly store: string
  /** The same of the tables. */
  readonly tables: string
}

/** What to look for: a client, an order and a word of a product's name that are in the store. */
export interface Sample {
  readonly clientId: string
  readonly orderNumber: string
  readonly word: string
}

/** The four queries of the plan. */
export function queriesFor({ clientId, orderNumber, word }: Sample, store = 'kv_store', schema = 'public'): readonly Query[] {
  const byPrefix = async (reader: Reader, prefix: string): Promise<readonly Value[]> => {
    const rows = await reader.query<{ value: Value | null }>(`SELECT value FROM ${store} WHERE key LIKE $1 || '%' ORDER BY key`, [prefix])
    return rows.flatMap(({ value }) => (value === null ? [] : [value]))
  }
  const has = (name: unknown) => String(name).toLowerCase().split(/\W+/).includes(word)
  return [
    {
      what: 'list 1000 products with their catalogs',
      promised: '30 s → 50 ms',
      application: async (reader) => {
        const names = new Map((await byPrefix(reader, 'catalog:')).map(({ id, name }) => [id, name]))
        const products = (await byPrefix(reader, 'product:')).slice(0, 1000)
        return products.map((product) => ({ ...product, catalog: names.get(product.catalogId) })).length
      },
      store: `SELECT p.value, c.value->>'name' FROM (SELECT value FROM ${store} WHERE key LIKE 'product:%' ORDER BY key LIMIT 1000) AS p
        LEFT JOIN ${store} AS c ON c.key = 'catalog:' || (p.value->>'catalogId')`,
      tables: `SELECT p.*, c.name FROM (SELECT * FROM ${schema}.products ORDER BY id LIMIT 1000) AS p JOIN ${schema}.catalogs AS c ON c.id = p.catalog_id`,
    },
    {
      what: 'report on a client: orders and their total, by site',
      promised: '5 min → 2 s',
      application: async (reader) => {
        const sites = new Set((await byPrefix(reader, 'site:')).filter((site) => site.clientId === clientId).map(({ id }) => id))
        const totals = new Map<unknown, number>()
        for (const order of await byPrefix(reader, 'order:'))
          if (sites.has(order.siteId)) totals.set(order.siteId, (totals.get(order.siteId) ?? 0) + Number(order.total))
        return totals.size
      },
      store: `SELECT s.key, count(*), sum((o.value->>'total')::numeric) FROM ${store} AS s JOIN ${store} AS o ON 'site:' || (o.value->>'siteId') = s.key
        WHERE s.key LIKE 'site:%' AND o.key LIKE 'order:%' AND s.value->>'clientId' = '${clientId}' AND o.value->>'total' ~ '^[0-9.]+$' GROUP BY s.key`,
      tables: `SELECT s.id, count(*), sum(o.total) FROM ${schema}.sites AS s JOIN ${schema}.orders AS o ON o.site_id = s.id
        WHERE s.client_id = '${clientId}' GROUP BY s.id`,
    },
    {
      what: `search products for "${word}", 50 of them`,
      promised: '10 s → 100 ms',
      application: async (reader) => (await byPrefix(reader, 'product:')).filter(({ name }) => has(name)).slice(0, 50).length,
      store: `SELECT value FROM ${store} WHERE key LIKE 'product:%' AND value->>'name' ~* '\\m${word}\\M' LIMIT 50`,
      tables: `SELECT * FROM ${schema}.products WHERE to_tsvector('simple', name) @@ plainto_tsquery('simple', '${word}') LIMIT 50`,
    },
    {
      what: 'look up an order by its number',
      promised: '500 ms → 10 ms',
      application: async (reader) => (await byPrefix(reader, 'order:')).filter(({ number }) => number === orderNumber).length,
      store: `SELECT value FROM ${store} WHERE key LIKE 'order:%' AND value->>'number' = '${orderNumber.replaceAll("'", "''")}'`,
      tables: `SELECT * FROM ${schema}.orders WHERE number = '${orderNumber.replaceAll("'", "''")}'`,
    },
  ]
}
