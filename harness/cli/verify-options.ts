import { type Command, Option } from 'commander'
import { collect, parseCount, parseDuration, parseName } from './option-values.ts'

/** The options that `verify`, `baseline` and `gate` share, as the command line (or the environment) gives them; a configuration has the rest. */
export interface VerifyFlags {
  readonly config?: string
  readonly project?: readonly string[]
  readonly format?: string
  readonly only?: readonly string[]
  readonly since?: string
  readonly allowChanged?: true
  readonly runs?: number
  readonly rows?: number
  readonly online?: true
  readonly onlineRows?: number
  readonly seed?: string
  readonly postgres?: string
  readonly prelude?: readonly string[]
  readonly runAs?: string
  readonly skipExtension?: readonly string[]
  readonly timeLimit?: number
  readonly failOn?: 'error' | 'warning'
  readonly cache?: string | false
  readonly baseline?: string | false
  readonly report?: string
  readonly json?: true
}

/** Give a command these options. Defaults stand in the help alone: a configuration comes before them. */
export function addVerifyOptions(command: Command): Command {
  for (const option of verifyOptions()) command.addOption(fromEnvironment(option))
  return command
}

function verifyOptions(): readonly Option[] {
  return [
    new Option('--config <file>', 'configuration; default: godwit.config.* from here up').argParser(parseName),
    new Option('--project <name>', 'only this project of the configuration; may be given several times').argParser(collect),
    new Option(
      '--format <name>',
      'format of the migrations, as docs/formats.md names it, or the id of one in the configuration (default: "auto")',
    ).argParser(parseName),
    new Option('--only <name>', 'verify only this step; may be given several times').argParser(collect),
    new Option('--since <ref>', 'verify only what a branch adds to this git ref, or what follows this step').argParser(parseName),
    new Option('--allow-changed', 'with --since: go on though a merged file has changed'),
    new Option('--runs <n>', 'edge runs for each migration (default: 100)').argParser(parseCount),
    new Option('--rows <n>', 'most rows in each relation of an edge run (default: 6)').argParser(parseCount),
    new Option('--online', 'apply each migration once more to tables with many rows while clients go on: online-safety'),
    new Option('--online-rows <n>', 'rows in each table that it touches, with --online (default: 20000)').argParser(parseCount),
    new Option(
      '--seed <s>',
      'seed of the generated rows, or "random"; default: a digest of the files, so that a commit keeps its verdict',
    ).argParser(parseName),
    new Option('--postgres <where>', 'major version of the embedded server, "docker:IMAGE", or the URL of a cluster to make databases in'),
    new Option(
      '--prelude <file>',
      'SQL that the superuser runs first, or the name of a built-in prelude; may be given several times',
    ).argParser(collect),
    new Option('--run-as <role>', 'role that runs the migration; default: an owner that is no superuser').argParser(parseName),
    new Option(
      '--skip-extension <name>',
      'go on without this extension; what depends on it is unknown; may be given several times',
    ).argParser(collect),
    new Option('--time-limit <duration>', 'stop drawing runs after, e.g. 90s or 5m').argParser(parseDuration),
    new Option('--fail-on <severity>', 'least severity of a finding that counts (default: "error")').choices(['error', 'warning']),
    new Option('--cache <dir>', 'where verdicts are kept for the next run (default: ".godwit/cache")').argParser(parseName),
    new Option('--no-cache', 'verify everything anew, and keep nothing'),
    new Option('--baseline <file>', 'accepted findings of old steps (default: "godwit.baseline.json" where it is there)').argParser(
      parseName,
    ),
    new Option('--no-baseline', 'count the findings of old steps too'),
    new Option('--report <dir>', 'where reports go, a folder for each migration (default: "reports")').argParser(parseName),
  ]
}

const variables = [
  ...['config', 'project', 'format', 'since', 'runs', 'rows', 'online-rows', 'seed', 'postgres', 'run-as'],
  ...['time-limit', 'fail-on', 'cache', 'baseline', 'report'],
]

/** Let `GODWIT_…` stand for a flag; an empty one counts as not set, as CI leaves an input that nobody gave. */
function fromEnvironment(option: Option): Option {
  const name = option.long?.replace(/^--/, '') ?? ''
  const variable = `GODWIT_${name.toUpperCase().replaceAll('-', '_')}`
  return variables.includes(name) && (process.env[variable] ?? '') !== '' ? option.env(variable) : option
}
