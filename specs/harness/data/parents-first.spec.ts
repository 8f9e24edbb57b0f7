import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Dataset, seedDataset } from '../../../harness/data/index.ts'
import { parentsFirst } from '../../../harness/data/seed/parents-first.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { enclose } from './zoo-plan.ts'

const tree = 'CREATE TABLE public.t (id int PRIMARY KEY, parent int REFERENCES public.t)'

test('rows of a tree stand behind their parents, and no row is lost or doubled, rings included', async () => {
  await using enclosure = await enclose(await useCluster(), tree)
  const relation = enclosure.plan.relations.get('public.t')
  const trees = fc
    .integer({ min: 1, max: 30 })
    .chain((size) => fc.tuple(fc.array(fc.option(fc.integer({ min: 0, max: size - 1 })), { minLength: size, maxLength: size })))
  let [sorted, rings] = [0, 0]
  fc.assert(
    fc.property(trees, ([parents]) => {
      const rows = parents.map((parent, id) => [`${id}`, parent === null ? null : `${parent}`])
      const given = { relation: 'public.t', attributes: ['id', 'parent'], rows }
      const found = parentsFirst(relation, given).rows
      expect([...found].sort()).toEqual([...rows].sort())
      const inRing = (id: number) => {
        const seen = new Set<number>()
        for (let at: number | null = id; at !== null && !seen.has(at); at = parents[at] ?? null) seen.add(at)
        return [...seen].some((at) => reaches(at, parents))
      }
      for (const [place, [id, parent]] of found.entries()) {
        if (parent === null || inRing(Number(id))) rings += parent === null ? 0 : 1
        else {
          sorted += 1
          expect(found.findIndex(([other]) => other === parent)).toBeLessThan(place)
        }
      }
    }),
  )
  expect(Math.min(sorted, rings)).toBeGreaterThan(100)
})

/** Whether a row refers to itself, over others or not. */
function reaches(id: number, parents: readonly (number | null)[]): boolean {
  let at: number | null = parents[id] ?? null
  for (let step = 0; step <= parents.length && at !== null; step++) {
    if (at === id) return true
    at = parents[at] ?? null
  }
  return false
}

test('a trigger that reads the parent finds it, in whatever order the rows were drawn', async () => {
  await using enclosure = await enclose(
    await useCluster(),
    `CREATE TABLE public.t (id int PRIMARY KEY, parent int REFERENCES public.t, depth int);
     CREATE FUNCTION public.deepen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       NEW.depth := coalesce((SELECT depth + 1 FROM public.t WHERE id = NEW.parent), 0); RETURN NEW; END $$;
     CREATE TRIGGER deepen BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.deepen()`,
  )
  const { session, plan } = enclosure
  const rows = [
    ['3', '2'],
    ['2', '1'],
    ['1', null],
  ]
  const dataset: Dataset = {
    tables: new Map([['public.t', { relation: 'public.t', attributes: ['id', 'parent'], rows }]]),
    unfilled: [],
    extreme: false,
  }
  await seedDataset(session, plan, dataset)
  const [depths] = await session.script('SELECT id, depth FROM public.t ORDER BY id')
  expect(depths?.rows).toEqual([
    ['1', '0'],
    ['2', '1'],
    ['3', '2'],
  ])
})
