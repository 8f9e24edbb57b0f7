import { kinds } from '../../migrations/kv-to-tables/kinds/index.ts'
import { openConnection } from '../../migrations/kv-to-tables/run/connection.ts'
import { runMigration } from '../../migrations/kv-to-tables/run/run-migration.ts'
import { findStore } from '../../migrations/kv-to-tables/run/tables.ts'
import { watchedWriter } from './watched-writer.ts'
import type { Workbench } from './workbench.ts'

type Options = Omit<Parameters<Workbench['run']>[0] & object, 'dryRun'>

/**
 * A run whose writer loses its connection before its n-th call.
 *
 * @returns Whether it was cut off, and not through before.
 */
export async function cutShort(bench: Workbench, at: number, options: Options): Promise<boolean> {
  await using own = await openConnection(bench.database.url())
  await using reader = await openConnection(bench.database.url())
  let calls = 0
  const writer = watchedWriter(own, async () => {
    calls += 1
    if (calls < at) return
    own.destroy()
    throw new Error('cut off')
  })
  const cut = await runMigration(writer, reader, await findStore(reader, 'kv_store'), { kinds, ...options }).then(
    () => false,
    () => true,
  )
  // Wait until the server has noticed that the connection is closed.
  await bench.session.query("SELECT pg_advisory_xact_lock(hashtextextended('kv-to-tables public.kv_store', 0))")
  return cut
}
