import { StatementError } from '../postgres/index.ts'
import { type Footprint, type FootprintContext, footprintOf, noFootprint, unitedFootprints } from './footprint.ts'
import type { Client, Operation, Result, SqlStep, Told, Unit, UnitOutcome, UnitSession } from './model.ts'
import type { StageSession } from './stage.ts'
import { answersText, errorText, toldOf, valueText } from './told.ts'

/** Errors after which an application does the same once more. */
export const refusals: ReadonlySet<string> = new Set(['40001', '40P01'])

interface Request extends SqlStep {
  readonly send: () => void
}

/** What an actor tells the scheduler. */
export interface Hearer {
  readonly operations: ReadonlyMap<string, Operation>
  readonly retries: number
  /** The actor's state is another one now. */
  changed(): void
  answered(actor: Actor, told: Told): void
  retried(): void
  /** Number of statements that were sent before the one that is sent now, of all sessions. */
  sent(): number
}

/**
 * One session under the scheduler. `parked`: it has a statement to send; `running`: it was let through, or its operation computes; `waiting`: its
 * statement waits for a lock; `done`: it has nothing more to do.
 */
export class Actor {
  readonly plan: UnitSession
  readonly stage: StageSession
  state: 'parked' | 'running' | 'waiting' | 'done' = 'running'
  /** Rises each time that it begins to wait. */
  waitNumber = 0
  unit: Unit | undefined
  readonly outcomes: UnitOutcome[] = []
  readonly #hearer: Hearer
  readonly #requests: Request[] = []
  #open: Footprint | undefined
  #from: number | undefined
  #abandoned = false

  constructor(plan: UnitSession, stage: StageSession, hearer: Hearer) {
    this.plan = plan
    this.stage = stage
    this.#hearer = hearer
    stage.onWait = () => {
      if (this.state === 'parked' || this.state === 'done') return
      this.waitNumber += 1
      this.#become('waiting')
    }
  }

  /** The statement that it would send next. */
  get next(): SqlStep | undefined {
    return this.state === 'parked' ? this.#requests[0] : undefined
  }

  /** What its next statement reads and writes. */
  footprint(facts: FootprintContext['facts']): Footprint {
    const keepsSnapshot = this.plan.isolation !== 'read committed'
    return footprintOf(this.next?.sql ?? '', { facts, open: this.#open, keepsSnapshot })
  }

  /** Send the next statement; the actor is `running` at once. */
  letThrough(facts: FootprintContext['facts']): void {
    const footprint = this.footprint(facts)
    this.#open = unitedFootprints(this.#open ?? footprint, footprint)
    if (footprint !== noFootprint) this.#from ??= this.#hearer.sent()
    this.state = 'running'
    this.#requests.shift()?.send()
  }

  /** What its statement is answered yet leads to nothing more. */
  abandon(): void {
    this.#abandoned = true
    this.stage.onWait = () => undefined
  }

  /** The server has given it the lock: it will answer, or wait anew. */
  goOn(waitNumber: number): void {
    if (this.state === 'waiting' && this.waitNumber === waitNumber) this.#become('running')
  }

  async run(): Promise<void> {
    for (const unit of this.plan.units) {
      this.unit = unit
      for (let attempt = 0; ; attempt += 1) {
        this.#from = undefined
        const told = await this.#attempt(unit)
        if (this.stage.session.inTransaction && (told === undefined || unit === this.plan.units.at(-1) || unit.kind === 'operation'))
          await this.stage.session.script('ROLLBACK')
        this.#open = this.stage.session.inTransaction ? this.#open : undefined
        if (told === undefined && attempt < this.#hearer.retries) {
          this.#hearer.retried()
          continue
        }
        const outcome = told === undefined ? 'refused' : 'done'
        const to = this.#hearer.sent()
        this.outcomes.push({ session: this.plan.name, unit: unit.id, outcome, told: told ?? '', from: this.#from ?? to, to })
        break
      }
    }
    this.unit = undefined
    this.#become('done')
  }

  /** What was told, or undefined where the server refused the whole. */
  async #attempt(unit: Unit): Promise<string | undefined> {
    if (unit.kind === 'operation') return this.#operate(unit)
    const answers: string[] = []
    for (const statement of unit.statements) {
      const told = await this.#send(statement)
      if ('sqlstate' in told && refusals.has(told.sqlstate)) return undefined
      answers.push(toldOf(statement.sql, told))
    }
    return answersText(answers)
  }

  async #operate(unit: Extract<Unit, { kind: 'operation' }>): Promise<string | undefined> {
    const client: Client = {
      query: async <Row extends object>(sql: string, parameters: readonly unknown[] = []) => {
        const told = await this.#send({ sql, parameters })
        if ('sqlstate' in told) throw new StatementError({ sqlstate: told.sqlstate, message: told.message })
        return told as Result<Row>
      },
    }
    try {
      return valueText(await this.#hearer.operations.get(unit.name)?.(client, unit.input))
    } catch (error) {
      return error instanceof StatementError && refusals.has(error.sqlstate) ? undefined : errorText(error)
    }
  }

  async #send(statement: SqlStep): Promise<Told> {
    await new Promise<void>((resolve) => {
      this.#requests.push({ ...statement, send: resolve })
      this.#become('parked')
    })
    const told = await this.#answerTo(statement)
    if (this.#abandoned) await new Promise(() => undefined)
    if (!this.stage.session.inTransaction) this.#open = undefined
    // An operation may have sent several at once.
    this.state = this.#requests.length > 0 ? 'parked' : 'running'
    this.#hearer.answered(this, told)
    return told
  }

  async #answerTo({ sql, parameters = [] }: SqlStep): Promise<Told> {
    try {
      return await this.stage.session.answer(sql, parameters)
    } catch (error) {
      if (!(error instanceof StatementError)) throw error
      return { sqlstate: error.sqlstate, message: error.message }
    }
  }

  #become(state: Actor['state']): void {
    this.state = state
    this.#hearer.changed()
  }
}
