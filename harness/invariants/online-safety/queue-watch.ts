import type { Session } from '../../postgres/index.ts'
import type { ClientStatement } from '../../run/index.ts'
import type { QueuedStatement, QueueSeen } from './model.ts'

export interface QueueScene {
  /** Left open in a transaction that has read; the harness's own. */
  readonly idle: Session
  /** Asks who waits. */
  readonly looking: Session
  readonly migration: number
  /** Legacy relations that the migration locks, by OID. */
  readonly relations: ReadonlyMap<number, string>
  /** What clients send, and a connection for each of the first few. */
  readonly statements: readonly ClientStatement[]
  readonly clients: readonly Session[]
  /** How long the transaction is left open while others wait. */
  readonly budgetMs: number
  /** Statements of the migration that are let pass, as they were looked at before. */
  readonly skip: number
}

/** A lock that somebody waits for. */
interface WaitRow {
  readonly pid: number
  readonly relation: string | null
  readonly mode: string
  /** Since when, in the server's own words; NULL for a moment at first. */
  readonly since: string | null
  readonly waited: number
  readonly blockers: readonly number[]
}

interface Sent {
  readonly statement: ClientStatement
  readonly processId: number
  readonly fromMs: number
  endMs: number | undefined
  behind: QueuedStatement['behind'] | undefined
  readonly done: Promise<void>
}

/** A statement of the migration that waits for the open transaction. Times are those of `performance.now()`. */
interface Wait {
  readonly index: number
  readonly relation: string | undefined
  readonly mode: string
  readonly fromMs: number
  /** Which wait goes on. */
  since: string | null
  /** When it ended, or the open transaction did. */
  endMs: number | undefined
  attempts: number
  /** Whether a wait ended although the transaction stayed open. */
  timedOut: boolean
  readonly sent: readonly Sent[]
}

/** More would take long on migrations of many statements; what is left out is said. */
const mostLooked = 3

/**
 * Watches a migration that waits behind a transaction which has read its tables, and sends what clients send then: they wait behind the
 * migration, though the transaction alone would let them pass.
 */
export class QueueWatch {
  readonly #scene: QueueScene
  readonly #seen: QueueSeen[] = []
  #isOpen = false
  #index = 0
  #wait: Wait | undefined
  #leftOut = false

  constructor(scene: QueueScene) {
    this.#scene = scene
  }

  get seen(): readonly QueueSeen[] {
    return this.#seen
  }

  /** Whether there are statements that were not looked at. */
  get leftOut(): boolean {
    return this.#leftOut
  }

