import pLimit from 'p-limit'
import type { Catalog, Sequence } from '../catalog/index.ts'
import type { Asking } from '../coverage/index.ts'
import { applyStep, commitsEarly, failureAt, type Outcome, programFailure, type Step } from '../migration/index.ts'
import { quoteIdentifier, quoteLiteral, quoteName, type Session, StatementError } from '../postgres/index.ts'
import { answersOf, askBefore, askedScript } from './ask.ts'
import { type ApplyAs, readMarks, type Stage } from './stage.ts'

/** Stands for a fresh connection inside the transaction of rung 1 (postgres.md, "Isolation ladder"). */
const resets = [
  ...['DEALLOCATE ALL', 'DISCARD PLANS', 'DISCARD SEQUENCES', 'DISCARD TEMP', 'RESET ALL', 'RESET SESSION AUTHORIZATION'],
  'SELECT pg_advisory_unlock_all()',
]
const resetSession = resets.join('; ')
/** On a line of its own: a statement may end in a comment. */
const between = '\n;\n'

/** Rung 1: everything in one transaction on the head database, rolled back in the end. */
export class TransactionStages {
  readonly #session: () => Session
  readonly #role: string | undefined
  readonly #sequences: readonly Sequence[]
  readonly #deferrable: boolean
  /** The statement that puts the sequences back to where they stood before the first run. */
  #putBack: string | undefined
  #ended: Promise<void> = Promise.resolve()
  /** One transaction at a time, whoever asks. */
  readonly #inTurn = pLimit(1)

  /**
   * @param session  The harness's own session on the head database (superuser), outside any transaction.
   * @param role  Who runs migrations; undefined for the session's own user.
   */
  constructor(session: () => Session, role: string | undefined, catalog: Catalog) {
    this.#session = session
    this.#role = role
    this.#sequences = catalog.sequences
    this.#deferrable = hasDeferrable(catalog)
  }

  /** Run `work` on a stage that leaves nothing behind, whatever happens in it. */
  run<Result>(work: (stage: TransactionStage) => Promise<Result>): Promise<Result> {
    return this.#inTurn(() => this.#run(work))
  }

  async #run<Result>(work: (stage: TransactionStage) => Promise<Result>): Promise<Result> {
    const session = this.#session()
    await this.#ended
    this.#putBack ??= await putBack(session, this.#sequences)
    // Not awaited yet, to save a round trip: a session runs statements in order, and `begun` is awaited before the run counts.
    const begun = session.script('BEGIN')
    begun.catch(() => undefined)
    try {
      const result = await work(new TransactionStage(session, this.#role, this.#deferrable))
      await begun
      return result
    } finally {
      // Not awaited here: the server rolls back while the run is judged, and the next run awaits `#ended`.
      this.#ended = session.script(`ROLLBACK; ${resetSession}${this.#putBack}`).then(
        () => undefined,
        (error: unknown) => {
          // If the connection is gone, the server has rolled back its transaction.
          if (!(error instanceof StatementError)) throw error
        },
      )
      this.#ended.catch(() => undefined)
    }
  }
}

/** What nextval and setval did stays after ROLLBACK: the statement that undoes it, to stand behind one. */
export async function putBack(session: Session, sequences: readonly Sequence[]): Promise<string> {
  if (sequences.length === 0) return ''
  const names = sequences.map(quoteName)
  const [positions] = await session.script(
    names.map((name) => `SELECT ${quoteLiteral(name)}, last_value, is_called FROM ${name}`).join(' UNION ALL '),
  )
  const calls = positions?.rows.map(
    ([name, value, called]) => `pg_catalog.setval(${quoteLiteral(name ?? '')}, ${value}, ${called === 't'})`,
  )
  return `; SELECT ${calls?.join(', ')}`
}

function hasDeferrable(catalog: Catalog): boolean {
  return [...catalog.relations.values()].some(
    (each) =>
      each.constraints.some((constraint) => constraint.deferrable) || each.triggers.some(({ definition }) => mentionsDeferral(definition)),
  )
}

function mentionsDeferral(sql: string): boolean {
  return /deferr|constraint\s+trigger/i.test(sql)
}

export class TransactionStage implements Stage {
  readonly rung = 'transaction'
  readonly #session: Session
  readonly #role: string | undefined
  /** Whether anything may wait for COMMIT; nearly no schema has that. */
  #deferrable: boolean

  constructor(session: Session, role: string | undefined, deferrable: boolean) {
    this.#session = session
    this.#role = role
    this.#deferrable = deferrable
  }

  look<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    return work(this.#session)
  }

  async apply(step: Step, options: ApplyAs = {}): Promise<Outcome> {
    const { counted } = options
    if (counted === undefined) return this.#apply(step, options)
    const session = this.#session
    await session.script('SAVEPOINT godwit_count')
    const outcome = await this.#apply(step, options)
    if (outcome.outcome === 'failed') await session.script('ROLLBACK TO SAVEPOINT godwit_count')
    counted(await readMarks(session))
    await session.script(resetSession)
    return outcome
  }

