import { type CatalogObjects, readObjects } from '../../catalog/index.ts'
import type { OpenedDatabase } from '../../postgres/index.ts'

/** Everything of a database that can be compared, in one transaction that only reads. */
export async function readLive(opened: OpenedDatabase): Promise<CatalogObjects> {
  await using session = await opened.connect()
  await session.script('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  const database = await readObjects(session)
  await session.script('ROLLBACK')
  return database
}
