import { type Session, StatementError, type StatementResult } from '../../postgres/index.ts'

/** What the server answered to questions that depend on nothing in the database: shared by the plans of one server. */
export type PlanMemory = Map<string, StatementResult | StatementError>

/** Compiling a question that is asked once takes longer than answering it. */
const settings = 'SET LOCAL jit = off'

/**
 * Runs questions to the server under a savepoint: an answer, or the error, and the transaction goes on as if nothing had been asked.
 * Opens a transaction of its own where there is none.
 */
export class Server {
  readonly #session: Session
  readonly #own: boolean
  readonly #memory: PlanMemory

  private constructor(session: Session, own: boolean, memory: PlanMemory) {
    this.#session = session
    this.#own = own
    this.#memory = memory
  }

  static async open(session: Session, memory: PlanMemory): Promise<Server> {
    try {
      await session.script(`SAVEPOINT godwit_plan; ${settings}`)
      return new Server(session, false, memory)
    } catch (error) {
      // 25P01: there is no transaction to set a savepoint in.
      if (!(error instanceof StatementError) || error.sqlstate !== '25P01') throw error
      await session.script(`BEGIN; ${settings}; SAVEPOINT godwit_plan`)
      return new Server(session, true, memory)
    }
  }

  /** All answers in one round trip; the error when one of the statements fails. */
  async ask(statements: readonly string[]): Promise<readonly StatementResult[] | StatementError> {
    if (statements.length === 0) return []
    try {
      return await this.#session.script(statements.join(';\n'))
    } catch (error) {
      if (!(error instanceof StatementError)) throw error
      await this.#session.script(`ROLLBACK TO SAVEPOINT godwit_plan; ${settings}`)
      return error
    }
  }

  /**
   * As `askEach`, but what was answered before is not asked again. `lasting` says whether a statement's answer depends on its text alone, and
   * not on functions or types of the database.
   */
  async recall(statements: readonly string[], lasting: (at: number) => boolean): Promise<readonly (StatementResult | StatementError)[]> {
    const open = [...new Set(statements.filter((statement) => !this.#memory.has(statement)))]
    const fresh = new Map<string, StatementResult | StatementError>()
    for (const [at, answer] of (await this.askEach(open)).entries()) fresh.set(open[at] ?? '', answer)
    return statements.map((statement, at) => {
      const answer = this.#memory.get(statement) ?? fresh.get(statement)
      if (answer === undefined) throw new Error('a question without an answer')
      if (lasting(at)) this.#memory.set(statement, answer)
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
    await this.#session.script(this.#own ? 'ROLLBACK' : 'ROLLBACK TO SAVEPOINT godwit_plan; RELEASE SAVEPOINT godwit_plan')
  }
}
