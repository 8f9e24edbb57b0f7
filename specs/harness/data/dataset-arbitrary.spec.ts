import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bandedDataset,
  type Dataset,
  datasetArbitrary,
  type Exclusion,
  type Hints,
  noHints,
  sampleDatasets,
  seedDataset,
} from '../../../harness/data/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { zoo } from './zoo.ts'
import { enclose } from './zoo-plan.ts'

const shop = zoo.shop ?? ''

const rowsOf = (dataset: Dataset) => [...dataset.tables.values()].reduce((sum, table) => sum + table.rows.length, 0)

function cellsOf(dataset: Dataset, relation: string, attribute: string) {
  const table = dataset.tables.get(relation)
  return table?.rows.map((row) => row[table.attributes.indexOf(attribute)]) ?? []
}

/** What fast-check is left with when a predicate fails. */
function smallest(arbitrary: fc.Arbitrary<Dataset>, holds: (dataset: Dataset) => boolean): Dataset {
  const details = fc.check(fc.property(arbitrary, holds), { seed: 3, numRuns: 300 })
  const found = details.counterexample?.[0]
  if (found === undefined) throw new Error('nothing failed')
  return found
}

describe('the arbitrary of a schema', () => {
  test('gives the same data for the same seed, and other data for another', async () => {
    await using enclosure = await enclose(await useCluster(), shop)
    const arbitrary = datasetArbitrary(enclosure.plan)
    expect(sampleDatasets(arbitrary, 5, 4)).toEqual(sampleDatasets(arbitrary, 5, 4))
    expect(sampleDatasets(arbitrary, 5, 4)).not.toEqual(sampleDatasets(arbitrary, 6, 4))
  })

  test('plans the same twice', async () => {
    await using one = await enclose(await useCluster(), shop)
    await using other = await enclose(await useCluster(), shop)
    expect(sampleDatasets(datasetArbitrary(one.plan), 5, 4)).toEqual(sampleDatasets(datasetArbitrary(other.plan), 5, 4))
  })

  test('shrinks to one row with one telling cell', async () => {
    await using enclosure = await enclose(await useCluster(), shop)
    const found = smallest(datasetArbitrary(enclosure.plan), (dataset) => !cellsOf(dataset, 'public.items', 'status').includes('gone'))
    expect([...found.tables.keys()]).toEqual(['public.items'])
    expect(found.tables.get('public.items')?.rows).toEqual([['1', '', '0.00', 'gone', null, null]])
  })

  test('shrinks a child to itself and its parent', async () => {
    await using enclosure = await enclose(await useCluster(), shop)
    const found = smallest(datasetArbitrary(enclosure.plan), (dataset) =>
      cellsOf(dataset, 'public.orders', 'shipped').every((cell) => cell === null),
    )
    expect([...found.tables].map(([path, table]) => [path, table.rows.length])).toEqual([
      ['public.customers', 1],
      ['public.orders', 1],
    ])
  })

  test('shrinks duplicates to two rows', async () => {
    await using enclosure = await enclose(await useCluster(), shop)
    const found = smallest(datasetArbitrary(enclosure.plan), (dataset) => {
      const notes = cellsOf(dataset, 'public.items', 'notes').filter((cell) => typeof cell === 'string')
      return new Set(notes).size === notes.length
    })
    expect([...found.tables].map(([path, table]) => [path, table.rows.length])).toEqual([['public.items', 2]])
  })

  test('any smaller data set is smaller', async () => {
    await using enclosure = await enclose(await useCluster(), shop)
    const arbitrary = datasetArbitrary(enclosure.plan)
    for (const dataset of sampleDatasets(arbitrary, 8, 10)) {
      for (const { value } of arbitrary.shrink(dataset, undefined).take(60)) {
        expect(rowsOf(value)).toBeLessThanOrEqual(rowsOf(dataset))
        expect(value).not.toEqual(dataset)
      }
    }
  })

  test('keeps the ring unique in every row', async () => {
    await using enclosure = await enclose(await useCluster(), shop)
    const ring = new Map([['public.items', 'notes']])
    for (const dataset of sampleDatasets(datasetArbitrary(enclosure.plan, { ring }), 9, 30)) {
      const notes = cellsOf(dataset, 'public.items', 'notes')
      expect(notes.every((cell) => typeof cell === 'string' && cell.length >= 5)).toBe(true)
      expect(new Set(notes).size).toBe(notes.length)
    }
  })

  test('fills what is asked for, and what that references', async () => {
    await using enclosure = await enclose(await useCluster(), shop)
    const [dataset] = sampleDatasets(datasetArbitrary(enclosure.plan, { relations: ['public.orders'] }), 9, 1)
    expect([...(dataset?.tables.keys() ?? [])].sort()).toEqual(['public.customers', 'public.orders'])
  })

  test('never shows what is excluded, not even shrunk', async () => {
    await using enclosure = await enclose(await useCluster(), shop)
    const arbitrary = datasetArbitrary(enclosure.plan, {
      exclude: [
        { relation: 'public.items', attribute: 'notes', rule: 'not-null' },
        { relation: 'public.items', attribute: 'status', rule: { not: ['gone'] } },
        { relation: 'public.orders', attribute: 'customer_id', rule: 'unique' },
        { relation: 'public.lines', rule: 'empty' },
        { relation: 'public.profiles', attribute: 'score', rule: { only: ['3', '4'] } },
      ],
    })
    for (const dataset of sampleDatasets(arbitrary, 10, 30)) {
      for (const each of [dataset, ...[...arbitrary.shrink(dataset, undefined).take(20)].map(({ value }) => value)]) {
        expect(cellsOf(each, 'public.items', 'notes')).not.toContain(null)
        expect(cellsOf(each, 'public.items', 'status')).not.toContain('gone')
        const customers = cellsOf(each, 'public.orders', 'customer_id')
        expect(new Set(customers).size).toBe(customers.length)
        expect(each.tables.has('public.lines')).toBe(false)
        for (const score of cellsOf(each, 'public.profiles', 'score')) expect([null, '3', '4']).toContain(score)
      }
    }
  })

  test('has no two rows with the same values of several attributes where that is excluded, not even shrunk', async () => {
    await using enclosure = await enclose(await useCluster(), 'CREATE TABLE t (id int PRIMARY KEY, a int, b boolean, c text)')
    const doubled = (dataset: Dataset) => {
      const [as, bs] = [cellsOf(dataset, 'public.t', 'a'), cellsOf(dataset, 'public.t', 'b')]
      const pairs = as.flatMap((a, at) => (a === null || bs[at] === null ? [] : [`${a} ${bs[at]}`]))
      return pairs.length - new Set(pairs).size
    }
    const exclude: readonly Exclusion[] = [{ relation: 'public.t', rule: { distinct: ['a', 'b'] } }]
    const free = sampleDatasets(datasetArbitrary(enclosure.plan), 5, 40)
    expect(free.filter((dataset) => doubled(dataset) > 0).length).toBeGreaterThan(3)
    const arbitrary = datasetArbitrary(enclosure.plan, { exclude })
    const kept = sampleDatasets(arbitrary, 5, 40)
    expect(kept.some((dataset) => cellsOf(dataset, 'public.t', 'a').length > 2)).toBe(true)
    for (const dataset of kept)
      for (const each of [dataset, ...[...arbitrary.shrink(dataset, undefined).take(20)].map(({ value }) => value)])
        expect(doubled(each)).toBe(0)
  })

  test('refers to each row where that is wanted, and takes what is allowed, banded or not', async () => {
    const sql = `CREATE TABLE public.parent (id int PRIMARY KEY);
      CREATE TABLE public.child (id int PRIMARY KEY, parent_id int REFERENCES public.parent, mood text NOT NULL UNIQUE)`
    await using enclosure = await enclose(await useCluster(), sql)
    const moods = ['glad', 'sad', 'so-so']
    const exclude: readonly Exclusion[] = [{ relation: 'public.parent', rule: { referredToBy: 'public.child' } }]
    const only: readonly Exclusion[] = [{ relation: 'public.child', attribute: 'mood', rule: { only: moods } }]
    const orphans = (dataset: Dataset) => {
      const referred = new Set(cellsOf(dataset, 'public.child', 'parent_id'))
      return cellsOf(dataset, 'public.parent', 'id').filter((id) => !referred.has(id)).length
    }
    const drawn = sampleDatasets(datasetArbitrary(enclosure.plan), 3, 40)
    expect(drawn.some((dataset) => orphans(dataset) > 0)).toBe(true)
    for (const dataset of [
      ...sampleDatasets(datasetArbitrary(enclosure.plan, { exclude }), 3, 40),
      ...[0, 1, 2].map((variant) => bandedDataset(enclosure.plan, { seed: 3, rows: 18, variant, exclude })),
    ])
      expect([orphans(dataset), cellsOf(dataset, 'public.parent', 'id').length > 0]).toEqual([0, true])
    for (const dataset of [
      ...sampleDatasets(datasetArbitrary(enclosure.plan, { exclude: only }), 3, 20),
      bandedDataset(enclosure.plan, { seed: 3, rows: 18, variant: 0, exclude: only }),
    ]) {
      const held = cellsOf(dataset, 'public.child', 'mood')
      expect([held.length > 0, held.every((mood) => moods.includes(String(mood)))]).toEqual([true, true])
    }
  })

  test('puts the constants of the migration and their neighbours into about half of the cells', async () => {
    const hints: Hints = {
      ...noHints,
      literals: [{ relation: 'public.profiles', attribute: 'score', kind: 'number', value: '60', ordered: true, pattern: undefined }],
    }
    await using enclosure = await enclose(await useCluster(), shop, hints)
    const scores = sampleDatasets(datasetArbitrary(enclosure.plan), 4, 100).flatMap((dataset) =>
      cellsOf(dataset, 'public.profiles', 'score'),
    )
    const mined = scores.filter((score) => score === '59' || score === '60' || score === '61')
    expect(mined.length / scores.length).toBeGreaterThan(0.3)
    expect(new Set(mined).size).toBe(3)
  })

  test('matches soft references on some rows and not on others', async () => {
    const hints: Hints = {
      ...noHints,
      softReferences: [{ from: { relation: 'public.profiles', attribute: 'bio' }, to: { relation: 'public.items', attribute: 'sku' } }],
    }
    await using enclosure = await enclose(await useCluster(), shop, hints)
    const kinds = new Set<boolean>()
    for (const dataset of sampleDatasets(datasetArbitrary(enclosure.plan), 4, 40)) {
      const skus = new Set(cellsOf(dataset, 'public.items', 'sku'))
      for (const bio of cellsOf(dataset, 'public.profiles', 'bio')) if (bio !== null) kinds.add(skus.has(bio))
    }
    expect([...kinds].sort()).toEqual([false, true])
  })

  test('leaves no soft reference unmatched where that is excluded', async () => {
    const hints: Hints = {
      ...noHints,
      softReferences: [{ from: { relation: 'public.a', attribute: 'code' }, to: { relation: 'public.z', attribute: 'code' } }],
    }
    await using enclosure = await enclose(
      await useCluster(),
      'CREATE TABLE public.a (id int PRIMARY KEY, code text); CREATE TABLE public.z (code text NOT NULL)',
      hints,
    )
    const exclude = [{ relation: 'public.a', attribute: 'code', rule: 'no-orphan-soft-reference' }] as const
    let matched = 0
    for (const dataset of sampleDatasets(datasetArbitrary(enclosure.plan, { exclude }), 4, 40)) {
      const targets = new Set(cellsOf(dataset, 'public.z', 'code'))
      for (const code of cellsOf(dataset, 'public.a', 'code')) {
        if (code === null) continue
        expect(targets.has(code)).toBe(true)
        matched++
      }
    }
    expect(matched).toBeGreaterThan(20)
  })

  test('marks a data set that holds extremes, and only in the extreme profile', async () => {
    await using enclosure = await enclose(await useCluster(), shop)
    const plausible = sampleDatasets(datasetArbitrary(enclosure.plan, { profile: 'plausible' }), 4, 60)
    expect(plausible.some((dataset) => dataset.extreme)).toBe(false)
    const extreme = sampleDatasets(datasetArbitrary(enclosure.plan), 4, 60).filter((dataset) => dataset.extreme).length
    expect(extreme).toBeGreaterThan(3)
    expect(extreme).toBeLessThan(30)
  })

  test('violates constraints that are NOT VALID where asked to, and leaves them as they were', async () => {
    await using enclosure = await enclose(
      await useCluster(),
      `CREATE TABLE public.parents (id int PRIMARY KEY);
       CREATE TABLE public.old (id int PRIMARY KEY, parent int, low int, high int);
       ALTER TABLE public.old ADD CONSTRAINT sane CHECK (low < high) NOT VALID;
       ALTER TABLE public.old ADD CONSTRAINT known FOREIGN KEY (parent) REFERENCES public.parents NOT VALID`,
    )
    const { session, plan } = enclosure
    const constraints = `SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'public.old'::regclass ORDER BY 1`
    const before = (await session.script(constraints))[0]?.rows
    let [unsane, orphans] = [0, 0]
    for (const dataset of sampleDatasets(datasetArbitrary(plan, { dirty: true }), 2, 20)) {
      await session.script('BEGIN')
      const { dropped, unfilled } = await seedDataset(session, plan, dataset)
      expect([...dropped, ...unfilled]).toEqual([])
      const [found] = await session.script(
        'SELECT count(*) FILTER (WHERE low >= high), count(*) FILTER (WHERE parent NOT IN (SELECT id FROM public.parents)) FROM public.old',
      )
      unsane += Number(found?.rows[0]?.[0])
      orphans += Number(found?.rows[0]?.[1])
      expect((await session.script(constraints))[0]?.rows).toEqual(before)
      await session.script('ROLLBACK')
    }
    expect(unsane).toBeGreaterThan(0)
    expect(orphans).toBeGreaterThan(0)
    expect(sampleDatasets(datasetArbitrary(plan), 2, 20).flatMap((dataset) => dataset.dirty ?? [])).toEqual([])
  })
})
