import { Command, Option } from 'commander'
import { packageVersion } from '../package.ts'
import type { BaselineFlags, CommandContext, InitFlags, ObserveFlags, QueriesFlags } from './command-context.ts'
import type { CompareFlags } from './compare-command.ts'
import type { EvidenceFlags } from './evidence-command.ts'
import { collect, parseDuration, parseName } from './option-values.ts'
import type { ReadyFlags } from './ready-command.ts'
import type { RehearseFlags } from './rehearse-command.ts'
import type { DiffFlags, DriftFlags } from './schema-command.ts'
import { addVerifyOptions, type VerifyFlags } from './verify-options.ts'

const exitCodesHelp = `
Exit codes:
  0    holds
  1    violated
  2    bad usage or input
  3    could not run
  4    unknown: something could not be judged, and that is no pass
  130  interrupted`

/** The command line: its words, options and help. What a command does is loaded when it is called. */
export function createProgram(context: CommandContext): Command {
  const program = new Command('godwit')
    .description('Band, migrate, recapture: verify that PostgreSQL migrations lose nothing.')
    .version(packageVersion(), '--version', 'show the version')
    .helpOption('--help', 'show this help')
    .helpCommand(false)
    .addHelpText('after', exitCodesHelp)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'godwit: ')) })
    .showSuggestionAfterError()

  const ofMigrations = [addVerify, addWatch, addBaseline, addGate, addReplay, addReport]
  const ofDatabases = [addQueries, addEvidence, addRehearse, addSchema, addCompare, addObserve, addReady]
  for (const add of [...ofMigrations, ...ofDatabases, addInit, addDoctor]) add(program, context)
  return program
}

function addVerify(program: Command, context: CommandContext): void {
  addVerifyOptions(program.command('verify'))
    .description('Verify a migration, or each step of a history: fill the legacy schema, migrate, and look for every cell again.')
    .argument('[path...]', 'folders or files of migrations; default: those of the configuration, else the working directory')
    .option('--json', 'write the result to standard output, and nothing else there')
    .addHelpText('after', verifyHelp)
    .action(async (paths: readonly string[], options: VerifyFlags) => {
      const { verifyCommand } = await import('./verify-command.ts')
      await verifyCommand(paths, options, context)
    })
}

function addWatch(program: Command, context: CommandContext): void {
  addVerifyOptions(program.command('watch'))
    .description('Verify, and again whenever a file of the migrations is saved; ended by q or Ctrl-C.')
    .argument('[path...]', 'as for verify')
    .action(async (paths: readonly string[], options: VerifyFlags) => {
      const { watchCommand } = await import('./watch-command.ts')
      await watchCommand(paths, options, context)
    })
}

function addBaseline(program: Command, context: CommandContext): void {
  addVerifyOptions(program.command('baseline'))
    .description('Accept what old steps are found to do, so that only what is new is judged; later runs of verify read it.')
    .argument('[path...]', 'as for verify')
    .option('--from <dir>', 'take the saved results of this report directory instead of verifying', parseName)
    .option('--prune', 'accept nothing more; only remove what is no longer found')
    .option('--base <ref>', 'steps that a branch adds to this git ref are not accepted (default: origin/HEAD, main or master)', parseName)
    .option('--include-new', 'accept the findings of those steps too')
    .action(async (paths: readonly string[], options: BaselineFlags) => {
      const { baselineCommand } = await import('./baseline-command.ts')
      await baselineCommand(paths, options, context)
    })
}

function addGate(program: Command, context: CommandContext): void {
  addVerifyOptions(program.command('gate'))
    .description('Pass only if a saved verdict holds for exactly these files, options, server and rules; no database is started.')
    .argument('[path...]', 'as for verify')
    .addHelpText('after', gateHelp)
    .action(async (paths: readonly string[], options: VerifyFlags) => {
      const { gateCommand } = await import('./gate-command.ts')
      await gateCommand(paths, options, context)
    })
}

function addReplay(program: Command, context: CommandContext): void {
  program
    .command('replay')
    .description('Run a saved counterexample again: 1 while it still violates, 0 once it does not, 4 where that cannot be told.')
    .argument('<file>', 'a file that verify saved under counterexamples/', parseName)
    .option('--postgres <where>', 'as for verify')
    .action(async (file: string, options: { readonly postgres?: string }) => {
      const { replayCommand } = await import('./replay-command.ts')
      await replayCommand(file, options, context)
    })
}

