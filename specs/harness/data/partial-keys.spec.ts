import { useCluster } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import { type Dataset, datasetArbitrary, noHints, sampleDatasets, seedDataset } from '../../../harness/data/index.ts'
import { enclose } from './zoo-plan.ts'

const columns = `id int PRIMARY KEY, email text, place varchar(9), state public.state, archived boolean, gone_at timestamptz, rank int, "Odd ""name" text`

/** Whether two rows share an email, as rows under a whole unique index could not. */
function share(dataset: Dataset): boolean {
  const table = dataset.tables.get('public.item')
  const emails = table?.rows.flatMap((row) => row[table.attributes.indexOf('email')] ?? []) ?? []
  return new Set(emails).size < emails.length
}

async function sample(index: string) {
  const schema = `CREATE TYPE public.state AS ENUM ('live', 'gone', 'held'); CREATE TABLE public.item (${columns}); ${index}`
  await using enclosure = await enclose(await useCluster(), schema)
  const datasets = sampleDatasets(datasetArbitrary(enclosure.plan, { rows: { min: 2, max: 8 } }), 7, 120)
  let refused = 0
  for (const dataset of datasets) {
    await enclosure.session.script('BEGIN')
    const { dropped } = await seedDataset(enclosure.session, enclosure.plan, dataset)
    refused += dropped.length
    await enclosure.session.script('ROLLBACK')
  }
  return { refused, shared: datasets.filter(share).length }
}

test('a composite reference has one NULL at times, on either side, unless it matches in full', async () => {
  const sql = (match: string) => `CREATE TABLE public.depot (country text, code text, PRIMARY KEY (country, code));
    CREATE TABLE public.parcel (id int PRIMARY KEY, country text, code text, FOREIGN KEY (country, code) REFERENCES public.depot ${match})`
  const halves = async (match: string) => {
    await using enclosure = await enclose(await useCluster(), sql(match))
    const rows = sampleDatasets(datasetArbitrary(enclosure.plan), 5, 150).flatMap((each) => each.tables.get('public.parcel')?.rows ?? [])
    return [rows.some((row) => row[1] === null && row[2] !== null), rows.some((row) => row[1] !== null && row[2] === null)]
  }
  expect(await halves('')).toEqual([true, true])
  expect(await halves('MATCH FULL')).toEqual([false, false])
})

test('a text that a pattern lets through is at times as long as may be', async () => {
  const pattern = { relation: 'public.line', attribute: 'phone', kind: 'text', value: '0%', ordered: false, pattern: 'like' } as const
  await using enclosure = await enclose(await useCluster(), 'CREATE TABLE public.line (id int PRIMARY KEY, phone varchar(15))', {
    ...noHints,
    literals: [pattern],
  })
  const phones = sampleDatasets(datasetArbitrary(enclosure.plan), 5, 60).flatMap(
    (each) => each.tables.get('public.line')?.rows.map((row) => row[1]) ?? [],
  )
  expect(phones.some((phone) => typeof phone === 'string' && /^0.{14}$/.test(phone))).toBe(true)
})

const unique = (where: string, keys = 'email') => `CREATE UNIQUE INDEX ON public.item (${keys}) WHERE ${where}`

describe('rows that a partial unique index leaves out', () => {
  test.each([
    'gone_at IS NULL',
    'gone_at IS NOT NULL',
    'NOT archived',
    'archived',
    'archived IS NOT TRUE',
    'archived IS FALSE',
    "state = 'live'",
    "state <> 'live'",
    "state IN ('live', 'held')",
    "place = 'Oslo'",
    "place IN ('Oslo', 'O''Hare, US')",
    'rank = 1',
    `"Odd ""name" IS NULL AND state = 'live'`,
    '(gone_at IS NULL AND rank > 3) AND NOT archived',
  ])('%s: share what is unique under it, and the server takes them all', async (where) => {
    const { refused, shared } = await sample(unique(where))
    expect(refused).toBe(0)
    expect(shared).toBeGreaterThan(5)
  })

  test('an expression is a key all the same', async () => {
    const { refused, shared } = await sample(unique('gone_at IS NULL', 'lower(email)'))
    expect(refused).toBe(0)
    expect(shared).toBeGreaterThan(5)
  })

  test.each(['', 'gone_at IS NULL OR archived', 'rank > 3', 'length(email) > 3', "state = 'live' OR state = 'held'"])(
    'where nobody knows which rows those are (%s), none do',
    async (where) => {
      const { refused, shared } = await sample(where === '' ? 'CREATE UNIQUE INDEX ON public.item (email)' : unique(where))
      expect([refused, shared]).toEqual([0, 0])
    },
  )
})
