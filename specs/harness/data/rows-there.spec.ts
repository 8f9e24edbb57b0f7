import { expect, test } from 'vitest'
import { readCatalog } from '../../../harness/catalog/index.ts'
import { bandedDataset, datasetArbitrary, noHints, planGeneration, sampleDatasets, seedDataset } from '../../../harness/data/index.ts'
import { useCluster } from '../../../harness/vitest/index.ts'

// Of six slugs three are taken: without a look at the rows every data set of four meets one.
const schema = `CREATE TABLE tenant (id int PRIMARY KEY, slug text NOT NULL UNIQUE CHECK (slug IN ('a', 'b', 'c', 'd', 'e', 'f')), other int, UNIQUE (other));
  CREATE TABLE member (id int PRIMARY KEY, tenant int NOT NULL REFERENCES tenant (id));
  CREATE TABLE log (kind text NOT NULL CHECK (kind IN ('x', 'y', 'z')), PRIMARY KEY (kind)) PARTITION BY LIST (kind);
  CREATE TABLE log_rest PARTITION OF log DEFAULT;
  INSERT INTO tenant VALUES (1, 'a', NULL), (2, 'b', NULL), (3, 'c', 5);
  INSERT INTO log VALUES ('x')`

test('generated rows keep clear of the keys of rows that are there, and none is refused', async () => {
  await using database = await (await useCluster()).createDatabase()
  await using session = await database.connect()
  await session.script(schema)
  const plan = await planGeneration(session, await readCatalog(session), noHints, new Map(), { rowsStay: true })
  const drawn = sampleDatasets(datasetArbitrary(plan, { rows: { min: 3, max: 4 } }), 11, 20)
  const banded = bandedDataset(plan, {
    seed: 3,
    rows: 6,
    variant: 0,
    relations: ['public.tenant', 'public.member', 'public.log'],
    exclude: [],
  })
  for (const dataset of [...drawn, banded]) {
    await session.script('BEGIN')
    const report = await seedDataset(session, plan, dataset)
    await session.script('ROLLBACK')
    expect([report.dropped, report.unfilled]).toEqual([[], []])
    expect(dataset.tables.get('public.tenant')?.rows.length).toBeGreaterThan(0)
    expect(dataset.tables.get('public.member')?.rows.length).toBeGreaterThan(0)
    expect(dataset.tables.get('public.log')?.rows.length).toBeGreaterThan(0)
  }
})

test('nothing of it is asked of rows that do not stay', async () => {
  await using database = await (await useCluster()).createDatabase()
  await using session = await database.connect()
  await session.script(schema)
  const plan = await planGeneration(session, await readCatalog(session), noHints)
  expect([...plan.relations.values()].flatMap(({ keys }) => keys.map(({ taken }) => taken)).every((taken) => taken === undefined)).toBe(
    true,
  )
})
