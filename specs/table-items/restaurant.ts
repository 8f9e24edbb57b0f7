import type fc from 'fast-check'
import {
  type Catalog,
  type Dataset,
  datasetArbitrary,
  type GenerationPlan,
  noHints,
  planGeneration,
  readCatalog,
  readRows,
  type Session,
  seedDataset,
} from 'godwit'
import { useCluster } from 'godwit/vitest'
import { corrected } from './scripts.ts'

/** Cells of all legacy columns as texts, by relation; rows in no order. */
export type LegacyRows = Readonly<Record<string, readonly string[]>>

/** A database with the legacy schema and no rows; everything is tried in transactions that are rolled back. */
export interface Restaurant extends AsyncDisposable {
  readonly session: Session
  /** Any legal legacy rows. */
  readonly evenings: fc.Arbitrary<Dataset>
  seed(evening: Dataset): Promise<void>
  legacyRows(): Promise<LegacyRows>
  /** `table.column` of everything that there is. */
  columns(): Promise<readonly string[]>
  rolledBack<Result>(work: () => Promise<Result>): Promise<Result>
}

export async function openRestaurant(): Promise<Restaurant> {
  const database = await (await useCluster()).createDatabase()
  const session = await database.connect()
  await session.script(corrected.legacy)
  const catalog: Catalog = await readCatalog(session)
  const plan: GenerationPlan = await planGeneration(session, catalog, noHints)
  return {
    session,
    evenings: datasetArbitrary(plan, { rows: { min: 0, max: 4 }, profile: 'plausible' }),
    seed: async (evening) => {
      await seedDataset(session, plan, evening)
    },
    async legacyRows() {
      const rows = await readRows(session, catalog, [...catalog.relations.keys()])
      return Object.fromEntries([...rows].map(([path, table]) => [path, table.rows.map((row) => JSON.stringify(row)).toSorted()]))
    },
    async columns() {
      const found = await session.query<{ path: string }>(
        `SELECT format('%s.%s', table_name, column_name) AS path FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1`,
      )
      return found.map(({ path }) => path)
    },
    async rolledBack(work) {
      await session.script('BEGIN')
      try {
        return await work()
      } finally {
        await session.script('ROLLBACK')
      }
    },
    async [Symbol.asyncDispose]() {
      await session.close()
      await database.drop()
    },
  }
}
