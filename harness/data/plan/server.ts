import { type Session, StatementError, type StatementResult } from '../../postgres/index.ts'

/** What the server answered to questions of which nothing has changed since: shared by the plans of one server. */
export type PlanMemory = Map<string, unknown>

/** Compiling a question that is asked once takes longer than answering it. */
const settings = 'SET LOCAL jit = off'
const opening = ['SAVEPOINT godwit_plan', settings]

/**
 * Runs questions to the server under a savepoint: an answer, or the error, and the transaction goes on as if nothing had been asked.
 * Opens a transaction of its own where there is none, and nothing at all where nothing is asked.
 */
export class Server {
  readonly #session: Session
  readonly #memory: PlanMemory
  #opened: 'no' | 'inside' | 'own' = 'no'

  constructor(session: Session, memory: PlanMemory) {
    this.#session = session
    this.#memory = memory
  }

  /**
   * All answers in one round trip; the error when one of the statements fails.
   *
   * @throws {StatementError} `25P02` when the transaction was aborted already.
   */
  async ask(statements: readonly string[]): Promise<readonly StatementResult[] | StatementError> {
    if (statements.length === 0) return []
    try {
      return await this.#run(statements)
    } catch (error) {
      if (!(error instanceof StatementError) || this.#opened === 'no') throw error
      await this.#session.script(`ROLLBACK TO SAVEPOINT godwit_plan; ${settings}`)
      return error
    }
  }

  async #run(statements: readonly string[]): Promise<readonly StatementResult[]> {
    if (this.#opened !== 'no') return this.#session.script(statements.join(';\n'))
    try {
      const answers = await this.#session.script([...opening, ...statements].join(';\n'))
      this.#opened = 'inside'
      return answers.slice(opening.length)
    } catch (error) {
      if (!(error instanceof StatementError) || error.sqlstate === '25P02') throw error
      // 25P01: there is no transaction to set a savepoint in.
      if (error.sqlstate !== '25P01') {
        this.#opened = 'inside'
        throw error
      }
    }
    await this.#session.script(`BEGIN; ${opening.join('; ')}`)
    this.#opened = 'own'
    return this.#session.script(statements.join(';\n'))
  }

  /** What is remembered under a key; without a key nothing is. */
  remembered<Value>(key: string | undefined): Value | undefined {
    return key === undefined ? undefined : (this.#memory.get(key) as Value | undefined)
  }

  remember(key: string | undefined, value: unknown): void {
    if (key !== undefined) this.#memory.set(key, value)
  }

  /**
   * As `askEach`, but what was answered before is not asked again. `keyOf` says what an answer depends on beside the statement's text;
   * undefined where nobody knows.
   */
  async recall(
    statements: readonly string[],
    keyOf: (at: number) => string | undefined,
  ): Promise<readonly (StatementResult | StatementError)[]> {
    const keys = statements.map((statement, at) => {
      const key = keyOf(at)
      return key === undefined ? undefined : `${statement}\u0000${key}`
    })
    const open = [...new Set(statements.filter((_, at) => this.remembered(keys[at]) === undefined))]
    const fresh = new Map<string, StatementResult | StatementError>()
    for (const [at, answer] of (await this.askEach(open)).entries()) fresh.set(open[at] ?? '', answer)
    return statements.map((statement, at) => {
      const answer = this.remembered<StatementResult | StatementError>(keys[at]) ?? fresh.get(statement)
      if (answer === undefined) throw new Error('a question without an answer')
      this.remember(keys[at], answer)
      return answer
    })
  }

  /** One round trip when all goes well, else halves, so that each statement gets its own answer or error. */
  async askEach(statements: readonly string[]): Promise<readonly (StatementResult | StatementError)[]> {
    const together = await this.ask(statements)
    if (!(together instanceof StatementError)) return together
    if (statements.length <= 1) return statements.map(() => together)
    const middle = Math.ceil(statements.length / 2)
    return [...(await this.askEach(statements.slice(0, middle))), ...(await this.askEach(statements.slice(middle)))]
  }

  async close(): Promise<void> {
    if (this.#opened === 'no') return
    await this.#session.script(this.#opened === 'own' ? 'ROLLBACK' : 'ROLLBACK TO SAVEPOINT godwit_plan; RELEASE SAVEPOINT godwit_plan')
  }
}
