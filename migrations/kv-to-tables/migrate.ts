import { Command, InvalidArgumentError } from 'commander'
import { type Notify, notifier } from './command/notify.ts'
import { showProgress } from './command/progress.ts'
import { checkResultsFile, Issues, writeResults } from './command/results-document.ts'
import { databaseUrl, exitCodes, parseNames, runCommand } from './command/run-command.ts'
import { renderRun } from './command/statistics.ts'
import { kinds } from './kinds/index.ts'
import { type Backup, backupStore, checkBackupFile } from './run/backup.ts'
import { openConnection } from './run/connection.ts'
import { CommandError } from './run/errors.ts'
import { runMigration } from './run/run-migration.ts'
import { type RunResult, usualBatchSize } from './run/run-options.ts'
import { findStore } from './run/tables.ts'

interface Flags {
  readonly database?: string
  readonly store: string
  readonly dryRun?: true
  readonly verbose?: true
  readonly batchSize: number
  readonly skipValidation?: true
  readonly only?: readonly string[]
  readonly retry?: true
  readonly notify?: string
  readonly backup?: string | false
  readonly report?: string
  readonly json?: true
}

const help = `
Exit codes:
  0    every record is in its table
  1    records are set aside
  2    bad usage or input
  3    could not run, or not to the end
  130  interrupted

A run that was stopped or killed goes on where it was when it is started again.
Mail goes by the server of KV_SMTP_URL, from KV_MAIL_FROM.`

const command = new Command('kv:migrate')
  .description('Move a JSON key-value store into relational tables.')
  .option('--database <url>', 'postgres://USER@HOST/DATABASE; default: DATABASE_URL')
  .option('--store <table>', 'the store', 'kv_store')
  .option('--dry-run', 'write nothing, and say what a live run would do')
  .option('--verbose', 'name each record that is set aside, with its reasons')
  .option('--batch-size <n>', 'records in a batch, which is one transaction', parseBatchSize, usualBatchSize)
  .option('--skip-validation', 'let the database alone judge')
  .option('--only <kinds>', `of ${kinds.map(({ name }) => name).join(', ')}`, parseNames)
  .option('--retry', 'take up only what is set aside')
  .option('--notify <target>', 'mailto:ADDRESS or https://…, when it is over')
  .option('--backup <file>', 'write the store to a file for psql first, and compare the two')
  .option('--no-backup', 'a live run without a backup')
  .option('--report <file>', 'write MIGRATION_TEST_RESULTS.md there: metrics, issues found, what to adjust')
  .option('--json', 'the result as JSON on standard output, and nothing else there')
  .addHelpText('after', help)
  .exitOverride()

await runCommand(async (signal) => {
  command.parse()
  const flags = command.opts<Flags>()
  if (flags.only?.length === 0) throw new CommandError(2, '--only names none')
  const unknown = flags.only?.find((name) => !kinds.some((kind) => kind.name === name))
  if (unknown !== undefined)
    throw new CommandError(2, `there is no kind "${unknown}"`, { hint: `The kinds are ${kinds.map(({ name }) => name).join(', ')}.` })
  if (flags.backup === undefined && flags.dryRun !== true)
    throw new CommandError(2, 'a live run wants a backup of the store first', {
      hint: 'Give --backup FILE, or --no-backup if you have one.',
    })
  if (typeof flags.backup === 'string') checkBackupFile(flags.backup)
  if (flags.report !== undefined) checkResultsFile(flags.report)
  const notify = flags.notify === undefined ? undefined : notifier(flags.notify, process.env)
  const started = performance.now()
  try {
    const issues = new Issues()
    const { result, backup } = await migrate(flags, signal, issues)
    const durationMs = Math.round(performance.now() - started)
    const text = renderRun(result, durationMs)
    process.stdout.write(
      flags.json === true
        ? `${JSON.stringify({ version: 1, durationMs, ...result, ...(backup === undefined ? {} : { backup }) })}\n`
        : text,
    )
    if (flags.report !== undefined) await writeResults(flags.report, { result, issues, durationMs, when: new Date() })
    const outcome =
      result.total.setAside > 0
        ? `${result.total.setAside} of ${result.total.source} records are set aside`
        : `${result.total.source} records, none set aside`
    await tell(notify, { subject: `kv-to-tables: ${outcome}`, text, body: { version: 1, outcome: 'finished', durationMs, ...result } })
    return result.total.setAside > 0 ? exitCodes.setAside : exitCodes.ok
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    await tell(notify, { subject: 'kv-to-tables: stopped', text: `${message}\n`, body: { version: 1, outcome: 'stopped', message } })
    throw error
  }
})

async function migrate(
  flags: Flags,
  signal: AbortSignal,
  issues: Issues,
): Promise<{ readonly result: RunResult; readonly backup: Backup | undefined }> {
  const url = databaseUrl(flags.database)
  await using writer = await openConnection(url)
  await using reader = await openConnection(url)
  const places = await findStore(reader, flags.store)
  const progress = showProgress(process.stderr)
  let backup: Backup | undefined
  try {
    const { backup: file, verbose, ...rest } = flags
    const result = await runMigration(writer, reader, places, {
      ...rest,
      kinds,
      signal,
      onProgress: progress.update,
      onSetAside: (decision, kind) => {
        const { record, reasons } = decision
        issues.add(kind, decision)
        if (verbose !== true) return
        const why = reasons.map(({ path, message }) => `${path === '' ? 'it' : path} ${message}`)
        process.stderr.write(`set aside: ${JSON.stringify(record.key)} (${record.position}): ${why.join('; ')}\n`)
      },
      onPass: (differences) => {
        issues.clear()
        process.stderr.write(`the store changed meanwhile, another pass: ${differences.join('; ')}\n`)
      },
      beforeRun: async () => {
        if (typeof file !== 'string') return
        backup = await backupStore(reader, places, file)
        process.stderr.write(`backup: ${backup.records} records in ${file}\n`)
      },
    })
    return { result, backup }
  } finally {
    progress.stop()
  }
}

/** A run is not undone by nobody hearing of it. */
async function tell(notify: Notify | undefined, notice: Parameters<Notify>[0]): Promise<void> {
  try {
    await notify?.(notice)
  } catch (error) {
    process.stderr.write(`kv-to-tables: the notification could not be sent: ${error instanceof Error ? error.message : String(error)}\n`)
  }
}

function parseBatchSize(text: string): number {
  const size = Number(text)
  if (!/^\d+$/.test(text) || size < 1 || size > 100_000) throw new InvalidArgumentError('Give a number from 1 to 100000.')
  return size
}
