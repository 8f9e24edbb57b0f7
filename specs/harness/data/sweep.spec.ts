import { describe, expect, test } from 'vitest'
import { type Dataset, datasetArbitrary, noHints, sampleDatasets } from '../../../harness/data/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { enclose } from './zoo-plan.ts'

const schema = 'CREATE TABLE visit (id uuid PRIMARY KEY, at timestamptz, price numeric(8,2) NOT NULL, note text)'
const rows = 6

function cellsOf(datasets: readonly Dataset[], attribute: string): ReadonlySet<string | null | undefined> {
  return new Set(
    datasets.flatMap((dataset) => {
      const table = dataset.tables.get('public.visit')
      return table?.rows.map((row) => row[table.attributes.indexOf(attribute)]) ?? []
    }),
  )
}

describe('data sets that take the borders of each attribute in turn', () => {
  test.for([1, 2, 3])('hold all of them, and the turns of the clocks in a zone that is named, with seed %i', async (seed) => {
    await using enclosure = await enclose(await useCluster(), schema, { ...noHints, zones: ['Europe/Paris'] })
    const { plan } = enclosure
    const drawn = Array.from({ length: 9 }, (_, turn) => {
      const arbitrary = datasetArbitrary(plan, { rows: { min: rows, max: rows }, sweep: { from: turn * rows, of: 'edges' } })
      return sampleDatasets(arbitrary, seed + turn, 1)
    }).flat()
    for (const attribute of plan.relations.get('public.visit')?.attributes.slice(1) ?? [])
      expect([...cellsOf(drawn, attribute.name)]).toEqual(expect.arrayContaining([...attribute.pools.edges]))
    expect([...cellsOf(drawn, 'at')]).toEqual(
      expect.arrayContaining(plan.clocks.changes.flatMap((each) => each.instants.map((text) => `${text}+00`))),
    )
  })
  test('or NULL wherever it may be, in one row', async () => {
    await using enclosure = await enclose(await useCluster(), schema)
    const arbitrary = datasetArbitrary(enclosure.plan, { rows: { min: 1, max: 1 }, sweep: { of: 'nulls' } })
    const drawn = sampleDatasets(arbitrary, 1, 3)
    expect(drawn.map((dataset) => dataset.tables.get('public.visit')?.rows.length)).toEqual([1, 1, 1])
    expect([...cellsOf(drawn, 'at'), ...cellsOf(drawn, 'note')]).toEqual([null, null])
  })
})
