import { useCluster } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import { type Dataset, datasetArbitrary, makesRings, sampleDatasets, seedDataset } from '../../../harness/data/index.ts'
import { shrinkerOf } from '../../../harness/verify/shrink-finding.ts'
import { enclose } from './zoo-plan.ts'

const tree = 'CREATE TABLE public.part (id int PRIMARY KEY, parent int REFERENCES public.part, name text NOT NULL)'
const other = 'CREATE TABLE public.box (id int PRIMARY KEY, part int NOT NULL REFERENCES public.part)'

/** How long the ring is that a row is in; 0 where it is in none. */
function ringOf(dataset: Dataset, id: unknown): number {
  const parents = new Map(dataset.tables.get('public.part')?.rows.map(([key, parent]) => [key, parent]))
  let [at, length] = [parents.get(id as string), 1]
  while (at != null && at !== id && length <= parents.size) [at, length] = [parents.get(at), length + 1]
  return at === id ? length : 0
}

const ids = (dataset: Dataset) => dataset.tables.get('public.part')?.rows.map(([id]) => id) ?? []
const ringsOf = (dataset: Dataset) => ids(dataset).map((id) => ringOf(dataset, id))

async function drawn(schema: string, rings: boolean) {
  await using enclosure = await enclose(await useCluster(), schema)
  const datasets = sampleDatasets(datasetArbitrary(enclosure.plan, { rows: { min: 1, max: 6 }, rings }), 3, 120)
  let refused = 0
  for (const dataset of datasets) {
    await enclosure.session.script('BEGIN')
    refused += (await seedDataset(enclosure.session, enclosure.plan, dataset)).dropped.length
    await enclosure.session.script('ROLLBACK')
  }
  const scope = new Set(enclosure.plan.relations.keys())
  return { plan: enclosure.plan, scope, datasets, refused }
}

describe('rows that refer to their own relation', () => {
  test('form rings of one, two and three where that is asked for, beside trees; none is refused', async () => {
    const { datasets, refused } = await drawn(`${tree}; ${other}`, true)
    const count = (length: number) => datasets.filter((each) => ringsOf(each).includes(length)).length
    expect(refused).toBe(0)
    for (const length of [1, 2, 3]) expect([length, count(length) >= 8]).toEqual([length, true])
    const beside = datasets.filter((each) => ringsOf(each).some((length) => length > 0) && ringsOf(each).includes(0))
    expect(beside.length).toBeGreaterThan(20)
  })

  test('form none else', async () => {
    const { datasets } = await drawn(tree, false)
    expect(datasets.flatMap(ringsOf).filter((length) => length > 0)).toEqual([])
  })

  test('keep their keys apart in a ring too', async () => {
    const { datasets, refused } = await drawn(`${tree}; CREATE UNIQUE INDEX ON public.part (parent)`, true)
    expect(refused).toBe(0)
    expect(datasets.flatMap(ringsOf).filter((length) => length > 0).length).toBeGreaterThan(20)
  })

  test.each([
    [
      'a trigger looks at them',
      `${tree}; CREATE FUNCTION public.look() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER look BEFORE INSERT ON public.part FOR EACH ROW EXECUTE FUNCTION public.look()`,
    ],
    ['each must have a parent', 'CREATE TABLE public.part (id int PRIMARY KEY, parent int NOT NULL REFERENCES public.part)'],
    ['none refers to its own relation', 'CREATE TABLE public.part (id int PRIMARY KEY)'],
  ])('are left as they are where %s', async (_, schema) => {
    await using enclosure = await enclose(await useCluster(), schema)
    expect(makesRings(enclosure.plan, new Set(enclosure.plan.relations.keys()))).toBe(false)
  })

  test('shrink to one row in a ring, and to rows in none', async () => {
    const { plan, scope, datasets } = await drawn(tree, true)
    const long = datasets.find((each) => ringsOf(each).includes(3))
    const shrinker = shrinkerOf({ plan, scope })
    const smallest = (shows: (dataset: Dataset) => boolean) => {
      let least = long as Dataset
      for (let next: Dataset | undefined = least; next !== undefined; ) {
        next = [...shrinker.shrink(least)].find(shows)
        least = next ?? least
      }
      return least
    }
    expect(ringsOf(smallest((each) => ringsOf(each).some((length) => length > 0)))).toEqual([1])
    expect(ringsOf(smallest((each) => ids(each).length > 1))).toEqual([0, 0])
  })
})
