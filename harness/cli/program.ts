import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { collect, parseCount, parseDuration, parseName } from './option-values.ts'

/** What a command of ours is given besides its arguments. */
export interface CommandContext {
  readonly signal: AbortSignal
  readonly setExitCode: (code: number) => void
}

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
    .version(version(), '--version', 'show the version')
    .helpOption('--help', 'show this help')
    .helpCommand(false)
    .addHelpText('after', exitCodesHelp)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'godwit: ')) })
    .showSuggestionAfterError()

  program
    .command('verify')
    .description('Verify a migration, or each step of a history: fill the legacy schema, migrate, and look for every cell again.')
    .argument('[path...]', 'folders or files of migrations', ['.'])
    .addOption(new Option('--format <name>', 'format of the migrations').choices(['auto', 'pair']).default('auto'))
    .option('--only <name>', 'verify only this step; may be given several times', collect)
    .option('--runs <n>', 'edge runs for each migration', parseCount)
    .option('--rows <n>', 'most rows in each relation of an edge run', parseCount)
    .option(
      '--seed <s>',
      'seed of the generated rows, or "random"; default: a digest of the files, so that a commit keeps its verdict',
      parseName,
    )
    .option('--postgres <where>', 'major version of the embedded server, "docker:IMAGE", or the URL of a cluster to make databases in')
    .option('--prelude <file>', 'SQL that the superuser runs before the legacy schema', parseName)
    .option('--run-as <role>', 'role that runs the migration; default: an owner that is no superuser', parseName)
    .option('--skip-extension <name>', 'go on without this extension; what depends on it is unknown; may be given several times', collect)
    .option('--time-limit <duration>', 'stop drawing runs after, e.g. 90s or 5m', parseDuration)
    .addOption(new Option('--fail-on <severity>', 'least severity of a finding that counts').choices(['error', 'warning']).default('error'))
    .option('--report <dir>', 'where reports go, a folder for each migration', parseName, 'reports')
    .option('--json', 'write the result to standard output, and nothing else there')
    .addHelpText('after', verifyHelp)
    .action(async (paths: readonly string[], options: VerifyFlags) => {
      const { verifyCommand } = await import('./verify-command.ts')
      await verifyCommand(paths, options, context)
    })

  program
    .command('replay')
    .description('Run a saved counterexample again: 1 while it still violates, 0 once it does not.')
    .argument('<file>', 'a file that verify saved under counterexamples/', parseName)
    .option('--postgres <where>', 'as for verify')
    .action(async (file: string, options: { readonly postgres?: string }) => {
      const { replayCommand } = await import('./replay-command.ts')
      await replayCommand(file, options, context)
    })

  program
    .command('report')
    .description('Render the saved results again, without a database; the exit code says whether that worked, not what they say.')
    .argument('[dir]', 'where verify wrote its reports', 'reports')
    .action(async (directory: string) => {
      const { reportCommand } = await import('./report-command.ts')
      await reportCommand(directory)
    })

  program
    .command('doctor')
    .description('Say what this machine can do (clusters, versions, Docker, rights), and how to mend what is missing.')
    .action(async () => {
      const { doctorCommand } = await import('./doctor-command.ts')
      await doctorCommand(context)
    })

  return program
}

/** The options of `verify` as the command line gives them. */
export interface VerifyFlags {
  readonly format: string
  readonly only?: readonly string[]
  readonly runs?: number
  readonly rows?: number
  readonly seed?: string
  readonly postgres?: string
  readonly prelude?: string
  readonly runAs?: string
  readonly skipExtension?: readonly string[]
  readonly timeLimit?: number
  readonly failOn: 'error' | 'warning'
  readonly report: string
  readonly json?: true
}

const verifyHelp = `
A pair, the plainest format, is a folder with legacy.sql (or legacy/*.sql), up.sql, perhaps down.sql, perhaps contract.ts.
Reports are written to <dir>/<migration>/: MIGRATION_TEST_RESULTS.md, results.json, junit.xml and counterexamples/*.sql,
which psql alone can run.

Examples:
  godwit verify migrations/add-prices
  godwit verify migrations/add-prices --postgres 15 --runs 500 --seed random
  godwit verify . --json --fail-on warning > result.json
${exitCodesHelp}`

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return String((JSON.parse(text) as { readonly version: unknown }).version)
}
