import { checkRights } from './check-rights.ts'
import type { Connection, Writer } from './connection.ts'
import { CommandError } from './errors.ts'
import { ownParts, type Parts } from './parts.ts'
import { Pass } from './pass.ts'
import { readCheckpoints } from './record-batch.ts'
import { rulesDigest } from './rules.ts'
import { withRunLock } from './run-lock.ts'
import type { Run, RunOptions, RunResult } from './run-options.ts'
import { createStaging, createTables, dropStaging, existingTables, type Places } from './tables.ts'
import { findGone, sumsAgree } from './tally.ts'

/** Passes over the store after which a run gives up: each is shorter than the one before, unless the application writes faster than it. */
const mostPasses = 6

/**
 * Move the store into the tables.
 *
 * A live run ends when the tables hold every record of one snapshot of the store, those included that the application wrote meanwhile.
 *
 * @param writer  Outside a transaction; a batch is one on it. After a dry run its temporary tables stay behind and it refuses writes.
 * @param reader  Another connection, which reads the store in snapshots.
 * @throws {CommandError} When another run is under way, and when the store changes faster than the run follows.
 */
export async function runMigration(writer: Writer, reader: Connection, places: Places, options: RunOptions): Promise<RunResult> {
  const parts: Parts = { ...ownParts, ...options.parts }
  const kinds = options.kinds.filter(({ name }) => options.only?.includes(name) ?? true)
  if (options.retry === true) await checkRetry(writer, places)
  if (options.dryRun === true) {
    await checkRights(writer, places, options.kinds)
    await options.beforeRun?.()
    const mirror = await parts.mirrorTables(writer, places, options.kinds)
    await createStaging(writer, kinds)
    await parts.refuseWrites(writer)
    return migrate({ writer, reader, places, parts, options, mirror })
  }
  return withRunLock(writer, places, async () => {
    await checkRights(writer, places, options.kinds)
    await options.beforeRun?.()
    await createTables(writer, places, options.kinds)
    await createStaging(writer, kinds)
    await using looker = await openLooker(reader)
    const result = await migrate({ writer, reader, places, parts, options, looker })
    await dropStaging(writer, kinds)
    return result
  })
}

/** Undefined where the server has no third connection to give: the writer looks itself then. */
async function openLooker(reader: Connection): Promise<Connection | undefined> {
  const looker = await reader.another().catch(() => undefined)
  await looker?.script('SET enable_seqscan = off; SET jit = off; SET max_parallel_workers_per_gather = 0')
  return looker
}

async function migrate(run: Run): Promise<RunResult> {
  const { writer, reader, places, parts, options } = run
  const { dryRun = false, retry = false, only, skipValidation = false } = options
  const schema = dryRun ? parts.drySchema(places.schema) : places.schema
  const rules = rulesDigest({ store: places.store, only, skipValidation })
  await reader.script('SET idle_in_transaction_session_timeout = 0')
  try {
    await newSnapshot(reader)
    const begun = retry ? new Map() : await readCheckpoints(writer, schema, rules)
    let result = await new Pass(run, schema, rules, begun).migrate()
    let same = false
    for (let passes = 1; !dryRun && !retry; passes += 1) {
      await newSnapshot(reader)
      same = await sumsAgree(run, result)
      if (same) break
      const differences = await parts.findDifferences(run, result)
      if (differences.length === 0) break
      if (passes === mostPasses)
        throw new CommandError(3, `the store and the tables do not agree: ${differences.join('; ')}`, {
          hint: 'The application writes faster than the run follows: run again, when it writes less.',
        })
      options.onPass?.(differences)
      const earlier = new Map(result.kinds.map(({ kind, ...counts }) => [kind, counts]))
      result = { ...(await new Pass(run, schema, rules, earlier).migrate()), resumed: result.resumed }
    }
    if (!retry)
      await writer.query(`DELETE FROM ${schema}.kv_checkpoint WHERE kind = ANY ($1::text[])`, [result.kinds.map(({ kind }) => kind)])
    return { ...result, gone: same ? [] : await findGone(run, result) }
  } finally {
    await reader.script('ROLLBACK').catch(() => undefined)
  }
}

async function checkRetry(writer: Writer, { schema }: Places): Promise<void> {
  if ((await existingTables(writer, schema, ['kv_set_aside'])).size === 0)
    throw new CommandError(2, 'there is nothing to retry: no run has set a record aside yet', { hint: 'Run without --retry first.' })
}

async function newSnapshot(reader: Connection): Promise<void> {
  // The tables have no statistics yet: whatever the planner thinks of their size, it is not to look up each record by a scan of its own.
  await reader.script(
    'ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL enable_nestloop = off; SET LOCAL client_min_messages = error',
  )
}
