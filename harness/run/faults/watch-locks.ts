import { setTimeout as pause } from 'node:timers/promises'
import type { Session } from '../../postgres/index.ts'

/** A stretch in which a backend waited for a lock, as far as the samples tell. Times are those of `performance.now()`. */
export interface SeenWait {
  readonly processId: number
  readonly startMs: number
  /** The last sample that shows it. */
  readonly endMs: number
  /** The first sample that does not show it any more; `endMs` while it goes on. */
  readonly goneMs: number
  /** Whether what it waited behind, directly or in the queue, was no client. */
  readonly behindOthers: boolean
}

/** A lock on a relation that a backend other than a client held, from the first sample to the last that shows it. */
export interface SeenLock {
  readonly relationOid: number
  readonly mode: string
  readonly startMs: number
  readonly endMs: number
}

/** Looks at `pg_locks` again and again. */
export interface LockWatch {
  waits(): readonly SeenWait[]
  /** Locks that others than clients held in a stretch of time. */
  locks(fromMs: number, toMs: number): readonly SeenLock[]
  /** Clients that wait at this moment. */
  waiting(): ReadonlySet<number>
  /** Until one more sample was taken that began after now. */
  sample(): Promise<void>
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const sampleMs = 2

/**
 * Who waits for whom and who holds what, in this database. A relation's locks are listed only where they stop clients.
 *
 * `waitstart` says since when, so that a wait is known exactly but for the time since the last sample.
 */
const question = `
  SELECT l.pid, l.granted, l.relation::int8 AS relation, l.mode,
    CASE WHEN NOT l.granted THEN 1000 * extract(epoch FROM pg_catalog.clock_timestamp() - l.waitstart) END::float8 AS waited,
    CASE WHEN NOT l.granted THEN pg_catalog.pg_blocking_pids(l.pid) END AS blockers
  FROM pg_catalog.pg_locks AS l
  WHERE l.pid <> pg_catalog.pg_backend_pid()
    AND (NOT l.granted
      OR (l.locktype = 'relation' AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
        AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())))`

interface Row {
  readonly pid: number
  readonly granted: boolean
  readonly relation: string | null
  readonly mode: string
  readonly waited: number | null
  readonly blockers: readonly number[] | null
}

/**
 * Begin to sample.
 *
 * @param session  Of its own for this, outside any transaction.
 * @param clients  Backends of the clients; everybody else counts as the migration.
 */
export function watchLocks(session: Session, clients: () => readonly number[]): LockWatch {
  const waits = new Map<string, SeenWait>()
  const locks: SeenLock[] = []
  const held = new Map<string, SeenLock & { endMs: number }>()
  let waiting: ReadonlySet<number> = new Set()
  let samples = 0
  let stopping = false
  let broken: unknown

  const look = async (): Promise<void> => {
    const rows = await session.query<Row>(question)
    const now = performance.now()
    const mine = new Set(clients())
    const blockers = new Map(rows.flatMap(({ pid, blockers: by }) => (by === null ? [] : [[pid, by] as const])))
    const shown = new Set<string>()
    for (const { pid, granted, waited } of rows) {
      // Between the wait and its first check `waitstart` is not set yet.
      if (granted || waited === null) continue
      const startMs = now - waited
      const known = [...waits.entries()].find(
        ([, each]) => each.processId === pid && Math.abs(each.startMs - startMs) < 50 && each.endMs >= startMs,
      )
      const behindOthers = leadsOut(pid, blockers, mine) || known?.[1].behindOthers === true
      const key = known?.[0] ?? `${pid} ${startMs}`
      shown.add(key)
      waits.set(key, { processId: pid, startMs: known?.[1].startMs ?? startMs, endMs: now, goneMs: now, behindOthers })
    }
    for (const [key, each] of waits) if (!shown.has(key) && each.goneMs === each.endMs) waits.set(key, { ...each, goneMs: now })
    waiting = new Set(rows.flatMap(({ pid, granted }) => (granted || !mine.has(pid) ? [] : [pid])))
    const seen = new Set<string>()
    for (const { pid, granted, relation, mode } of rows) {
      if (!granted || relation === null || mine.has(pid)) continue
      const key = `${pid} ${relation} ${mode}`
      seen.add(key)
      const known = held.get(key)
      if (known === undefined) {
        const lock = { relationOid: Number(relation), mode, startMs: now, endMs: now }
        held.set(key, lock)
        locks.push(lock)
      } else known.endMs = now
    }
    for (const key of held.keys()) if (!seen.has(key)) held.delete(key)
    samples += 1
  }
  const work = async (): Promise<void> => {
    while (!stopping) {
      await look()
      await pause(sampleMs)
    }
  }
  const working = work().catch((error: unknown) => {
    broken = error
    stopping = true
  })
  const stop = async (): Promise<void> => {
    stopping = true
    await working
    if (broken !== undefined) throw broken
  }
  return {
    waits: () => [...waits.values()],
    locks: (fromMs, toMs) => locks.filter((each) => each.endMs >= fromMs && each.startMs <= toMs),
    waiting: () => waiting,
    async sample() {
      const wanted = samples + 2
      while (!stopping && samples < wanted) await pause(1)
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Whether a chain of waits ends at somebody who is no client. */
function leadsOut(from: number, blockers: ReadonlyMap<number, readonly number[]>, clients: ReadonlySet<number>): boolean {
  const seen = new Set<number>()
  const open = [...(blockers.get(from) ?? [])]
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    if (seen.has(pid)) continue
    seen.add(pid)
    if (!clients.has(pid)) return true
    open.push(...(blockers.get(pid) ?? []))
  }
  return false
}
