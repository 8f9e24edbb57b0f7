import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Catalog, readCatalog } from '../../harness/catalog/index.ts'
import { bandedDataset, noHints, planGeneration, renderInserts } from '../../harness/data/index.ts'
import { pathOf, type StartedCluster } from '../../harness/postgres/index.ts'
import type { Expected } from '../../specs/corpus/measure-corpus.ts'

/** A pair with what an author of tests would write beside it. */
export interface Subject {
  readonly id: string
  readonly folder: string
  readonly hasDown: boolean
  readonly expected: Expected
  /** Typical rows, three in each table: as somebody writes them by hand who does not think of the case that goes wrong. */
  readonly seeds: string
  /** Columns by table after `up`; undefined where `up` fails on an empty database. */
  readonly migrated: ReadonlyMap<string, readonly string[]> | undefined
}

const rows = 3
const unlabelled: Expected = { title: '', hazards: [], sound: true, findings: [], optional: [] }

/** Draw the seeds of a pair, and look at the schema that it makes. */
export async function subjectOf(cluster: StartedCluster, folder: string, id: string): Promise<Subject> {
  await using database = await cluster.createDatabase()
  await using session = await database.connect({ as: 'owner' })
  await session.script(readFileSync(join(folder, 'legacy.sql'), 'utf8'))
  const catalog = await readCatalog(session)
  const plan = await planGeneration(session, catalog, noHints)
  const relations = tablesOf(catalog)
  const dataset = bandedDataset(plan, { seed: 1, rows, variant: 0, relations: [...relations.keys()], exclude: [] })
  const seeds = renderInserts(plan, dataset)
  const hasDown = existsSync(join(folder, 'down.sql'))
  const up = await session.script(readFileSync(join(folder, 'up.sql'), 'utf8')).then(
    () => true,
    () => false,
  )
  const label = join(folder, 'expected.json')
  const expected: Expected = existsSync(label) ? JSON.parse(readFileSync(label, 'utf8')) : unlabelled
  return { id, folder, hasDown, expected, seeds, migrated: up ? tablesOf(await readCatalog(session)) : undefined }
}

function tablesOf(catalog: Catalog): ReadonlyMap<string, readonly string[]> {
  const tables = [...catalog.relations.values()].filter(({ kind }) => kind === 'table')
  return new Map(tables.map((table) => [pathOf(table), table.attributes.map(({ name }) => name)]))
}
