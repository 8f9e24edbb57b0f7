import { EnvironmentError, InputError } from '../../errors.ts'
import { type OpenedDatabase, openDatabase, quoteIdentifier, type ServerVersion, type Session, signsOfUse } from '../../postgres/index.ts'
import { savedSchema } from '../queries/query.ts'

/** A throw-away database with real rows, which nobody else changes as long as this is open. */
export interface Copy extends AsyncDisposable {
  readonly kind: 'url' | 'dump'
  /** `host:port/database`, or the file that it was restored from. */
  readonly place: string
  readonly version: ServerVersion
  /** For programs; it holds a password. */
  readonly url: string
  /** Who runs the migration. */
  readonly role: string
  readonly bytes: number
  /** A session of that role, without a limit of time. */
  connect(): Promise<Session>
  /** A session that looks and compares. */
  observe(): Promise<Session>
  /** The rows as they were at first, in another database; undefined where they cannot be had again. */
  readonly again: (() => Promise<Copy>) | undefined
  /** How long restoring it took; undefined where it was there already. */
  readonly restoredMs: number | undefined
  /** What differs from the real database, in sentences. */
  readonly notes: readonly string[]
}

/** Any number will do, as long as it stays the same. */
const LOCK = 5_716_204_733

/** Long, so that autovacuum has time to give way. */
const LOCK_TIMEOUT_MS = 30_000

interface Facts {
  readonly role: string
  readonly bytes: string
  readonly mayCreate: boolean
  readonly saved: boolean
  readonly locked: boolean
  readonly wal: string
}

const facts = `
SELECT current_user AS role, pg_database_size(current_database())::text AS bytes,
       has_database_privilege(current_database(), 'CREATE') AS "mayCreate", to_regnamespace('${savedSchema}') IS NOT NULL AS saved,
       pg_try_advisory_lock(${LOCK}) AS locked, current_setting('wal_level') AS wal`

/**
 * Take a database by its URL for a copy.
 *
 * @throws {InputError} When the URL cannot be read, somebody uses the database, another rehearsal runs on it, or an earlier one was cut off.
 * @throws {EnvironmentError} When it does not answer or the role may not make a schema.
 */
export async function openUrlCopy(url: string): Promise<Copy> {
  const database = await openDatabase(url)
  const connect = () => database.connect({ writes: true, lockTimeoutMs: LOCK_TIMEOUT_MS })
  const holder = await connect()
  try {
    const found = await holder.one<Facts>(facts)
    await refuse(database, holder, found)
    return {
      kind: 'url',
      place: database.place,
      version: database.version,
      url,
      role: found.role,
      bytes: Number(found.bytes),
      connect,
      observe: connect,
      again: undefined,
      restoredMs: undefined,
      notes: found.wal === 'minimal' ? ['WAL of new and rewritten tables: this server (wal_level = minimal) writes none for them.'] : [],
      // Its end gives the lock back.
      [Symbol.asyncDispose]: () => holder.close(),
    }
  } catch (error) {
    await holder.close()
    throw error
  }
}

async function refuse({ place }: OpenedDatabase, session: Session, { role, mayCreate, saved, locked }: Facts): Promise<void> {
  if (!locked) throw new InputError(`another rehearsal runs on ${place}`, { hint: 'Wait until it has ended, or name another copy.' })
  const signs = await signsOfUse(session)
  if (signs.length > 0)
    throw new InputError(`${place} looks like production`, {
      detail: `Seen: ${signs.join('; ')}.`,
      hint: 'A rehearsal changes the database for good. Name a copy that nobody uses, and close the sessions on it.',
    })
  if (saved)
    throw new InputError(`${place} has the schema "${savedSchema}" already`, {
      detail: 'An earlier rehearsal was cut off there, or before.sql of godwit queries was run.',
      hint: 'Take a fresh copy: nobody knows how far the migration came on this one.',
    })
  if (!mayCreate)
    throw new EnvironmentError(`the role "${role}" may not make a schema in ${place}`, {
      detail: 'The legacy rows are kept in a schema of their own on the copy, to compare them with the migrated rows.',
      hint: `Let its owner run: GRANT CREATE ON DATABASE ${quoteIdentifier(place.slice(place.lastIndexOf('/') + 1))} TO ${quoteIdentifier(role)}`,
    })
}
