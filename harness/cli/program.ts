import { Command } from 'commander'
import { packageVersion } from '../package.ts'
import type { BaselineFlags, CommandContext, InitFlags, ReportFlags } from './command-context.ts'
import { addDatabaseCommands } from './database-commands.ts'
import { parseName, parseShard } from './option-values.ts'
import { addVerifyOptions, type ShardFlags, type VerifyFlags } from './verify-options.ts'

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
    .configureOutput({ outputError: (text, write) => write(withoutControls(text.replace(/^error: /, 'godwit: '))) })
    .showSuggestionAfterError()

  program.commandsGroup('Migrations:')
  for (const add of [addVerify, addWatch, addBaseline, addGate, addReplay, addReport]) add(program, context)
  program.commandsGroup('A real database:')
  addDatabaseCommands(program, context)
  program.commandsGroup('To begin with:')
  for (const add of [addInit, addDoctor]) add(program, context)
  return program
}

/** An argument moves no cursor and begins no line. Not by `visibleLines`: the reports that have it take their time to load. */
function withoutControls(text: string): string {
  return text
    .trimEnd()
    .replace(/\n(?!\(Did you mean)|[^\P{Cc}\n]/gu, '�')
    .concat('\n')
}

function addVerify(program: Command, context: CommandContext): void {
  addVerifyOptions(program.command('verify'))
    .description('Verify a migration, or each step of a history: fill the legacy schema, migrate, and look for every cell again.')
    .argument('[path...]', 'folders or files of migrations; default: those of the configuration, else the working directory')
    .option('--shard <i/n>', 'verify only the steps of the i-th of n machines; godwit report --merge puts them together', parseShard)
    .option(
      '--costs <file>',
      'results.json of an earlier run: deal steps to shards by the time that they took then; every shard needs the same',
      parseName,
    )
    .option('--json', 'write the result to standard output, and nothing else there')
    .addHelpText('after', verifyHelp)
    .action(async (paths: readonly string[], options: ShardFlags) => {
      const { clusterAhead } = await import('./cluster-ahead.ts')
      const cluster = await clusterAhead(paths, options)
      try {
        const { verifyCommand } = await import('./verify-command.ts')
        await verifyCommand(paths, options, { ...context, startCluster: cluster.take })
      } finally {
        await cluster[Symbol.asyncDispose]()
      }
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

function addReport(program: Command, context: CommandContext): void {
  program
    .command('report')
    .description('Render the saved results again, without a database; the exit code says whether that worked, not what they say.')
    .argument('[dir]', 'where verify wrote its reports, and where a merged report goes', 'reports')
    .option(
      '--merge <dir...>',
      'put the reports of all shards of a run together: the report of the whole, and its exit code as verify gives it',
    )
    .action(async (directory: string, options: ReportFlags) => {
      const { reportCommand } = await import('./report-command.ts')
      await reportCommand(directory, options, context)
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
    .description(
      'Say what this machine can do (clusters, versions, Docker, rights, the migrations and their tool in this folder), and how to mend what is missing.',
    )
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
