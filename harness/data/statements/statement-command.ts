import { type AsyncCommand, asyncModelRun } from 'fast-check'
import type { Statement } from './model.ts'

/** Carries out statements: a table in the model's place, what should behave like it in the real one's. */
export interface StatementClient {
  /** Whether it is of use to go on: no, once it is clear that the two have parted. */
  expects(statement: Statement): boolean
  /** Carry it out and keep the answer, an error too. */
  send(statement: Statement): Promise<void>
}

/** One statement, sent to both at once. Their answers are compared afterwards, when it is known what varies by itself. */
export class StatementCommand implements AsyncCommand<StatementClient, StatementClient> {
  readonly #statement: Statement

  constructor(statement: Statement) {
    this.#statement = statement
  }

  check(model: Readonly<StatementClient>): boolean {
    return model.expects(this.#statement)
  }

  async run(model: StatementClient, real: StatementClient): Promise<void> {
    await Promise.all([model.send(this.#statement), real.send(this.#statement)])
  }

  toString(): string {
    return this.#statement.parts.join('; ')
  }
}

/** Carry out commands on both, one after the other, as fast-check runs a model beside the real thing. */
export async function runInLockstep(
  commands: Iterable<AsyncCommand<StatementClient, StatementClient>>,
  model: StatementClient,
  real: StatementClient,
): Promise<void> {
  await asyncModelRun(() => ({ model, real }), commands)
}
