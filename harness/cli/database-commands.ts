import { type Command, Option } from 'commander'
import type { CommandContext, ObserveFlags, QueriesFlags } from './command-context.ts'
import type { CompareFlags } from './compare-command.ts'
import type { CompatFlags } from './compat-command.ts'
import type { EvidenceFlags } from './evidence-command.ts'
import { collect, parseDays, parseDuration, parseName } from './option-values.ts'
import type { ReadyFlags } from './ready-command.ts'
import type { ReferencesFlags } from './references-command.ts'
import type { RehearseFlags } from './rehearse-command.ts'
import type { DiffFlags, DriftFlags, TypesFlags, VersionFlags } from './schema-command.ts'
import type { TombstoneFlags } from './tombstone-command.ts'
import type { UsageFlags } from './usage-command.ts'
import { addVerifyOptions } from './verify-options.ts'

/** The commands for what a team does around a real migration, in the order in which it is done. */
export function addDatabaseCommands(program: Command, context: CommandContext): void {
  for (const add of [
    addCompat,
    addQueries,
    addEvidence,
    addRehearse,
    addSchema,
    addCompare,
    addReferences,
    addUsage,
    addTombstone,
    addObserve,
    addReady,
  ])
    add(program, context)
}

const urlOption = (more = ''): Option => new Option('--url <url>', `the database${more}`).env('GODWIT_URL')

function addProjectOptions(command: Command): Command {
  return command
    .option('--config <file>', 'as for verify', parseName)
    .option('--project <name>', 'as for verify', collect)
    .option('--format <name>', 'as for verify', parseName)
}

/** For a command that applies files to a server of ours. */
function addFilesOptions(command: Command): Command {
  return addProjectOptions(command)
    .option('--prelude <file>', 'as for verify', collect)
    .option('--run-as <role>', 'as for verify', parseName)
    .option('--skip-extension <name>', 'as for verify', collect)
}

function addCompat(program: Command, context: CommandContext): void {
  const compat = program.command('compat').description('Views that keep old names working after a table moved.').helpCommand(false)
  addVerifyOptions(compat.command('generate'))
    .description(
      'Write the migration that a mapping declares: the table moves, a view keeps its old name working. Proven before it is written.',
    )
    .argument('<mapping>', 'a YAML or JSON file that says what became of each table', parseName)
    .argument('[path]', 'the folder of migrations, or a folder with legacy.sql alone', parseName)
    .option('--dry-run', 'print the files, and write nothing')
    .option('--json', 'the result on standard output')
    .action(async (mapping: string, path: string | undefined, options: CompatFlags) => {
      const { compatGenerateCommand } = await import('./compat-command.ts')
      await compatGenerateCommand(mapping, path === undefined ? [] : [path], options, context)
    })
}

function addQueries(program: Command, context: CommandContext): void {
  addVerifyOptions(program.command('queries'))
    .description('Write the verification SQL of a migration for psql: before.sql and after.sql, in <report dir>/<migration>/queries/.')
    .argument('[path...]', 'as for verify')
    .option('--out <dir>', 'write to <dir>/<migration>/ instead', parseName)
    .action(async (paths: readonly string[], options: QueriesFlags) => {
      const { queriesCommand } = await import('./queries-command.ts')
      await queriesCommand(paths, options, context)
    })
}

function addEvidence(program: Command, context: CommandContext): void {
  addProjectOptions(program.command('evidence'))
    .description('Before a migration: a dump, CSV files and totals of one moment of a database, proven by restoring them; it only reads.')
    .argument('[path...]', 'the migration, as for verify')
    .addOption(urlOption())
    .option('--out <dir>', 'the new folder (default: evidence-<time>)', parseName)
    .option('--all', 'CSV files of every table, not only of those that the migration can write')
    .option('--no-dump', 'no dump: without the schema, and no backup')
    .option('--no-proof', 'restore nothing, and say so in the document')
    .option('--signed', 'write SHA256SUMS over all files, and its digest')
    .option('--check <dir>', 'check such a folder: its digests, and whether what is restored from it is equal', parseName)
    .option('--digest <hex>', 'with --check: the digest of SHA256SUMS that you kept', parseName)
    .option('--only <name>', 'only these steps; may be given several times', collect)
    .option('--since <ref>', 'only the steps that a branch adds, as for verify', parseName)
    .action(async (paths: readonly string[], options: EvidenceFlags) => {
      const { evidenceCommand } = await import('./evidence-command.ts')
      await evidenceCommand(paths, options, context)
    })
}

