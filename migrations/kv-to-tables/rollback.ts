import { Command } from 'commander'
import { databaseUrl, exitCodes, parseNames, runCommand } from './command/run-command.ts'
import { renderRollback } from './command/statistics.ts'
import { kinds } from './kinds/index.ts'
import { openConnection } from './run/connection.ts'
import { CommandError } from './run/errors.ts'
import { runRollback } from './run/run-rollback.ts'
import { findStore } from './run/tables.ts'

interface Flags {
  readonly database?: string
  readonly store: string
  readonly confirm?: true
  readonly tables?: readonly string[]
  readonly drop?: true
  readonly json?: true
}

const help = `
Exit codes:
  0    done, or previewed
  2    bad usage or input; a selection that would leave orphans
  3    could not run`

const command = new Command('kv:rollback')
  .description('Empty the tables that kv:migrate filled; the store stays as it is. Without --confirm only says what it would do.')
  .option('--database <url>', 'postgres://USER@HOST/DATABASE; default: DATABASE_URL')
  .option('--store <table>', 'the store', 'kv_store')
  .option('--confirm', 'do it')
  .option('--tables <names>', `of ${kinds.map(({ name }) => name).join(', ')}; default: all`, parseNames)
  .option('--drop', 'drop the tables too (all of them)')
  .option('--json', 'the result as JSON on standard output, and nothing else there')
  .addHelpText('after', help)
  .exitOverride()

await runCommand(async () => {
  command.parse()
  const { confirm = false, tables, drop, json, ...flags } = command.opts<Flags>()
  if (drop === true && tables !== undefined) throw new CommandError(2, '--drop drops all tables, and --tables names some')
  if (tables?.length === 0) throw new CommandError(2, '--tables names none')
  await using writer = await openConnection(databaseUrl(flags.database))
  const result = await runRollback(writer, await findStore(writer, flags.store), { kinds, confirm, tables, drop })
  process.stdout.write(json === true ? `${JSON.stringify({ version: 1, ...result })}\n` : renderRollback(result))
  return exitCodes.ok
})
