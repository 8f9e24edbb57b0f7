import { defineContract } from 'godwit'

const tables = ['clients', 'catalogs', 'sites', 'products', 'employees', 'orders']
const arrived = tables.map((table) => `SELECT source_key AS key FROM ${table}`).join(' UNION ALL ')

export default defineContract({
  measures: [
    {
      // KV-1: each record is in its table or set aside, once.
      name: 'records',
      relation: 'public.kv_store',
      attribute: 'key',
      before: 'SELECT key, 1 AS value FROM kv_store',
      after: `SELECT key, count(*) AS value FROM (${arrived} UNION ALL SELECT key FROM kv_set_aside) AS a GROUP BY key`,
    },
    {
      name: 'values set aside are those of the store',
      relation: 'public.kv_store',
      attribute: 'value',
      before: 'SELECT key, 0 AS value FROM kv_store',
      after: `SELECT s.key, (a.key IS NOT NULL AND a.value IS DISTINCT FROM s.value::text)::int AS value
              FROM kv_store AS s LEFT JOIN kv_set_aside AS a USING (key)`,
    },
  ],
  references: [],
  idempotent: true,
})
