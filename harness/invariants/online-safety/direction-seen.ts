import { type LockWatch, pausedIn, type Traffic, type TrafficEvent, type WatchedStep } from '../../run/index.ts'
import type { ClientFailure, ClientWait, DirectionSeen, TrafficSeen } from './model.ts'

export interface Watched {
  readonly direction: 'up' | 'down'
  readonly applied: WatchedStep
  readonly traffic: Traffic
  readonly locks: LockWatch
  /** When the first direction began: what failed before fails by itself. */
  readonly quietUntilMs: number
  readonly fromMs: number
}

/** One direction told from what the clients, the samples of locks and the migration's own session say. */
export function directionSeen({ direction, applied, traffic, locks, quietUntilMs, fromMs }: Watched): DirectionSeen {
  const { endMs, outcome } = applied
  const failed = outcome.outcome === 'failed' ? outcome.failure : undefined
  return {
    direction,
    failure:
      failed === undefined ? undefined : { sqlstate: failed.sqlstate, message: failed.message, file: failed.file, line: failed.line },
    durationMs: endMs - applied.startMs - pausedIn(applied.pauses, applied.startMs, endMs),
    byStatement: applied.byStatement,
    statements: applied.statements,
    lockTimeout: applied.lockTimeout,
    traffic: trafficSeen(traffic.events, fromMs, endMs),
    failures: failuresOf(traffic.events, applied, quietUntilMs, fromMs),
    waits: waitsOf(traffic, locks, applied, fromMs),
    smaller: undefined,
  }
}

/** What clients went through in a stretch of time. */
export function trafficSeen(events: readonly TrafficEvent[], fromMs: number, toMs: number): TrafficSeen {
  const within = events.filter((each) => each.endMs >= fromMs && each.startMs <= toMs)
  return { statements: within.length, longestMs: within.reduce((most, each) => Math.max(most, each.endMs - each.startMs), 0) }
}

function failuresOf(events: readonly TrafficEvent[], applied: WatchedStep, quietUntilMs: number, fromMs: number): readonly ClientFailure[] {
  const key = ({ statement, error }: TrafficEvent) => JSON.stringify([statement.name, error?.sqlstate])
  const failing = events.filter((each) => each.error !== undefined)
  // Also what an earlier direction left behind.
  const known = new Set(failing.filter((each) => each.endMs <= Math.max(quietUntilMs, fromMs)).map(key))
  const groups = new Map<string, TrafficEvent[]>()
  for (const event of failing) {
    if (event.endMs <= fromMs || known.has(key(event))) continue
    groups.set(key(event), [...(groups.get(key(event)) ?? []), event])
  }
  return [...groups.values()].flatMap((group): readonly ClientFailure[] => {
    const [first] = group
    // A time-out of the harness's own is a wait that was too long, and reported as one.
    if (first?.error === undefined || first.error.sqlstate === '55P03') return []
    const { sqlstate, message } = first.error
    return [
      {
        statement: first.statement,
        sqlstate,
        message,
        times: group.length,
        atMs: first.endMs - applied.startMs,
        during: statementAt(applied, first.startMs),
        lasting: group.some((each) => each.startMs > applied.endMs),
      },
    ]
  })
}

function waitsOf(traffic: Traffic, locks: LockWatch, applied: WatchedStep, fromMs: number): readonly ClientWait[] {
  const clients = traffic.processIds()
  return locks
    .waits()
    .flatMap((wait): readonly ClientWait[] => {
      const client = clients.indexOf(wait.processId)
      if (client < 0 || !wait.behindOthers || wait.endMs < fromMs || wait.startMs > applied.endMs) return []
      const event = traffic.events.find((each) => each.client === client && each.startMs <= wait.endMs && each.endMs >= wait.endMs)
      // Samples may be far apart on a busy machine: the wait ended before its statement did, and before the sample that does not show it.
      const toMs = Math.max(wait.endMs, Math.min(wait.goneMs, event?.endMs ?? wait.goneMs))
      return [
        {
          statement: event?.statement ?? traffic.current(client),
          waitedMs: toMs - wait.startMs - pausedIn(applied.pauses, wait.startMs, toMs),
          during: statementAt(applied, wait.startMs),
        },
      ]
    })
    .toSorted((left, right) => right.waitedMs - left.waitedMs)
}

/** The statement of the migration that ran at a moment; undefined before the first and after the end. */
function statementAt({ startsMs, endMs }: WatchedStep, atMs: number): number | undefined {
  if (atMs > endMs) return undefined
  const index = startsMs.findLastIndex((each) => each <= atMs)
  return index < 0 ? undefined : index
}
