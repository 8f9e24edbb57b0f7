import { expect, test } from 'vitest'
import { type Dataset, datasetArbitrary, sampleDatasets } from '../../../harness/data/index.ts'
import { shrinkDataset } from '../../../harness/run/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { enclose } from '../data/zoo-plan.ts'

const rowsOf = (dataset: Dataset) => dataset.tables.get('public.shelf')?.rows ?? []

test('a number that matters is brought near its border in tens of tries, and the plain values of the others are not forgotten', async () => {
  await using enclosure = await enclose(await useCluster(), 'CREATE TABLE shelf (id int PRIMARY KEY, n int NOT NULL, note text)')
  const arbitrary = datasetArbitrary(enclosure.plan, { rows: { min: 6, max: 6 }, sweep: { of: 'extremes', from: 0 } })
  const [start] = sampleDatasets(arbitrary, 1, 1)
  if (start === undefined) throw new Error('no rows were drawn')
  const shrinker = { shrink: (dataset: Dataset) => [...arbitrary.shrink(dataset, undefined)].map(({ value }) => value) }
  const shows = async (dataset: Dataset) => rowsOf(dataset).some(([id]) => Math.abs(Number(id)) > 1_000_000)
  expect(await shows(start)).toBe(true)
  const found = await shrinkDataset(start, shrinker, shows, { attempts: 500, deadline: Number.POSITIVE_INFINITY })
  expect(found.complete).toBe(true)
  expect(found.attempts).toBeLessThan(150)
  expect(rowsOf(found.dataset)).toHaveLength(1)
  const [[id, n, note] = []] = rowsOf(found.dataset)
  expect([n, note]).toEqual(['0', null])
  expect(Math.abs(Number(id))).toBeLessThan(1_100_000)
})
