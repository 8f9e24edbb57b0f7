import { kinds } from '../../migrations/kv-to-tables/kinds/index.ts'
import { openConnection } from '../../migrations/kv-to-tables/run/connection.ts'
import { runMigration } from '../../migrations/kv-to-tables/run/run-migration.ts'
import type { RunOptions, RunResult } from '../../migrations/kv-to-tables/run/run-options.ts'
import { findStore } from '../../migrations/kv-to-tables/run/tables.ts'
import { watchedWriter } from './watched-writer.ts'
import type { Workbench } from './workbench.ts'

/** A run during which something else happens before each call of its writer, the first being call 1. */
export async function runWhile(
  bench: Workbench,
  happens: (call: number) => Promise<void>,
  options: Omit<RunOptions, 'kinds'> = {},
): Promise<RunResult> {
  await using own = await openConnection(bench.database.url())
  await using reader = await openConnection(bench.database.url())
  let calls = 0
  const writer = watchedWriter(own, () => {
    calls += 1
    return happens(calls)
  })
  return await runMigration(writer, reader, await findStore(reader, 'kv_store'), { kinds, ...options })
}
