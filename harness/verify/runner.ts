import type { RunObservation } from '../invariant/index.ts'
import { type RungNeed, retriesOnClone } from '../migration/index.ts'
import { executeRun, type RunRequest } from './execute.ts'
import type { CloneStages, Stage, TransactionStages } from './stage.ts'
import type { Subject } from './subject.ts'

/** Makes runs on the lowest rung that this migration allows, and goes up for good when the server says that it must. */
export class Runner {
  readonly #transactions: TransactionStages | undefined
  readonly clones: CloneStages
  #need: RungNeed

  constructor(transactions: TransactionStages | undefined, clones: CloneStages, need: RungNeed) {
    this.#transactions = need.rung === 'transaction' ? transactions : undefined
    this.clones = clones
    this.#need = need
  }

  get need(): RungNeed {
    return this.#need
  }

  async run(subject: Subject, request: RunRequest): Promise<RunObservation> {
    if (this.#transactions === undefined || this.#need.rung !== 'transaction') return this.runOnClone(subject, request)
    const run = await this.#transactions.run((stage) => executeRun(subject, stage, request))
    const failures = [
      run.failure,
      run.reverted?.outcome === 'failed' ? run.reverted.failure : undefined,
      run.again?.outcome === 'failed' ? run.again.failure : undefined,
    ]
    const unfit = failures.find((failure) => failure !== undefined && retriesOnClone(failure.sqlstate))
    if (unfit === undefined) return run
    this.#need = { rung: 'clone', because: `in one transaction the server says ${unfit.sqlstate}: ${unfit.message}` }
    return this.runOnClone(subject, request)
  }

  /** Work on a stage of the rung that runs are made on. */
  onStage<Result>(work: (stage: Stage) => Promise<Result>): Promise<Result> {
    if (this.#transactions === undefined || this.#need.rung !== 'transaction') return this.clones.run(work)
    return this.#transactions.run(work)
  }

  runOnClone(subject: Subject, request: RunRequest): Promise<RunObservation> {
    return this.clones.run((stage) => executeRun(subject, stage, request))
  }
}
