import { applyStep, bandedDataset, type Database, planGeneration, readCatalog, type Session, startCluster } from 'godwit'
import { expect, test } from 'vitest'
import { catalogFingerprint } from '../harness/catalog/index.ts'
import { seedDataset } from '../harness/data/index.ts'
import { readSources } from '../harness/history/index.ts'
import { type Migration, readHints } from '../harness/migration/index.ts'
import { scriptsOf } from '../harness/run/scripts-of.ts'
import { readRows } from '../harness/snapshot/index.ts'
import { inGate } from './in-gate.ts'
import { primarySettings, startStandby } from './standby.ts'

test.each(inGate(['stock-batches', 'order-line-items', 'table-items', 'kv-to-tables'], 1))(
  'a standby follows %s up and down, with the same rows, and no reader of it is cancelled',
  { timeout: 120_000 },
  async (name) => {
    const migration = await lastStep(name)
    await using primary = await startCluster({ kind: 'embedded' }, { settings: primarySettings })
    await using database = await primary.createDatabase()
    await using session = await database.connect()
    await fill(session, migration)
    await using standby = await startStandby(primary, '10s')
    await using reader = await standby.connect(database.name)
    const legacy = await stateOf(session)
    expect(await caughtUp(session, reader)).toEqual(legacy)
    for (const step of [migration.up, migration.down]) {
      const reading = readUntil(reader, legacy.tables, applied(database, step))
      expect(await reading).toEqual({ outcome: 'applied', refused: [] })
      const now = await stateOf(session)
      expect(await caughtUp(session, reader)).toEqual(now)
    }
    const [conflicts] = await reader.query<{ lost: string }>(
      'SELECT sum(confl_lock + confl_snapshot + confl_deadlock)::text AS lost FROM pg_stat_database_conflicts',
    )
    expect(conflicts?.lost).toBe('0')
  },
)

type Reversible = Pick<Migration, 'legacy' | 'legacyData' | 'up'> & { readonly down: NonNullable<Migration['down']> }

/** A pair, or the last step of a history behind the others. */
async function lastStep(name: string): Promise<Reversible> {
  const [source] = await readSources([`migrations/${name}`], {})
  const pair = source?.kind === 'pairs' ? source.migrations[0]?.migration : undefined
  const steps = source?.kind === 'history' ? source.history.steps : []
  const last = steps.at(-1)
  const legacy = pair?.legacy ?? steps.slice(0, -1).flatMap(({ up }) => (up.kind === 'sql' ? [up.script] : []))
  const [up, down] = [pair?.up ?? last?.up, pair?.down ?? last?.down]
  if (up === undefined || up.kind === 'opaque' || down === undefined) throw new Error(`${name} has no way back`)
  return { legacy, legacyData: pair?.legacyData ?? [], up, down }
}

async function fill(session: Session, migration: Reversible): Promise<void> {
  for (const script of migration.legacy) await session.script(script.text)
  const catalog = await readCatalog(session)
  const [up, down] = [scriptsOf(migration.up), scriptsOf(migration.down)]
  const plan = await planGeneration(session, catalog, readHints([...up, ...down], catalog, up.length))
  expect(await seedDataset(session, plan, bandedDataset(plan, { seed: 1, rows: 200, variant: 0 }))).toMatchObject({ unfilled: [] })
  for (const script of migration.legacyData) await session.script(script.text)
}

async function applied(database: Database, step: Migration['up']): Promise<string> {
  await using session = await database.connect()
  return (await applyStep(session, step, { url: database.url() })).outcome
}

/** Schema and rows; tables by their names. */
async function stateOf(session: Session) {
  const catalog = await readCatalog(session)
  const tables = [...catalog.relations].flatMap(([path, { kind }]) => (kind === 'table' ? [path] : []))
  const rows = await readRows(session, catalog, tables)
  const texts = [...rows].map(([path, table]) => [path, table.rows.map((row) => JSON.stringify(row)).toSorted()] as const)
  return { tables, schema: await catalogFingerprint(session), rows: new Map(texts) }
}

/** The standby's state once it has replayed what the primary has written. */
async function caughtUp(primary: Session, standby: Session) {
  const { at } = await primary.one<{ at: string }>('SELECT pg_current_wal_flush_lsn()::text AS at')
  for (;;) {
    const { there } = await standby.one<{ there: boolean }>('SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS there', [at])
    if (there) return await stateOf(standby)
  }
}

/** Read on the standby as long as the work on the primary lasts; what is cancelled. A name may be gone meanwhile. */
async function readUntil(reader: Session, tables: readonly string[], work: Promise<string>) {
  const refused: string[] = []
  let over = false
  const working = work.finally(() => {
    over = true
  })
  while (!over) {
    for (const table of tables) {
      await reader.script(`SELECT count(*) FROM ${table}`).catch((error: { sqlstate: string; message: string }) => {
        if (error.sqlstate !== '42P01') refused.push(`${error.sqlstate} ${error.message}`)
      })
    }
  }
  return { outcome: await working, refused }
}