  /** Before a statement of the migration is sent: the other transaction reads what the migration does not hold. */
  async before(index: number): Promise<void> {
    await this.end()
    this.#index = index
    if (index < this.#scene.skip || this.#isOpen) return
    if (this.#seen.length >= mostLooked) {
      this.#leftOut = true
      return
    }
    const { idle, looking, relations, migration } = this.#scene
    const rows = await looking.query<{ name: string }>(
      `SELECT c.oid::regclass::text AS name FROM pg_catalog.pg_class AS c
       WHERE c.oid = ANY ($1::oid[]) AND c.relkind IN ('r', 'p', 'm')
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks AS l WHERE l.relation = c.oid AND l.pid = $2 AND l.mode = 'AccessExclusiveLock')`,
      [[...relations.keys()], migration],
    )
    if (rows.length === 0) return
    await idle.script(['BEGIN', ...rows.map(({ name }) => `SELECT FROM ${name} LIMIT 1`)].join(';\n'))
    this.#isOpen = true
  }

  /** Look once at who waits, and end the open transaction where enough was seen. */
  async look(): Promise<void> {
    const { looking, migration, idle } = this.#scene
    const pids = [migration, ...(this.#wait?.sent.map(({ processId }) => processId) ?? [])]
    const rows = await looking.query<WaitRow>(waitsOf, [pids])
    const nowMs = performance.now()
    const own = rows.find(({ pid, blockers }) => pid === migration && this.#isOpen && blockers.includes(idle.processId))
    if (own !== undefined) this.#waits(own, nowMs - own.waited)
    const wait = this.#wait
    if (wait === undefined) return
    for (const sent of wait.sent) {
      const row = rows.find(({ pid }) => pid === sent.processId)
      if (row !== undefined) sent.behind ??= row.blockers.includes(migration) ? 'migration' : 'transaction'
    }
    if (own === undefined && this.#isOpen && wait.endMs === undefined) {
      wait.endMs = nowMs
      wait.timedOut = true
    }
    const isFormed = wait.sent.every(({ endMs, processId }) => endMs !== undefined || rows.some(({ pid }) => pid === processId))
    const isOver = nowMs - Math.max(wait.fromMs, ...wait.sent.map(({ fromMs }) => fromMs)) > graceOf(this.#scene.budgetMs)
    const nobody = wait.sent.every(({ behind }) => behind === undefined)
    if (this.#isOpen && own !== undefined && isFormed && (isOver || nobody || wait.attempts > 1)) await this.#release(wait)
  }

  /**
   * The statement has ended. Whoever still waits does so for a lock that the migration holds now, which is measured elsewhere: it is cancelled,
   * so that it does not wait for a migration that waits for us.
   */
  async end(): Promise<void> {
    const wait = this.#wait
    if (wait === undefined) return
    this.#wait = undefined
    const until = wait.endMs ?? performance.now()
    const waiting = wait.sent.filter(({ endMs }) => endMs === undefined).map(({ processId }) => processId)
    if (waiting.length > 0)
      await this.#scene.looking.query('SELECT pg_catalog.pg_cancel_backend(pid) FROM unnest($1::int[]) AS pid', [waiting])
    await Promise.all(wait.sent.map(({ done }) => done))
    this.#seen.push({
      index: wait.index,
      relation: wait.relation,
      mode: wait.mode,
      attempts: wait.attempts,
      endedBy: wait.timedOut || this.#isOpen ? 'lock-timeout' : 'open-transaction',
      waitedMs: until - wait.fromMs,
      others: wait.sent.flatMap(({ statement, behind, fromMs, endMs }) =>
        behind === undefined
          ? []
          : [{ statement, behind, fromMs: fromMs - wait.fromMs, toMs: Math.min(endMs ?? until, until) - wait.fromMs }],
      ),
    })
  }

  /** The open transaction ends, whatever was seen. */
  async close(): Promise<void> {
    await this.end()
    if (this.#isOpen) await this.#scene.idle.script('ROLLBACK')
    this.#isOpen = false
  }

  #waits(own: WaitRow, fromMs: number): void {
    const wait = this.#wait
    if (wait !== undefined) {
      if (own.since === null || own.since === wait.since) return
      if (wait.since !== null) wait.attempts += 1
      wait.since = own.since
      return
    }
    const relation = own.relation === null ? undefined : this.#scene.relations.get(Number(own.relation))
    this.#wait = {
      ...{ index: this.#index, relation, mode: own.mode, fromMs, since: own.since, endMs: undefined, attempts: 1, timedOut: false },
      sent: this.#send(relation),
    }
  }

  /** One statement of each kind that clients send to the relation. */
  #send(relation: string | undefined): readonly Sent[] {
    const { statements, clients } = this.#scene
    const fit = statements.filter((each) => relation === undefined || each.relation === undefined || each.relation === relation)
    const kinds = [...new Map(fit.toReversed().map((each) => [each.operation, each])).values()].toReversed()
    return kinds.slice(0, clients.length).map((statement, at): Sent => {
      const session = clients[at] as Session
      const sent: { -readonly [Key in keyof Sent]: Sent[Key] } = {
        ...{ statement, processId: session.processId, fromMs: performance.now(), endMs: undefined, behind: undefined },
        done: Promise.resolve(),
      }
      const ended = () => {
        sent.endMs = performance.now()
      }
      // What fails after the migration is judged elsewhere; here only how long it took counts.
      sent.done = session.script(statement.sql).then(ended, async () => {
        ended()
        await session.script('ROLLBACK')
      })
      return sent
    })
  }

  async #release(wait: Wait): Promise<void> {
    await this.#scene.idle.script('ROLLBACK')
    this.#isOpen = false
    wait.endMs = performance.now()
  }
}

const waitsOf = `
  SELECT l.pid, l.relation::int8::text AS relation, l.mode, pg_catalog.pg_blocking_pids(l.pid) AS blockers, l.waitstart::text AS since,
    coalesce(1000 * extract(epoch FROM pg_catalog.clock_timestamp() - l.waitstart), 0)::float8 AS waited
  FROM pg_catalog.pg_locks AS l WHERE NOT l.granted AND l.pid = ANY ($1::int[])`

/** How long it is waited before the open transaction is ended: a `lock_timeout` as long as the budget ends the wait before. */
function graceOf(budgetMs: number): number {
  return budgetMs + graceMs(budgetMs)
}

/** What a wait that the server ends by a limit may be measured longer than that limit, milliseconds. */
export function graceMs(limitMs: number): number {
  return Math.max(100, limitMs / 10)
}
