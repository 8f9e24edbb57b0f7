import { describe, expect, test } from 'vitest'
import { bandedDataset, type Dataset, datasetArbitrary, renderInserts, sampleDatasets, seedDataset } from '../../../harness/data/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { zoo } from './zoo.ts'
import { type Enclosure, enclose } from './zoo-plan.ts'

/** Seed inside a transaction that is rolled back; what the server did not take, as texts. */
async function refusals({ session, plan }: Enclosure, dataset: Dataset): Promise<readonly string[]> {
  await session.script('BEGIN')
  try {
    const { dropped, unfilled } = await seedDataset(session, plan, dataset)
    await session.script('SET CONSTRAINTS ALL IMMEDIATE')
    return [...dropped, ...unfilled].map((each) => `${each.relation} ${each.constraint}: ${each.because}`)
  } finally {
    await session.script('ROLLBACK')
  }
}

describe.each(Object.keys(zoo))('the schema "%s"', (name) => {
  const sql = zoo[name] ?? ''

  test('can be filled in full', async () => {
    await using enclosure = await enclose(await useCluster(), sql)
    const { plan } = enclosure
    expect(plan.unfilled).toEqual([])
    const datasets = sampleDatasets(datasetArbitrary(plan), 11, 40)
    const filled = datasets.reduce((sum, dataset) => sum + dataset.tables.size, 0)
    expect(filled / (datasets.length * plan.relations.size)).toBeGreaterThanOrEqual(0.98)
  })

  test('takes any generated data set', async () => {
    await using enclosure = await enclose(await useCluster(), sql)
    for (const dataset of sampleDatasets(datasetArbitrary(enclosure.plan, { rows: { min: 0, max: 7 } }), 12, 40)) {
      expect(await refusals(enclosure, dataset)).toEqual([])
    }
  })

  test('takes the banded data sets of every variant', async () => {
    await using enclosure = await enclose(await useCluster(), sql)
    for (const variant of [0, 1, 2, 3, 4]) {
      const dataset = bandedDataset(enclosure.plan, { seed: 13, rows: 20, variant })
      expect(dataset.tables.size).toBe(enclosure.plan.relations.size)
      expect(await refusals(enclosure, dataset)).toEqual([])
    }
  })

  test('takes any step of shrinking', async () => {
    await using enclosure = await enclose(await useCluster(), sql)
    const arbitrary = datasetArbitrary(enclosure.plan)
    for (const start of sampleDatasets(arbitrary, 14, 6)) {
      let current = start
      for (let step = 0; step < 6; step++) {
        const candidates = [...arbitrary.shrink(current, undefined).take(40)]
        // A different way down for every start: each third, each fourth, … candidate.
        const next = candidates[(step * 7 + start.tables.size) % Math.max(candidates.length, 1)]?.value
        if (next === undefined) break
        expect(await refusals(enclosure, next)).toEqual([])
        current = next
      }
    }
  })

  test('takes the same rows as plain SQL', async () => {
    if (name === 'triggers') return
    await using enclosure = await enclose(await useCluster(), sql)
    const [dataset] = sampleDatasets(datasetArbitrary(enclosure.plan), 15, 1)
    if (dataset === undefined) throw new Error('no data set')
    await enclosure.session.script(`BEGIN; ${renderInserts(enclosure.plan, dataset)} SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK`)
  })
})
