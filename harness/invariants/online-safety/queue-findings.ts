import { shownName } from '../../postgres/index.ts'
import type { Finding } from '../../result/index.ts'
import { modeText } from '../../run/index.ts'
import type { OnlineObservation, QueueSeen } from './model.ts'
import { graceMs } from './queue-watch.ts'
import { cut, round, shownIn } from './text.ts'

/** Who waits behind the migration while it waits for a transaction that only reads: for each table the statement with the longest wait. */
export function queueFindings({ queues, budget }: OnlineObservation): readonly Finding[] {
  return queues.flatMap((seen) => {
    const waits = seen.queues.flatMap((queue) => {
      // All were sent at once: the first stands for them, so that the sentence is the same each time.
      const [first] = queue.others
      const stoppedMs = Math.max(0, ...queue.others.map(({ fromMs, toMs }) => toMs - fromMs))
      return first === undefined ? [] : [{ queue, first, stoppedMs, statement: seen.statements[queue.index] }]
    })
    const relations = [...new Set(waits.map(({ queue }) => queue.relation))]
    return relations.flatMap((relation) => {
      const own = waits.filter(({ queue }) => queue.relation === relation)
      const [worst] = own.toSorted((a, b) => b.stoppedMs - a.stoppedMs)
      return worst === undefined ? [] : [queueFinding(seen.direction, worst, own, budget.lockWaitMs)]
    })
  })
}

interface SeenQueue {
  readonly queue: QueueSeen
  readonly first: QueueSeen['others'][number]
  /** The longest wait of a client. */
  readonly stoppedMs: number
  readonly statement: { readonly text: string; readonly file: string; readonly line: number } | undefined
}

function queueFinding(
  direction: 'up' | 'down',
  { queue, first, stoppedMs, statement }: SeenQueue,
  all: readonly SeenQueue[],
  budgetMs: number,
): Finding {
  const relation = queue.relation === undefined ? 'a table' : shownName(queue.relation)
  const isTooLong = queue.endedBy === 'lock-timeout' ? stoppedMs > budgetMs + graceMs(budgetMs) : stoppedMs > budgetMs
  const tries = queue.attempts > 1 ? ` and ${direction} tries again` : ''
  const until =
    queue.endedBy === 'lock-timeout' ? `until the lock_timeout of ${direction} ends the wait${tries}` : 'until that transaction ends'
  const lock = modeText(queue.mode)
  const count = queue.others.length === 1 ? '' : ` (and ${queue.others.length - 1} more)`
  return {
    invariant: 'online-safety',
    kind: 'queue',
    severity: isTooLong ? 'warning' : 'info',
    known: 'observed',
    relation: queue.relation,
    object: direction,
    file: statement?.file,
    line: statement?.line,
    message: `While a transaction that has read ${relation} stays open, ${direction} waits for its ${lock} lock and everybody else waits behind ${direction}: a client's ${shownIn(first.statement.name)}${count} for ${round(stoppedMs)} ms, ${until}; the budget is ${budgetMs} ms`,
    evidence: {
      lock,
      stoppedMs: round(stoppedMs),
      endedBy: queue.endedBy,
      attempts: queue.attempts,
      statement: statement === undefined ? null : cut(statement.text),
      ...(all.length === 1
        ? {}
        : {
            statements: all.map((each) => ({
              line: each.statement?.line ?? null,
              lock: modeText(each.queue.mode),
              stoppedMs: round(each.stoppedMs),
              endedBy: each.queue.endedBy,
              attempts: each.queue.attempts,
            })),
          }),
      queue: [
        { who: `a transaction that has read ${relation}`, behind: 'nobody', fromMs: 0, toMs: round(queue.waitedMs) },
        { who: direction, behind: 'the open transaction', fromMs: 0, toMs: round(queue.waitedMs) },
        ...queue.others.map(({ statement: sent, behind, fromMs, toMs }) => ({
          who: `a client: ${shownIn(sent.name)}`,
          behind: behind === 'migration' ? direction : 'the open transaction',
          fromMs: round(Math.max(0, fromMs)),
          toMs: round(toMs),
        })),
      ],
    },
    hint: isTooLong
      ? `Give up early and try again: SET lock_timeout = '${Math.max(1, Math.floor(budgetMs / 2))}ms' before the statement, and run the migration again where it ends with 55P03.`
      : undefined,
  }
}