function addSchema(program: Command, context: CommandContext): void {
  const schema = program
    .command('schema')
    .description('The schema of a database, and what the files make of an empty one.')
    .helpCommand(false)
  addFilesOptions(schema.command('drift'))
    .description(
      'Hold a live database against what the files make of an empty one: every difference, and the step that should have made it.',
    )
    .argument('[path]', 'a folder of migrations; of a pair, its legacy schema', parseName)
    .addOption(urlOption('; it is only read'))
    .option(
      '--model [path]',
      'hold a model against the files instead of a database: a Prisma schema or a snapshot of drizzle-kit; without a path that of Alembic, Django, MikroORM or TypeORM, as the tool says it',
      parseName,
    )
    .option(
      '--at <step>',
      'the last step that the database should have (default: the last of all; of a pair, `migrated` takes up along)',
      parseName,
    )
    .option('--json', 'the result on standard output')
    .action(async (path: string | undefined, options: DriftFlags) => {
      const { driftCommand } = await import('./schema-command.ts')
      await driftCommand(path === undefined ? [] : [path], options, context)
    })
  addFilesOptions(schema.command('diff'))
    .description(
      'What changes from one schema to another, which of it can break a client, and whether that is a major, minor or patch change.',
    )
    .argument('<from>', 'a folder of migrations, at a step (PATH@STEP), at a git ref (REF:PATH), or the URL of a database', parseName)
    .argument('<to>', 'the same', parseName)
    .option('--json', 'the result on standard output')
    .action(async (from: string, to: string, options: DiffFlags) => {
      const { diffCommand } = await import('./schema-command.ts')
      await diffCommand(from, to, options, context)
    })
  addFilesOptions(schema.command('types'))
    .description('TypeScript types of all tables and views, for Kysely; views as nullable as what lies behind them (needs kysely-codegen).')
    .argument('<place>', 'a folder of migrations, at a step (PATH@STEP), at a git ref (REF:PATH), or the URL of a database', parseName)
    .option('--schema <name...>', 'whose tables', ['public'])
    .option('--out <file>', 'write them there (default: to standard output)', parseName)
    .action(async (place: string, options: TypesFlags) => {
      const { typesCommand } = await import('./schema-command.ts')
      await typesCommand(place, options, context)
    })
  addFilesOptions(schema.command('version'))
    .description('The version of the schema after each step, major, minor or patch by what it changes, with why.')
    .argument('[path]', 'a folder of migrations', parseName)
    .option('--at <step>', 'the last step (default: the last of all)', parseName)
    .option('--write <step>', 'write SQL that records the version of that step into its files, in its own transaction', parseName)
    .option('--table <name>', 'the table in which versions are recorded', parseName, 'public.schema_versions')
    .option('--markdown', 'a change log as Markdown on standard output')
    .option('--json', 'the result on standard output')
    .action(async (path: string | undefined, options: VersionFlags) => {
      const { versionCommand } = await import('./schema-command.ts')
      await versionCommand(path === undefined ? [] : [path], options, context)
    })
}

function addCompare(program: Command, context: CommandContext): void {
  program
    .command('compare')
    .description(
      'Compare a table with the view or table that took its place: rows, and answers to statements that are rolled back. 0: the same.',
    )
    .argument('<table>', 'the table, as SQL names it', parseName)
    .argument('<other>', 'what took its place', parseName)
    .addOption(urlOption())
    .option('--rows', 'compare the rows only, and send no statement that writes')
    .option('--values', 'show values of rows; they are masked otherwise')
    .option('--json', 'write one line of JSON, with values, and nothing else')
    .action(async (table: string, other: string, options: CompareFlags) => {
      const { compareCommand } = await import('./compare-command.ts')
      await compareCommand([table, other], options, context)
    })
}

function addReferences(program: Command, context: CommandContext): void {
  program
    .command('references')
    .description(
      'Find the uses of a table in code, SQL files, documents and a database, and rename them: a patch, or --write. 0: none is left, 1: some are.',
    )
    .argument('<old>', 'the table, as in orders or sales.orders; case counts', parseName)
    .argument('<new>', 'its new name', parseName)
    .argument('[path]', 'a folder or file', parseName, '.')
    .option('--write', 'change the files, and print each change; migrations are never changed')
    .addOption(urlOption('; what names the table in it is listed'))
    .option('--config <file>', 'as for verify', parseName)
    .option('--json', 'write one line of JSON, and nothing else')
    .action(async (old: string, renamed: string, path: string, options: ReferencesFlags) => {
      const { referencesCommand } = await import('./references-command.ts')
      await referencesCommand([old, renamed], path, options, context)
    })
}

