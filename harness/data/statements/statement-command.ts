import { type AsyncCommand, asyncModelRun } from 'fast-check'
import type { Statement, StatementClient } from './model.ts'

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
