import { type Catalog, readCatalog } from '../../../harness/catalog/index.ts'
import { type GenerationPlan, type Hints, noHints, planGeneration } from '../../../harness/data/index.ts'
import type { Cluster, Database, Session } from '../../../harness/postgres/index.ts'

/** A database with a schema, its catalog and plan. */
export interface Enclosure extends AsyncDisposable {
  readonly session: Session
  readonly catalog: Catalog
  readonly plan: GenerationPlan
}

export async function enclose(cluster: Cluster, sql: string, hints: Hints = noHints): Promise<Enclosure> {
  const database: Database = await cluster.createDatabase()
  const session = await database.connect()
  await session.script(sql)
  const catalog = await readCatalog(session)
  const plan = await planGeneration(session, catalog, hints)
  return {
    session,
    catalog,
    plan,
    async [Symbol.asyncDispose]() {
      await session.close()
      await database.drop()
    },
  }
}