function addUsage(program: Command, context: CommandContext): void {
  program
    .command('usage')
    .description(
      'Who still uses a table or a view: roles and statements, counted by the server. 0: nobody for --days, 1: somebody, 4: unknown.',
    )
    .argument('[relation]', 'the table or view; --record goes without one', parseName)
    .addOption(urlOption())
    .option('--record', 'keep what the server has counted up to now: for cron')
    .option('--days <days>', 'days for which nobody must have used it (default: 7)', parseDays, 7)
    .option('--table <name>', 'the table in which snapshots are kept', parseName, 'godwit.usage')
    .option('--file <path>', 'a file in which snapshots are kept instead', parseName)
    .option('--json', 'write one line of JSON, and nothing else')
    .action(async (relation: string | undefined, options: UsageFlags) => {
      const { usageCommand } = await import('./usage-command.ts')
      await usageCommand(relation, options, context)
    })
}

function addTombstone(program: Command, context: CommandContext): void {
  program
    .command('tombstone')
    .description(
      'Write SQL that removes a view in two steps, each with its way back: first all rights on it, later the view. It only reads.',
    )
    .argument('<relation>', 'the view; of a table only the first step is written', parseName)
    .addOption(urlOption())
    .option('--out <dir>', 'the folder for the files', parseName, 'tombstone')
    .action(async (relation: string, options: TombstoneFlags) => {
      const { tombstoneCommand } = await import('./tombstone-command.ts')
      await tombstoneCommand(relation, options, context)
    })
}

function addObserve(program: Command, context: CommandContext): void {
  program
    .command('observe')
    .description(
      'Ask the checks of a clean-up plan, and record what they find: for cron. 0: all clean, 1: a check found rows that are wrong.',
    )
    .argument('[plan]', 'a file that exports definePlan({ … }); --watch goes without one too')
    .addOption(urlOption())
    .option('--create', 'make the table of observations where it is not there')
    .option('--json', 'write lines of JSON, and nothing else')
    .option('--watch', 'record nothing; show checks, progress, open transactions and waits until Ctrl-C')
    .option('--every <duration>', 'with --watch: how often it looks (default: 2s)', parseDuration)
    .option('--bad-wait <duration>', 'with --watch: a wait for a lock that is as long is bad (default: 1s)', parseDuration)
    .option('--notify <target>', 'with --watch: a command or URL that gets the line of JSON when it turns bad, or good again', parseName)
    .action(async (plan: string | undefined, options: ObserveFlags) => {
      const { observeCommand } = await import('./observe-command.ts')
      await observeCommand(plan, options, context)
    })
}

function addReady(program: Command, context: CommandContext): void {
  program
    .command('ready')
    .description(
      'Say whether a clean-up may run: all checks clean now, and on each of the days before. 0: ready, 1: not ready, with the rows.',
    )
    .argument('<plan>', 'a file that exports definePlan({ … })', parseName)
    .addOption(urlOption())
    .option('--run', 'run the clean-up if it is ready, in one transaction with the checks, while nobody else can write')
    .option('--json', 'write one line of JSON, and nothing else')
    .action(async (plan: string, options: ReadyFlags) => {
      const { readyCommand } = await import('./ready-command.ts')
      await readyCommand(plan, options, context)
    })
}

function addRehearse(program: Command, context: CommandContext): void {
  addVerifyOptions(program.command('rehearse'))
    .description('Run a migration on a copy of real data, measure each statement, compare every row, and go back again.')
    .argument('[path...]', 'the migration, as for verify')
    .addOption(new Option('--on <url>', 'a throw-away copy of the database, changed for good').env('GODWIT_COPY_URL'))
    .option('--this-is-a-copy', 'with --on: nobody needs that database')
    .option('--dump <file>', 'a dump by pg_dump (custom format or plain), restored into a throw-away server', parseName)
    .option('--allow-foreign-writes', 'write to the servers that foreign tables of the copy name (default: refused)')
    .option('--evidence <folder>', 'with --on: take evidence of the copy before up, prove it, and time the restore', parseName)
    .option('--window <duration>', 'the time that the migration has (default: 15m)', parseDuration)
    .option(
      '--events <file>',
      'append begin, each statement, errors and end of up and down to a file, as JSON lines, while they run',
      parseName,
    )
    .option(
      '--events-table <name>',
      'with --on: add them to a table of the copy too, outside of the transaction of the migration',
      parseName,
    )
    .option('--show-values', 'show keys and values of real rows in the report (default: masked)')
    .option('--no-growth', 'do not run it again on samples of the rows')
    .option('--json', 'write the result to standard output, and nothing else there')
    .action(async (paths: readonly string[], options: RehearseFlags) => {
      const { rehearseCommand } = await import('./rehearse-command.ts')
      await rehearseCommand(paths, options, context)
    })
}
