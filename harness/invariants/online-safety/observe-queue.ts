import type { Step } from '../../migration/index.ts'
import type { Session } from '../../postgres/index.ts'
import { applyWatched, type ClientStatement, type CloneStage, watchLocks } from '../../run/index.ts'
import type { QueueSeen } from './model.ts'
import { QueueWatch } from './queue-watch.ts'

/** One direction, applied while a transaction is left open that has read its tables. */
export interface QueuesOfStep {
  readonly queues: readonly QueueSeen[]
  /** Index of the statement that gave up waiting. */
  readonly gaveUpAt: number | undefined
  readonly failed: boolean
  readonly leftOut: boolean
}

export interface QueuePlan {
  readonly relations: ReadonlyMap<number, string>
  readonly statements: readonly ClientStatement[]
  readonly budgetMs: number
  readonly skip: number
  readonly signal: AbortSignal | undefined
}

/** One statement each: a read, an insert, an update, a delete. */
const clientCount = 4
/** A value of the harness's own, which no migration sets: longer than any budget is waited for. */
const lockTimeoutMs = 59_999

/**
 * Apply a step while another transaction, which has only read, is left open: its ACCESS SHARE locks keep an ACCESS EXCLUSIVE lock waiting, and
 * whoever comes after that waits too. Nothing is waited for by the clock but the budget itself: `pg_blocking_pids` tells who waits.
 */
export async function observeQueue(stage: CloneStage, step: Step, plan: QueuePlan): Promise<QueuesOfStep> {
  await using idle = await stage.database.connect()
  await using looking = await stage.database.connect()
  await using observer = await stage.database.connect()
  await using sampling = await stage.database.connect()
  await using locks = watchLocks(sampling, () => [])
  await using session = await stage.connect(undefined, { lockTimeoutMs })
  await using clients = await openAll(() => stage.connect(undefined, { lockTimeoutMs }))
  const { relations, statements, budgetMs, skip, signal } = plan
  const watch = new QueueWatch({
    ...{ idle, looking, migration: session.processId, relations, statements, clients: clients.sessions, budgetMs, skip },
  })
  let isOver = false
  const applying = applyWatched(session, step, {
    ...{ relations, observer, locks, url: stage.url, signal },
    onSent: ({ kind, index }) => (kind === 'commit' ? watch.end() : watch.before(index)),
  }).finally(() => {
    isOver = true
  })
  try {
    while (!isOver) await watch.look()
  } finally {
    await watch.close()
  }
  const { outcome } = await applying
  const failure = outcome.outcome === 'failed' ? outcome.failure : undefined
  return {
    queues: watch.seen,
    gaveUpAt: failure?.sqlstate === '55P03' ? failure.index : undefined,
    failed: failure !== undefined,
    leftOut: watch.leftOut,
  }
}

async function openAll(open: () => Promise<Session>): Promise<AsyncDisposable & { readonly sessions: readonly Session[] }> {
  const sessions = await Promise.all(Array.from({ length: clientCount }, open))
  return {
    sessions,
    async [Symbol.asyncDispose]() {
      await Promise.all(sessions.map((each) => each.close()))
    },
  }
}
