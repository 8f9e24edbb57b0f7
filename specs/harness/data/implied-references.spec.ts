import { describe, expect, test } from 'vitest'
import { readCatalog } from '../../../harness/catalog/index.ts'
import {
  bandedDataset,
  type Dataset,
  datasetArbitrary,
  noHints,
  planGeneration,
  sampleDatasets,
  seedDataset,
} from '../../../harness/data/index.ts'
import { useCluster } from '../../../harness/vitest/index.ts'

// gram: a key of an organisation and a project, of which no other key says that the project is the organisation's.
const schema = `CREATE TABLE org (id text PRIMARY KEY);
  CREATE TABLE project (id uuid PRIMARY KEY, org text NOT NULL REFERENCES org (id), UNIQUE (org, id));
  CREATE TABLE api_key (id uuid PRIMARY KEY, org text NOT NULL REFERENCES org (id), project uuid REFERENCES project (id), UNIQUE (org, project, id));
  CREATE TABLE instance (id uuid PRIMARY KEY, org text NOT NULL, project uuid NOT NULL, api_key uuid NOT NULL,
    FOREIGN KEY (org, project, api_key) REFERENCES api_key (org, project, id), FOREIGN KEY (org, project) REFERENCES project (org, id),
    UNIQUE (org, project, api_key));`
const child = 'public.instance'
const parent = 'public.api_key'
const rowsOf = (dataset: Dataset, path: string) => dataset.tables.get(path)?.rows ?? []

async function generated(relations: readonly string[]): Promise<readonly Dataset[]> {
  await using database = await (await useCluster()).createDatabase()
  await using session = await database.connect()
  await session.script(schema)
  const plan = await planGeneration(session, await readCatalog(session), noHints, new Map(), { relations })
  const rows = { min: 3, max: 6 }
  const drawn = sampleDatasets(datasetArbitrary(plan, { rows, relations: [...relations] }), 11, 30)
  const banded = bandedDataset(plan, { seed: 3, rows: 6, variant: 0, relations: [...relations], exclude: [] })
  for (const dataset of [...drawn, banded]) {
    await session.script('BEGIN')
    const report = await seedDataset(session, plan, dataset)
    await session.script('ROLLBACK')
    expect([report.dropped, report.unfilled]).toEqual([[], []])
  }
  return [...drawn, banded]
}

describe('a child whose keys share columns', () => {
  test('gets rows: what it refers to is made so that it can', async () => {
    const datasets = await generated([child])
    expect(datasets.filter((dataset) => rowsOf(dataset, child).length >= 3).length).toBeGreaterThan(25)
  })

  test('leaves rows that are wanted themselves as their own keys allow', async () => {
    const datasets = await generated([child, parent])
    const strange = datasets.flatMap((dataset) => {
      const projects = new Set(rowsOf(dataset, 'public.project').map(([id, org]) => `${id} ${org}`))
      return rowsOf(dataset, parent).filter(([, org, project]) => project !== null && !projects.has(`${project} ${org}`))
    })
    expect(strange.length).toBeGreaterThan(10)
  })
})
