import { Command, CommanderError } from 'commander'
import pg from 'pg'
import { moveItem } from './move-item.ts'

const outcomes = ['moved', 'unchanged', 'missing', 'locked'] as const
type Outcome = (typeof outcomes)[number]

const help = `
For each item one transaction and one line: "moved", "unchanged" (it has batches, is marked with useBatchSystem, or has nothing to carry),
"missing", or "locked" (another transaction has kept the item for more than a second).

Exit codes:
  0    every item is moved or unchanged
  1    an item is missing or locked; run again for those that are locked
  2    bad usage
  3    could not run`

const unmoved = `
SELECT i."id" FROM "items" AS i
WHERE NOT i."useBatchSystem" AND NOT EXISTS (SELECT FROM "stock_batches" AS b WHERE b."itemId" = i."id")
  AND num_nonnulls(
    "quantityInStock", "status", "costPerUnitUSD", "freightCostUSD", "orderDate", "expectedArrival", "orderNumber",
    "notes", "locationId", "assignedUserId"
  ) > 0
ORDER BY i."id" COLLATE "C"`

const command = new Command('stock:move')
  .description('Move items to the batch system one by one: each one gets a first batch with what its columns say.')
  .argument('[ids...]', 'ids of items')
  .option('--all', 'every item that has something to carry and no batch')
  .option('--preview', 'only say which items would be asked for')
  .option('--database <url>', 'postgres://USER@HOST/DATABASE; default: DATABASE_URL')
  .addHelpText('after', help)
  .exitOverride()

try {
  command.parse()
  process.exitCode = await moveItems(command.args, command.opts())
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else {
    process.stderr.write(`stock:move: ${error instanceof Error ? error.message || 'the server does not answer' : String(error)}\n`)
    process.exitCode = 3
  }
}

interface Flags {
  readonly all?: true
  readonly preview?: true
  readonly database?: string
}

async function moveItems(given: readonly string[], { all, preview, database = process.env.DATABASE_URL }: Flags): Promise<number> {
  if (given.length === 0 && all !== true) command.error('no item is named: give ids, or --all')
  if (given.length > 0 && all === true) command.error('--all moves all items, and ids name some: give one or the other')
  if (database === undefined || database === '') command.error('no database is named: give --database URL, or set DATABASE_URL')
  const client = new pg.Client({ connectionString: database, application_name: 'stock:move', connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await client.query(`SET lock_timeout = '1s'`)
    const ids = all === true ? (await client.query<{ id: string }>(unmoved)).rows.map(({ id }) => id) : given
    if (preview === true) {
      process.stdout.write([...ids, `${ids.length} items to move`, ''].join('\n'))
      return 0
    }
    const counts: Record<Outcome, number> = { moved: 0, unchanged: 0, missing: 0, locked: 0 }
    for (const id of ids) {
      const outcome = await moveOne(client, id)
      counts[outcome] += 1
      process.stdout.write(`${id}: ${outcome}\n`)
    }
    process.stdout.write(`${outcomes.map((outcome) => `${counts[outcome]} ${outcome}`).join(', ')}\n`)
    return counts.missing + counts.locked > 0 ? 1 : 0
  } finally {
    await client.end()
  }
}

async function moveOne(client: pg.Client, id: string): Promise<Outcome> {
  try {
    return await moveItem({ one: async (sql, parameters = []) => (await client.query(sql, [...parameters])).rows[0] }, id)
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === '55P03') return 'locked'
    throw error
  }
}
