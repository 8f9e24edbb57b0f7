import type { Program } from 'godwit'
import { kinds } from './kinds/index.ts'
import { runRollback } from './run/run-rollback.ts'
import { findStore } from './run/tables.ts'

/** The way back as `godwit verify` runs it: `kv:rollback --confirm --drop`. */
const down: Program = async ({ session }) => {
  await runRollback(session, await findStore(session, 'kv_store'), { kinds, confirm: true, drop: true })
}

export default down
