import { type Catalog, readCatalog } from '../../catalog/index.ts'
import type { Failure, Step } from '../../migration/index.ts'
import type { Session } from '../../postgres/index.ts'
import { applyWatched, hearTemporaryFiles, pausedIn, type WatchedStatement, watchLocks } from '../../run/index.ts'
import type { ClientsMet, CopyClients } from './clients.ts'
import type { Copy } from './copy.ts'
import type { DirectionResult, StatementResult } from './model.ts'
import { endEvents, type StepEvent, sentEvent } from './step-events.ts'

/** One direction, and what the server said where it failed. */
export interface Applied {
  readonly result: DirectionResult
  readonly failure: Failure | undefined
  /** Undefined where no clients were at work. */
  readonly clients: ClientsMet | undefined
}

interface Meter {
  readonly wal: string
  readonly bytes: string
}

const meter = 'SELECT pg_catalog.pg_current_wal_insert_lsn()::text AS wal, pg_catalog.pg_database_size(current_database())::text AS bytes'
const temporary = 'SELECT temp_bytes::text AS bytes FROM pg_catalog.pg_stat_database WHERE datname = current_database()'

interface MeterOptions {
  /** Looked at between statements. */
  readonly signal: AbortSignal
  readonly clients?: CopyClients | undefined
  /** Told what happens before it happens. */
  readonly tell?: ((event: StepEvent) => Promise<void>) | undefined
}

/** Apply one direction as its tool would, and measure each statement: its WAL and growth have those of the clients at work in it. */
export async function applyMetered(copy: Copy, step: Step, { signal, clients, tell }: MeterOptions): Promise<Applied> {
  await using session = await copy.connect()
  await using observer = await copy.observe()
  await using looking = await copy.observe()
  const relations = storedByOid(await readCatalog(observer))
  const meters: (Meter | undefined)[] = []
  const before = await read(observer)
  const temporaryBefore = await temporaryBytes(session, observer)
  const files = await hearTemporaryFiles(session)
  const temporaries: (number | undefined)[] = []
  await using locks = watchLocks(looking, clients?.processIds ?? (() => []))
  const fromMs = performance.now()
  await tell?.({ event: 'begin' })
  const watched = await applyWatched(session, step, {
    relations,
    observer,
    locks,
    url: copy.url,
    signal,
    onSent: async (sent) => tell?.(sentEvent(sent)),
    onEnded: async (at, on) => {
      temporaries[at] = files.take()
      meters[at] = await read(on)
    },
  })
  const after = await read(observer)
  const { outcome, statements, pauses, startMs, endMs } = watched
  const durationMs = endMs - startMs - pausedIn(pauses, startMs, endMs)
  for (const event of endEvents(outcome, durationMs)) await tell?.(event)
  const result: DirectionResult = {
    outcome: outcome.outcome,
    durationMs,
    walBytes: walBetween(before, after),
    temporaryBytes: (await temporaryBytes(session, observer)) - temporaryBefore,
    grownBytes: Number(after.bytes) - Number(before.bytes),
    statements: statements.map((each, at) => ({
      ...statementResult(each, lastBefore(meters, at) ?? before, meters[at]),
      temporaryBytes: temporaries[at] ?? null,
    })),
  }
  const met = await clients?.met(watched, locks, fromMs)
  return { result, failure: outcome.outcome === 'failed' ? outcome.failure : undefined, clients: met }
}

function read(session: Session): Promise<Meter> {
  return session.one<Meter>(meter)
}

function lastBefore(meters: readonly (Meter | undefined)[], at: number): Meter | undefined {
  return meters.slice(0, at).findLast((each) => each !== undefined)
}

/** The session's own figures reach the statistics only once it is told to send them. */
async function temporaryBytes(session: Session, observer: Session): Promise<number> {
  // After a failure the session may be in a transaction that only its end frees.
  await session.query('SELECT pg_catalog.pg_stat_force_next_flush()').catch(() => undefined)
  const { bytes } = await observer.one<{ bytes: string }>(temporary)
  return Number(bytes)
}

function walBetween(from: Meter, to: Meter): number {
  return Math.max(0, Number(positionOf(to.wal) - positionOf(from.wal)))
}

/** `16/B374D848` in bytes. */
function positionOf(lsn: string): bigint {
  const [high = '0', low = '0'] = lsn.split('/')
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`)
}

function statementResult(each: WatchedStatement, before: Meter, after: Meter | undefined): Omit<StatementResult, 'temporaryBytes'> {
  const [text = ''] = each.text.split('\n', 1)
  return {
    text,
    file: each.file,
    line: each.line,
    durationMs: each.durationMs,
    transaction: each.transaction,
    locks: each.locks.filter(({ mode }) => mode !== 'AccessShareLock'),
    rewritten: each.rewritten,
    walBytes: after === undefined ? null : walBetween(before, after),
    grownBytes: after === undefined ? null : Number(after.bytes) - Number(before.bytes),
  }
}

function storedByOid(catalog: Catalog): ReadonlyMap<number, string> {
  const stored = [...catalog.relations].filter(([, { kind }]) => ['table', 'partitioned-table', 'materialized-view'].includes(kind))
  return new Map(stored.map(([path, { oid }]) => [oid, path]))
}
