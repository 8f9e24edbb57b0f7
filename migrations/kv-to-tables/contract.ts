import { defineContract } from 'godwit'

const tables = ['clients', 'catalogs', 'sites', 'products', 'employees', 'orders']
const arrived = tables.map((table) => `SELECT source_key AS key FROM ${table}`).join(' UNION ALL ')

const seconds = { '100': 10, '1,000': 30, '10,000': 300, '100,000': 1800 }
const queries = ['list 1000 products', 'client report', 'product search', 'order lookup']

export default defineContract({
  claims: [
    {
      id: 'KV-1',
      text: 'Every record is migrated or set aside, with its original value and every reason.',
      restsOn: [{ measure: 'records' }, { measure: 'values set aside are those of the store' }],
    },
    {
      id: 'KV-2',
      text: 'A valid record arrives with every field unchanged but for the declared sanitizing; a field without a column is kept too.',
      restsOn: [{ spec: 'KV-2' }],
    },
    { id: 'KV-3', text: 'Every foreign key leads to a row.', restsOn: [{ spec: 'KV-3' }] },
    { id: 'KV-4', text: 'A dry run writes nothing and predicts exactly what the live run does.', restsOn: [{ spec: 'KV-4' }] },
    {
      id: 'KV-5',
      text: 'A second run changes nothing; a run that is killed and started again ends where an undisturbed one ends.',
      restsOn: [{ spec: 'KV-5' }],
    },
    {
      id: 'KV-6',
      text: 'Rollback empties exactly the named tables, refuses a selection that would leave orphans, and leaves the store as it is.',
      restsOn: [{ invariant: 'rollback-restores-state' }, { spec: 'KV-6' }],
    },
    { id: 'KV-7', text: 'Any batch size gives the same result.', restsOn: [{ spec: 'KV-7' }] },
    { id: 'KV-8', text: 'Memory stays bounded as the store grows.', restsOn: [{ spec: 'KV-8' }] },
    {
      id: 'KV-9',
      text: 'Progress is shown, statistics stand at the end, mail or a webhook tells of completion, and a backup is made before a live run.',
      restsOn: [{ spec: 'KV-9' }],
    },
    {
      id: 'KV-10',
      text: '100 records take less than 10 s, 1,000 less than 30 s, 10,000 less than 5 min, 100,000 less than 30 min.',
      restsOn: Object.entries(seconds).map(([records, most]) => ({
        benchmark: `${records} records, to ${most} s`,
        budget: { most: 1 },
      })),
    },
    {
      id: 'KV-11',
      text: 'Listing 1000 products, the client report, the product search and the order lookup are at least 10 times as fast as before.',
      restsOn: queries.map((query) => ({ benchmark: `${query}, before to after`, budget: { least: 10 } })),
    },
    { id: 'KV-12', text: 'A trial on a copy of production writes a document of its results.', restsOn: [{ spec: 'KV-12' }] },
    {
      id: 'KV-13',
      text: 'A guide leads through dry run, backup, verification, rollback and troubleshooting.',
      restsOn: [{ spec: 'KV-13' }],
    },
  ],
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
