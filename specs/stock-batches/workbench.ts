import type { Database, Session } from 'godwit'
import { useCluster } from 'godwit/vitest'
import type { Scripts } from './passage.ts'

/** A database of its own and a superuser's session on it. */
export interface Workbench extends AsyncDisposable {
  readonly database: Database
  readonly session: Session
}

/** An empty database with the legacy schema, migrated or not. */
export async function openWorkbench(scripts: Scripts, stage: 'legacy' | 'migrated'): Promise<Workbench> {
  const cluster = await useCluster()
  const database = await cluster.createDatabase()
  const session = await database.connect()
  await session.script(scripts.legacy)
  if (stage === 'migrated') await session.script(scripts.up)
  return {
    database,
    session,
    async [Symbol.asyncDispose]() {
      await session.close()
      await database.drop()
    },
  }
}