  async #apply(step: Step, { signal, settings = {}, asking, counted }: ApplyAs): Promise<Outcome> {
    const session = this.#session
    const set = Object.entries(settings).map(([name, value]) => `SET ${quoteIdentifier(name)} = ${quoteLiteral(value)}`)
    const fresh = [...resets, ...(this.#role === undefined ? [] : [`SET SESSION AUTHORIZATION ${quoteIdentifier(this.#role)}`]), ...set]
    if (step.kind !== 'sql' || mentionsDeferral(step.script.text)) this.#deferrable = true
    // The reset at its end would let go of what was counted.
    const whole = counted === undefined ? await this.#applyWhole(step, fresh, asking) : undefined
    if (whole?.outcome === 'failed' || (whole?.outcome === 'applied' && !this.#deferrable)) return whole
    if (whole === undefined) await session.script(fresh.join('; '))
    const ask = asking === undefined ? {} : { onStatement: askBefore(session, asking, true) }
    const enclosed = { enclosed: true, onCommit: () => this.settle(), ...ask, ...(signal === undefined ? {} : { signal }) }
    const outcome = whole ?? (await applyStep(session, step, enclosed))
    if (outcome.outcome === 'failed') return outcome
    try {
      await this.settle()
    } catch (error) {
      if (!(error instanceof StatementError)) throw error
      const failure = step.kind === 'sql' ? failureAt(step.script, step.script.statements.length, error) : programFailure(step.file, error)
      return { outcome: 'failed', durationMs: outcome.durationMs, failure }
    }
    if (counted === undefined) await session.script(resetSession)
    return outcome
  }

  /**
   * Send a whole script in one message. Undefined when it is nothing for one message, or fails where the statements of it alone do not tell
   * all: what it did is undone then, and the statements can be sent one by one.
   */
  async #applyWhole(step: Step, fresh: readonly string[], asking: Asking | undefined): Promise<Outcome | undefined> {
    if (step.kind !== 'sql' || step.script.statements.some((each) => each.copyData !== undefined)) return undefined
    // What is deferred is checked at each COMMIT.
    if (this.#deferrable && commitsEarly(step.script)) return undefined
    const started = performance.now()
    // A message of its own: an older server may not parse the script, and then does nothing of the message that it is in.
    const saved = this.#session.script('SAVEPOINT godwit_step')
    saved.catch(() => undefined)
    const statements = [...fresh, ...askedScript(step.script, asking), 'RELEASE SAVEPOINT godwit_step']
    try {
      // One message from the reset before to the reset behind, where nothing waits for COMMIT in between.
      const results = await this.#session.script([...statements, ...(this.#deferrable ? [] : [resetSession])].join(between))
      if (asking !== undefined) answersOf(results, asking)
      return { outcome: 'applied', durationMs: performance.now() - started, notices: [] }
    } catch (error) {
      if (!(error instanceof StatementError)) throw error
      const index = (error.completed ?? 0) - fresh.length
      // Answers to questions are lost with the message; and a text that cannot be parsed fails before its first statement.
      if (asking === undefined && index >= 0 && index < step.script.statements.length) {
        const sent = statements.slice(0, fresh.length + index).reduce((length, text) => length + [...text, ...between].length, 0)
        const { position } = error.fields
        const own = new StatementError({ ...error.fields, position: position === undefined ? undefined : position - sent }, error)
        return { outcome: 'failed', failure: failureAt(step.script, index, own), durationMs: performance.now() - started }
      }
      await this.#session.script('ROLLBACK TO SAVEPOINT godwit_step; RELEASE SAVEPOINT godwit_step')
      return undefined
    }
  }

  /**
   * Do something, and undo it: what the transaction did before stands as it was.
   *
   * @param sequences  What `putBack` gave for the state before.
   */
  async undone<Result>(work: () => Promise<Result>, sequences: string): Promise<Result> {
    const saved = this.#session.script('SAVEPOINT godwit_undone')
    saved.catch(() => undefined)
    try {
      const result = await work()
      await saved
      return result
    } finally {
      await this.#session.script(`ROLLBACK TO SAVEPOINT godwit_undone; RELEASE SAVEPOINT godwit_undone; ${resetSession}${sequences}`)
    }
  }

  async settle(): Promise<void> {
    if (!this.#deferrable) return
    const session = this.#session
    // Back to DEFERRED only what is initially deferred: ALL would defer what is merely deferrable.
    const [, deferred] = await session.script(
      `SET CONSTRAINTS ALL IMMEDIATE;
       SELECT format('%I.%I', n.nspname, c.conname) FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace WHERE c.condeferred AND c.conparentid = 0`,
    )
    const names = deferred?.rows.flatMap(([name]) => (name === null || name === undefined ? [] : [name])) ?? []
    if (names.length > 0) await session.script(`SET CONSTRAINTS ${names.join(', ')} DEFERRED`)
  }
}
