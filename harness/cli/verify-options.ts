import { type Command, Option } from 'commander'
import type { Shard } from '../history/index.ts'
import { allOptions, type Flags, type OptionRow } from '../options/index.ts'
import { collect, parseCount, parseName, parsePercent, parseTime } from './option-values.ts'

/** The options that `verify`, `baseline` and `gate` share, as the command line (or the environment) gives them; a configuration has the rest. */
export interface VerifyFlags extends Flags {
  readonly json?: true
}

/** What only `verify` takes beside them. */
export interface ShardFlags extends VerifyFlags {
  readonly shard?: Shard
  /** A file. */
  readonly costs?: string
}

/** Give a command these options. Defaults stand in the help alone: a configuration comes before them. */
export function addVerifyOptions(command: Command): Command {
  for (const [, row] of allOptions) for (const option of optionsOf(row)) command.addOption(option)
  return command
}

const parsers = { text: parseName, count: parseCount, percent: parsePercent, duration: parseTime } as const

function optionsOf(row: OptionRow): readonly Option[] {
  if (row.flag === undefined) return []
  const option = new Option(row.flag, helpOf(row))
  if (row.takes === 'choice') option.choices(row.choices ?? [])
  else if (row.takes === 'list') option.argParser(collect)
  else if (row.takes !== undefined) option.argParser<string | number>(parsers[row.takes])
  const positive = fromEnvironment(option, row)
  return row.not === undefined ? [positive] : [positive, new Option(`--no-${option.name()}`, row.not)]
}

function helpOf({ description, default: otherwise, takes }: OptionRow): string {
  const times = takes === 'list' ? '; may be given several times' : ''
  return `${description}${times} (default: ${otherwise})`.replaceAll('`', '')
}

/** Let `GODWIT_…` stand for a flag; an empty one counts as not set, as CI leaves an input that nobody gave. */
function fromEnvironment(option: Option, { variable }: OptionRow): Option {
  return variable !== undefined && (process.env[variable] ?? '') !== '' ? option.env(variable) : option
}