function addReport(program: Command): void {
  program
    .command('report')
    .description('Render the saved results again, without a database; the exit code says whether that worked, not what they say.')
    .argument('[dir]', 'where verify wrote its reports', 'reports')
    .action(async (directory: string) => {
      const { reportCommand } = await import('./report-command.ts')
      await reportCommand(directory)
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
  program
    .command('evidence')
    .description('Before a migration: a dump, CSV files and totals of one moment of a database, proven by restoring them; it only reads.')
    .argument('[path...]', 'the migration, as for verify')
    .addOption(new Option('--url <url>', 'the database').env('GODWIT_URL'))
    .option('--out <dir>', 'the new folder (default: evidence-<time>)', parseName)
    .option('--all', 'CSV files of every table, not only of those that the migration can write')
    .option('--no-dump', 'no dump: without the schema, and no backup')
    .option('--no-proof', 'restore nothing, and say so in the document')
    .option('--signed', 'write SHA256SUMS over all files, and its digest')
    .option('--check <dir>', 'check such a folder: its digests, and whether what is restored from it is equal', parseName)
    .option('--digest <hex>', 'with --check: the digest of SHA256SUMS that you kept', parseName)
    .option('--config <file>', 'as for verify', parseName)
    .option('--project <name>', 'as for verify', collect)
    .option('--format <name>', 'as for verify', parseName)
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
  schema
    .command('drift')
    .description(
      'Hold a live database against what the files make of an empty one: every difference, and the step that should have made it.',
    )
    .argument('[path]', 'a folder of migrations; of a pair, its legacy schema', parseName)
    .addOption(new Option('--url <url>', 'the database; it is only read').env('GODWIT_URL'))
    .option(
      '--at <step>',
      'the last step that the database should have (default: the last of all; of a pair, `migrated` takes up along)',
      parseName,
    )
    .option('--json', 'the result on standard output')
    .option('--config <file>', 'as for verify', parseName)
    .option('--project <name>', 'as for verify', collect)
    .option('--format <name>', 'as for verify', parseName)
    .option('--prelude <file>', 'as for verify', collect)
    .option('--run-as <role>', 'as for verify', parseName)
    .option('--skip-extension <name>', 'as for verify', collect)
    .action(async (path: string | undefined, options: DriftFlags) => {
      const { driftCommand } = await import('./schema-command.ts')
      await driftCommand(path === undefined ? [] : [path], options, context)
    })
  schema
    .command('diff')
    .description(
      'What changes from one schema to another, which of it can break a client, and whether that is a major, minor or patch change.',
    )
    .argument('<from>', 'a folder of migrations, a folder at a step (PATH@STEP), or the URL of a database', parseName)
    .argument('<to>', 'the same', parseName)
    .option('--json', 'the result on standard output')
    .option('--config <file>', 'as for verify', parseName)
    .option('--project <name>', 'as for verify', collect)
    .option('--format <name>', 'as for verify', parseName)
    .option('--prelude <file>', 'as for verify', collect)
    .option('--run-as <role>', 'as for verify', parseName)
    .option('--skip-extension <name>', 'as for verify', collect)
    .action(async (from: string, to: string, options: DiffFlags) => {
      const { diffCommand } = await import('./schema-command.ts')
      await diffCommand(from, to, options, context)
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
    .addOption(new Option('--url <url>', 'the database').env('GODWIT_URL'))
    .option('--rows', 'compare the rows only, and send no statement that writes')
    .option('--values', 'show values of rows; they are masked otherwise')
    .option('--json', 'write one line of JSON, with values, and nothing else')
    .action(async (table: string, other: string, options: CompareFlags) => {
      const { compareCommand } = await import('./compare-command.ts')
      await compareCommand([table, other], options, context)
    })
}

function addObserve(program: Command, context: CommandContext): void {
  program
    .command('observe')
    .description(
      'Ask the checks of a clean-up plan, and record what they find: for cron. 0: all clean, 1: a check found rows that are wrong.',
    )
    .argument('[plan]', 'a file that exports definePlan({ … }); --watch goes without one too')
    .addOption(new Option('--url <url>', 'the database').env('GODWIT_URL'))
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
    .addOption(new Option('--url <url>', 'the database').env('GODWIT_URL'))
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
    .option('--window <duration>', 'the time that the migration has (default: 15m)', parseDuration)
    .option('--show-values', 'show keys and values of real rows in the report (default: masked)')
    .option('--no-growth', 'do not run it again on samples of the rows')
    .option('--json', 'write the result to standard output, and nothing else there')
    .action(async (paths: readonly string[], options: RehearseFlags) => {
      const { rehearseCommand } = await import('./rehearse-command.ts')
      await rehearseCommand(paths, options, context)
    })
}

function addInit(program: Command): void {
  program
    .command('init')
    .description('Write a configuration and a first spec for the repository that it stands in; nothing is overwritten.')
    .argument('[path]', 'folder of migrations; default: what is found here')
    .option('--github', 'also write a workflow for GitHub Actions')
    .option('--gitlab', 'also write a job for GitLab CI')
    .option('--force', 'overwrite what is there')
    .action(async (path: string | undefined, options: InitFlags) => {
      const { initCommand } = await import('./init-command.ts')
      await initCommand(path, options)
    })
}

function addDoctor(program: Command, context: CommandContext): void {
  program
    .command('doctor')
    .description('Say what this machine can do (clusters, versions, Docker, rights), and how to mend what is missing.')
    .action(async () => {
      const { doctorCommand } = await import('./doctor-command.ts')
      await doctorCommand(context)
    })
}

const gateHelp = `
It exits with 0 if the verdict saved under the report directory holds and nothing that it is bound to has changed, with 1 if something
has, or if the verdict is violated, and with 4 if there is none, or if it is unknown.`

const verifyHelp = `
A pair, the plainest format, is a folder with legacy.sql (or legacy/*.sql), up.sql, perhaps down.sql, perhaps contract.ts.
Reports are written to <dir>/<migration>/: MIGRATION_TEST_RESULTS.md, results.json, junit.xml and counterexamples/*.sql,
which psql alone can run. Options also come from godwit.config.ts and, behind flags, from GODWIT_RUNS, GODWIT_POSTGRES and so on.

Examples:
  godwit verify migrations/add-prices
  godwit verify migrations/add-prices --postgres 15 --runs 500 --seed random
  godwit verify db/migrations --since origin/main
  godwit verify . --json --fail-on warning > result.json
${exitCodesHelp}`
