import { Command } from 'commander'
import { showProgress } from './command/progress.ts'
import { checkResultsFile, Issues, writeResults } from './command/results-document.ts'
import { databaseUrl, exitCodes, runCommand } from './command/run-command.ts'
import { integritySection, queriesSection, relationshipsSection, rollbackSection, schemaSection } from './command/trial-report.ts'
import { kinds } from './kinds/index.ts'
import { type Connection, openConnection } from './run/connection.ts'
import { CommandError } from './run/errors.ts'
import { runMigration } from './run/run-migration.ts'
import { runRollback } from './run/run-rollback.ts'
import { existingTables, findStore, type Places } from './run/tables.ts'

interface Flags {
  readonly database?: string
  readonly store: string
  readonly report: string
}

const help = `
Exit codes:
  0    every record is in its table
  1    records are set aside
  2    bad usage or input; the tables have rows already
  3    could not run`

const command = new Command('kv:trial')
  .description(
    'Try everything on a COPY of production: a live run, checks, queries before and after, and the rollback. Writes the results document.',
  )
  .option('--database <url>', 'the copy, postgres://USER@HOST/DATABASE; default: DATABASE_URL')
  .option('--store <table>', 'the store', 'kv_store')
  .requiredOption('--report <file>', 'write MIGRATION_TEST_RESULTS.md there')
  .addHelpText('after', help)
  .exitOverride()

await runCommand(async (signal) => {
  command.parse()
  const { database, store, report } = command.opts<Flags>()
  checkResultsFile(report)
  const url = databaseUrl(database)
  await using writer = await openConnection(url)
  await using reader = await openConnection(url)
  const places = await findStore(reader, store)
  await refuseRows(reader, places)

  const progress = showProgress(process.stderr)
  const issues = new Issues()
  const started = performance.now()
  const result = await runMigration(writer, reader, places, {
    kinds,
    signal,
    onProgress: progress.update,
    onSetAside: (decision, kind) => issues.add(kind, decision),
    onPass: () => issues.clear(),
  }).finally(progress.stop)
  const durationMs = Math.round(performance.now() - started)

  for (const { name } of kinds) await writer.script(`ANALYZE ${places.schema}.${name}`)
  const sections = [
    await schemaSection(reader, places, kinds),
    await integritySection(reader, places, kinds),
    await relationshipsSection(reader, places, kinds),
    await queriesSection(reader, places),
  ]
  const rollbackStarted = performance.now()
  const undone = await runRollback(writer, places, { kinds, confirm: true })
  sections.push(rollbackSection(undone, performance.now() - rollbackStarted))
  await writeResults(report, { result, issues, durationMs, when: new Date(), sections })
  process.stdout.write(
    `Trial: ${result.total.source} records, ${result.total.inserted} inserted, ${result.total.setAside} set aside, and rolled back.\nThe results are in ${report}.\n`,
  )
  return result.total.setAside > 0 ? exitCodes.setAside : exitCodes.ok
})

/** A trial ends with a rollback: what is in the tables already would go with it. */
async function refuseRows(reader: Connection, { schema }: Places): Promise<void> {
  for (const table of await existingTables(
    reader,
    schema,
    kinds.map(({ name }) => name),
  )) {
    const [row] = await reader.query<{ any: boolean }>(`SELECT EXISTS (SELECT FROM ${schema}.${table}) AS any`)
    if (row?.any === true)
      throw new CommandError(2, `"${schema}.${table}" has rows already`, {
        hint: 'A trial ends with a rollback. Run it on a fresh copy of the store, never on production.',
      })
  }
}
