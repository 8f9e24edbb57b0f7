import { expect, test } from 'vitest'
import { type Dataset, datasetArbitrary, noHints, sampleDatasets } from '../../../harness/data/index.ts'
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

test('several candidates at a time lead to the same rows in the same number of tries, and none is tried twice', async () => {
  const schema =
    'CREATE TABLE shelf (id int PRIMARY KEY, n int NOT NULL, note text); CREATE TABLE book (id int PRIMARY KEY, shelf int REFERENCES shelf)'
  await using enclosure = await enclose(await useCluster(), schema)
  const arbitrary = datasetArbitrary(enclosure.plan, { rows: { min: 8, max: 8 } })
  const shrinker = { shrink: (dataset: Dataset) => [...arbitrary.shrink(dataset, undefined)].map(({ value }) => value) }
  for (const start of sampleDatasets(arbitrary, 3, 6)) {
    const found = []
    for (const lanes of [1, 2, 3]) {
      const tried: string[] = []
      const shows = async (dataset: Dataset) => {
        tried.push(JSON.stringify([...dataset.tables]))
        return rowsOf(dataset).filter(([id]) => Number(id) % 2 === 0).length >= 2
      }
      found.push(await shrinkDataset(start, shrinker, shows, { attempts: 60, deadline: Number.POSITIVE_INFINITY, lanes }))
      if (lanes === 1) expect(new Set(tried).size).toBe(tried.length)
    }
    expect(found.map(({ attempts }) => attempts)).toEqual(Array(3).fill(found[0]?.attempts))
    expect(found.map(({ dataset }) => [...dataset.tables])).toEqual(Array(3).fill([...(found[0]?.dataset.tables ?? [])]))
  }
})

test('of many tables those that have no part in it are left at once, though more than a few rows are needed', async () => {
  const others = Array.from({ length: 12 }, (_, at) => `CREATE TABLE other${at} (id int PRIMARY KEY)`)
  const schema = `CREATE TABLE shelf (id int PRIMARY KEY); CREATE TABLE book (id int PRIMARY KEY, shelf int NOT NULL REFERENCES shelf); ${others.join('; ')}`
  await using enclosure = await enclose(await useCluster(), schema)
  const arbitrary = datasetArbitrary(enclosure.plan, { rows: { min: 8, max: 8 }, focus: { relation: 'public.book' } })
  const [start] = sampleDatasets(arbitrary, 1, 1)
  if (start === undefined) throw new Error('no rows were drawn')
  const filled: number[] = []
  const shows = async ({ tables }: Dataset) => {
    filled.push([...tables.values()].filter(({ rows }) => rows.length > 0).length)
    return (tables.get('public.book')?.rows.length ?? 0) >= 5
  }
  const shrinker = { shrink: (dataset: Dataset) => [...arbitrary.shrink(dataset, undefined)].map(({ value }) => value) }
  const found = await shrinkDataset(start, shrinker, shows, { attempts: 500, deadline: Number.POSITIVE_INFINITY })
  expect(found.complete).toBe(true)
  expect(found.dataset.tables.get('public.book')?.rows).toHaveLength(5)
  // Before the first that shows it come ones with few rows, of one table and of two.
  expect(filled.slice(0, 12).filter((tables) => tables > 2)).toEqual([])
})

test('where one attribute decides, all others become plain at once', async () => {
  const schema = `CREATE TABLE book (id int PRIMARY KEY, ${Array.from({ length: 20 }, (_, at) => `c${at} text NOT NULL`).join(', ')})`
  await using enclosure = await enclose(await useCluster(), schema)
  const attemptsOf = async (attribute: string | undefined) => {
    const arbitrary = datasetArbitrary(enclosure.plan, { rows: { min: 8, max: 8 }, focus: { relation: 'public.book', attribute } })
    const [start] = sampleDatasets(arbitrary, 1, 1)
    if (start === undefined) throw new Error('no rows were drawn')
    const shrinker = { shrink: (dataset: Dataset) => [...arbitrary.shrink(dataset, undefined)].map(({ value }) => value) }
    const shows = async ({ tables }: Dataset) => (tables.get('public.book')?.rows ?? []).some((row) => (row[8] ?? '').length > 1)
    const found = await shrinkDataset(start, shrinker, shows, { attempts: 500, deadline: Number.POSITIVE_INFINITY })
    expect(found.complete).toBe(true)
    expect(found.dataset.tables.get('public.book')?.rows).toHaveLength(1)
    return found.attempts
  }
  const [known, unknown] = [await attemptsOf('c7'), await attemptsOf(undefined)]
  expect(known).toBeLessThan(unknown / 2)
})

test('a row that has to match one of another relation is tried with it first', async () => {
  const others = Array.from({ length: 6 }, (_, at) => `CREATE TABLE other${at} (id text PRIMARY KEY)`)
  const schema = `CREATE TABLE shelf (id text PRIMARY KEY, note text); CREATE TABLE book (id int PRIMARY KEY, shelf text NOT NULL, note text); ${others.join('; ')}`
  const softReferences = [{ from: { relation: 'public.book', attribute: 'shelf' }, to: { relation: 'public.shelf', attribute: 'id' } }]
  await using enclosure = await enclose(await useCluster(), schema, { ...noHints, softReferences })
  const exclude = [{ relation: 'public.book', attribute: 'shelf', rule: 'no-orphan-soft-reference' as const }]
  const arbitrary = datasetArbitrary(enclosure.plan, { rows: { min: 20, max: 20 }, focus: { relation: 'public.book' }, exclude })
  const [start] = sampleDatasets(arbitrary, 1, 1)
  if (start === undefined) throw new Error('no rows were drawn')
  const isMatched = ({ tables }: Dataset) => {
    const books = tables.get('public.book')?.rows ?? []
    const shelves = new Set((tables.get('public.shelf')?.rows ?? []).map(([id]) => id))
    return books.length > 0 && books.every(([, shelf]) => shelves.has(shelf ?? ''))
  }
  const tried: Dataset[] = []
  const shows = async (dataset: Dataset) => {
    tried.push(dataset)
    return isMatched(dataset)
  }
  expect(isMatched(start)).toBe(true)
  const shrinker = { shrink: (dataset: Dataset) => [...arbitrary.shrink(dataset, undefined)].map(({ value }) => value) }
  const found = await shrinkDataset(start, shrinker, shows, { attempts: 500, deadline: Number.POSITIVE_INFINITY })
  expect(found.complete).toBe(true)
  expect(isMatched(tried[0] ?? start)).toBe(true)
  expect([...found.dataset.tables.values()].flatMap(({ relation, rows }) => (rows.length > 0 ? [[relation, rows.length]] : []))).toEqual([
    ['public.shelf', 1],
    ['public.book', 1],
  ])
})
