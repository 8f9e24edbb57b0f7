import { appendFile, readFile } from 'node:fs/promises'
import { EnvironmentError, InputError } from '../../errors.ts'
import { quoteIdentifier, quoteName, type RelationName, type Session, withTransaction } from '../../postgres/index.ts'
import type { RecordedSnapshot } from './model.ts'

/** Where snapshots are kept: a table of the database itself, or a file with one line of JSON for each. */
export type Store = { readonly kind: 'table'; readonly table: RelationName } | { readonly kind: 'file'; readonly path: string }

/**
 * All snapshots that are kept, the oldest first; none where there is no store yet.
 *
 * @throws {InputError} When the file holds something else.
 */
export async function readSnapshots(session: Session, store: Store): Promise<readonly RecordedSnapshot[]> {
  const kept = await readKept(session, store)
  // Two that are taken at once may be kept in the other order.
  return kept.toSorted((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0))
}

/**
 * Refuse snapshots of another database: their counts say nothing of this one.
 *
 * @throws {InputError} When one of them is.
 */
export function checkSource(kept: readonly RecordedSnapshot[], store: Store, { source }: RecordedSnapshot): void {
  const other = kept.find((each) => each.source !== source)
  if (other === undefined) return
  const place = store.kind === 'file' ? `"${store.path}"` : quoteName(store.table)
  throw new InputError(`${place} holds snapshots of another database (taken at ${other.at})`, {
    hint: 'Keep one store for each database. After a copy or an upgrade of the server begin a new one with --file or --table.',
  })
}

async function readKept(session: Session, store: Store): Promise<readonly RecordedSnapshot[]> {
  if (store.kind === 'file') return await readLines(store.path)
  const { there } = await session.one<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [quoteName(store.table)])
  if (!there) return []
  const rows = await session.query<{ snapshot: RecordedSnapshot }>(`SELECT snapshot FROM ${quoteName(store.table)} ORDER BY number`)
  return rows.map(({ snapshot }) => snapshot)
}

async function readLines(path: string): Promise<readonly RecordedSnapshot[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw new InputError(`"${path}" cannot be read`, { detail: `${error.message}.`, cause: error })
  })
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line, at): RecordedSnapshot => {
    try {
      const snapshot = JSON.parse(line) as RecordedSnapshot
      if (Array.isArray(snapshot.statements) && typeof snapshot.at === 'string') return snapshot
    } catch {
      // Said below.
    }
    throw new InputError(`${path}:${at + 1} is no snapshot of usage`, {
      hint: 'A line that was cut off by a full disk may be removed: the interval around it stays unbroken, since calls only grow.',
    })
  })
}

/**
 * Keep one more snapshot; the table is made where it is not there.
 *
 * @param known  Digests of texts that are kept already.
 * @throws {EnvironmentError} When the file cannot be written.
 */
export async function addSnapshot(session: Session, store: Store, snapshot: RecordedSnapshot, known: ReadonlySet<string>): Promise<void> {
  const texts = Object.fromEntries(Object.entries(snapshot.texts).filter(([digest]) => !known.has(digest)))
  const kept = JSON.stringify({ ...snapshot, texts })
  if (store.kind === 'table') {
    await withTransaction(session, async () => {
      // Of two that record at once, one makes the table.
      await session.query('SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext($1))', [quoteName(store.table)])
      await makeTable(session, store.table)
      await session.query(`INSERT INTO ${quoteName(store.table)} (taken_at, snapshot) VALUES ($1::text::timestamptz, $2)`, [
        snapshot.at,
        kept,
      ])
    })
    return
  }
  await appendFile(store.path, `${kept}\n`).catch((error: Error) => {
    throw new EnvironmentError(`"${store.path}" cannot be written`, { detail: `${error.message}.`, cause: error })
  })
}

async function makeTable(session: Session, table: RelationName): Promise<void> {
  const { there, inSchema } = await session.one<{ there: boolean; inSchema: boolean }>(
    'SELECT to_regclass($1) IS NOT NULL AS there, to_regnamespace($2) IS NOT NULL AS "inSchema"',
    [quoteName(table), quoteIdentifier(table.schema)],
  )
  if (there) return
  if (!inSchema) await session.script(`CREATE SCHEMA ${quoteIdentifier(table.schema)}`)
  await session.script(
    `CREATE TABLE ${quoteName(table)} (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, taken_at timestamptz NOT NULL, snapshot json NOT NULL);
     COMMENT ON TABLE ${quoteName(table)} IS 'What "godwit usage --record" read of pg_stat_statements. Rows are only added.'`,
  )
}
