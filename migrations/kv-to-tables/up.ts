import type { Program } from 'godwit'
import { kinds } from './kinds/index.ts'
import { openConnection } from './run/connection.ts'
import { runMigration } from './run/run-migration.ts'
import { findStore } from './run/tables.ts'

/** The migration as `godwit verify` runs it: a live run with the defaults of the command. */
const up: Program = async ({ session, url, signal }) => {
  await using reader = await openConnection(url)
  await runMigration(session, reader, await findStore(reader, 'kv_store'), { kinds, signal })
}

export default up
