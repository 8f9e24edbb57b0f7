import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  bandedDataset,
  type Dataset,
  datasetArbitrary,
  type Hints,
  noHints,
  sampleDatasets,
  seedDataset,
} from '../../../harness/data/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { type Enclosure, enclose } from './zoo-plan.ts'

const schema = `
  CREATE EXTENSION btree_gist;
  CREATE TABLE rate (id int PRIMARY KEY, room int, season daterange, EXCLUDE USING gist (room WITH =, season WITH &&));
  CREATE TABLE shift (id int PRIMARY KEY, hours int4range NOT NULL CHECK (NOT isempty(hours)), EXCLUDE USING gist (hours WITH &&));
  CREATE TABLE flight (number varchar(8) NOT NULL, departs_at timestamp NOT NULL, gate varchar(4), PRIMARY KEY (number, departs_at, gate));
  CREATE TABLE person (id int PRIMARY KEY, data jsonb)`

const hints: Hints = {
  ...noHints,
  zones: ['America/New_York'],
  jsonKeys: [{ relation: 'public.person', attribute: 'data', path: ['age'], values: ['42', 'x1', '', '3.5'] }],
}

let enclosure: Enclosure
let datasets: readonly Dataset[]

beforeAll(async () => {
  enclosure = await enclose(await useCluster(), schema, hints)
  datasets = sampleDatasets(datasetArbitrary(enclosure.plan, { rows: { min: 2, max: 6 }, profile: 'plausible' }), 23, 200)
})

afterAll(async () => {
  await enclosure[Symbol.asyncDispose]()
})

const cells = (dataset: Dataset, relation: string, attribute: string) => {
  const table = dataset.tables.get(`public.${relation}`)
  return table?.rows.map((row) => row[table.attributes.indexOf(attribute)] ?? null) ?? []
}

describe('of 200 data sets', () => {
  test('many hold empty ranges where ranges must not overlap, and none where a check forbids them', () => {
    expect(datasets.filter((each) => cells(each, 'rate', 'season').includes('empty')).length).toBeGreaterThan(50)
    expect(datasets.filter((each) => cells(each, 'shift', 'hours').includes('empty')).length).toBe(0)
  })

  test('some hold two rows that an hour tells apart, in the hour that the clocks skip', () => {
    const meets = (dataset: Dataset) => {
      const rows = dataset.tables.get('public.flight')?.rows ?? []
      const key = (row: (typeof rows)[number], hours: number) =>
        JSON.stringify([row[0], Date.parse(`${(row[1] ?? '').replace(' ', 'T')}Z`) + hours * 3_600_000, row[2]])
      const keys = new Set(rows.map((row) => key(row, 0)))
      return rows.some((row) => /^202\d-03-\d\d 02:/.test(row[1] ?? '') && keys.has(key(row, 1)))
    }
    expect(datasets.filter(meets).length).toBeGreaterThan(11)
  })

  test('many hold JSON that reads as the type that the migration casts it to, and many JSON that does not', () => {
    const ages = datasets.map((each) =>
      cells(each, 'person', 'data').flatMap((text) => {
        const value: unknown = JSON.parse(text ?? 'null')
        const age: unknown = typeof value === 'object' && value !== null && 'age' in value ? value.age : undefined
        return typeof age === 'string' || typeof age === 'number' ? [String(age)] : []
      }),
    )
    expect(ages.filter((each) => each.some((age) => /^\d+$/.test(age))).length).toBeGreaterThan(70)
    expect(ages.filter((each) => each.includes('x1') || each.includes('3.5')).length).toBeGreaterThan(20)
  })

  test('all go in whole', async () => {
    for (const dataset of datasets.slice(0, 40)) {
      await enclosure.session.script('BEGIN')
      const { dropped, unfilled } = await seedDataset(enclosure.session, enclosure.plan, dataset)
      await enclosure.session.script('ROLLBACK')
      expect([dropped, unfilled]).toEqual([[], []])
    }
  })
})

test('bands in JSON read as the type that the migration casts them to', () => {
  const banded = bandedDataset(enclosure.plan, { seed: 5, rows: 18, variant: 0 })
  const ages = cells(banded, 'person', 'data').flatMap((text) => {
    const { age } = JSON.parse(text ?? '{}') as { readonly age?: unknown }
    return age === undefined ? [] : [age]
  })
  expect(ages.length).toBeGreaterThan(8)
  expect(ages.every((age) => Number.isInteger(age))).toBe(true)
  expect(new Set(ages).size).toBe(ages.length)
})
