import { useCluster } from 'godwit/vitest'
import { expect, test } from 'vitest'
import { datasetArbitrary, sampleDatasets, seedDataset } from '../../../harness/data/index.ts'
import { enclose } from './zoo-plan.ts'

const names = (count: number) => Array.from({ length: count }, (_, at) => `c${at}`)
const ascending = (count: number) =>
  names(count - 1)
    .map((name, at) => `${name} <= c${at + 1}`)
    .join(' AND ')

/** Checks that link many attributes: no product of their candidates is small, and rows drawn at random hardly satisfy them. */
const cases = {
  'exactly one of 24 is set': [names(24).map((name) => `${name} integer`), `num_nonnulls(${names(24).join(', ')}) = 1`],
  '24 that ascend, none of them NULL': [names(24).map((name) => `${name} integer NOT NULL`), ascending(24)],
  '8 that ascend strictly, none of them NULL': [names(8).map((name) => `${name} integer NOT NULL`), ascending(8).replaceAll('<=', '<')],
  '12 of which the sum is given': [names(12).map((name) => `${name} smallint NOT NULL`), `${names(12).join(' + ')} = 3`],
} as const

test.each(Object.entries(cases))('%s: rows are found, and the server takes them', async (_, [columns, check]) => {
  const table = `CREATE TABLE public.linked (id int PRIMARY KEY, ${columns.join(', ')}, CHECK (${check}))`
  await using enclosure = await enclose(await useCluster(), table)
  const { plan, session } = enclosure
  expect(plan.unfilled).toEqual([])
  const counts = []
  for (const dataset of sampleDatasets(datasetArbitrary(plan, { rows: { min: 2, max: 6 } }), 5, 20)) {
    await session.script('BEGIN')
    const { dropped } = await seedDataset(session, plan, dataset)
    const { rows } = await session.one<{ rows: number }>('SELECT count(*)::int AS rows FROM public.linked')
    counts.push({ rows, dropped: dropped.length })
    await session.script('ROLLBACK')
  }
  expect(counts.filter(({ rows, dropped }) => rows < 2 || dropped > 0)).toEqual([])
})
