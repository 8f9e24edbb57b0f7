import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import pg from 'pg'

const help = `
Each attempt is a row of order_line_items_migration_attempts, committed before the migration begins: it stays when the migration fails, with
the error and the steps that it came to, and when it is taken back.

Exit codes:
  0    done
  1    the database refused, and nothing was changed
  2    bad usage
  3    could not run`

const attempts = `
  CREATE TABLE IF NOT EXISTS order_line_items_migration_attempts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    direction text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    outcome text,
    steps text[]
  )`

const command = new Command('lines:migrate')
  .description(
    'Put order_line_items behind a view (up), or give the table its name back (down): one transaction, with a log of each attempt.',
  )
  .argument('<direction>', 'up or down')
  .option('--database <url>', 'postgres://USER@HOST/DATABASE; default: DATABASE_URL')
  .addHelpText('after', help)
  .exitOverride()

try {
  command.parse()
  process.exitCode = await migrate(command.args[0], command.opts<{ database?: string }>())
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else {
    process.stderr.write(`lines:migrate: ${error instanceof Error ? error.message || 'the server does not answer' : String(error)}\n`)
    process.exitCode = 3
  }
}

async function migrate(direction: string | undefined, { database = process.env.DATABASE_URL }: { database?: string }): Promise<number> {
  if (direction !== 'up' && direction !== 'down') command.error('the direction is neither up nor down')
  if (database === undefined || database === '') command.error('no database is named: give --database URL, or set DATABASE_URL')
  const script = readFileSync(new URL(`${direction}.sql`, import.meta.url), 'utf8')
  const client = new pg.Client({ connectionString: database, application_name: 'lines:migrate', connectionTimeoutMillis: 10_000 })
  const steps: string[] = []
  client.on('notice', ({ message = '' }) => {
    steps.push(message)
    process.stdout.write(`${message}\n`)
  })
  await client.connect()
  try {
    // The notice of IF NOT EXISTS is no step of the migration.
    await client.query(`SET client_min_messages = 'warning'; ${attempts}; RESET client_min_messages`)
    const begun = await client.query<{ id: string }>(
      'INSERT INTO order_line_items_migration_attempts (direction) VALUES ($1) RETURNING id',
      [direction],
    )
    const failure = await run(client, script)
    await client.query(
      `UPDATE order_line_items_migration_attempts SET ended_at = clock_timestamp(), outcome = $2, steps = $3 WHERE id = $1`,
      [begun.rows[0]?.id, failure ?? 'applied', steps],
    )
    if (failure === undefined) return 0
    process.stderr.write(`lines:migrate: ${direction} failed, and nothing was changed: ${failure}\n`)
    return 1
  } finally {
    await client.end()
  }
}

/** Run the script in one transaction. Returns what the database refused; `undefined` when it did not. */
async function run(client: pg.Client, script: string): Promise<string | undefined> {
  try {
    await client.query(`BEGIN; ${script}; COMMIT`)
    return undefined
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    await client.query('ROLLBACK')
    return `${error.message} (${error.code})${error.detail === undefined ? '' : `; ${error.detail}`}`
  }
}
