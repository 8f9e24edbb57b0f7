import { type Failure, type RungNeed, retriesOnClone } from '../migration/index.ts'
import { AfterUp, UnfitTrial } from './after-up.ts'
import { type CountRequest, countBodies } from './count-bodies.ts'
import { executeRun, type RunRequest } from './execute.ts'
import { failuresOf, type RunObservation } from './observation.ts'
import type { CloneStages, Stage } from './stage.ts'
import type { TransactionStages } from './transaction-stage.ts'
import type { UnderTest } from './under-test.ts'

/** Makes runs on the lowest rung that this migration allows, and goes up for good when the server says that it must. */
export class Runner {
  readonly #transactions: TransactionStages[]
  readonly clones: CloneStages
  #need: RungNeed
  #clonesAtOnce = 1
  /** Failures that may come from the enclosing transaction, and that a clone showed too: they are the migration's own. */
  readonly #own = new Set<string>()

  constructor(transactions: TransactionStages | undefined, clones: CloneStages, need: RungNeed) {
    this.#transactions = need.rung === 'transaction' && transactions !== undefined ? [transactions] : []
    this.clones = clones
    this.#need = need
  }

  get need(): RungNeed {
    return this.#need
  }

  /** How many runs can be under way at a time. */
  get lanes(): number {
    return this.#need.rung === 'transaction' ? Math.max(1, this.#transactions.length) : this.#clonesAtOnce
  }

  /** Make runs on another database in the same state too, and as many on clones at a time. */
  widen(transactions: TransactionStages | undefined): void {
    if (transactions !== undefined && this.#need.rung === 'transaction') this.#transactions.push(transactions)
    this.#clonesAtOnce = 2
  }

  /** @param turn  Runs of different turns are made at a time, as far as there are lanes. */
  async run(subject: UnderTest, request: RunRequest, turn = 0): Promise<RunObservation> {
    const transactions = this.#stages(turn)
    if (transactions === undefined) return this.runOnClone(subject, request)
    const run = await transactions.run((stage) => executeRun(subject, stage, request))
    const unfit = failuresOf(run).find((failure) => retriesOnClone(failure.sqlstate) && !this.#own.has(placeOf(failure)))
    if (unfit === undefined) return run
    const onClone = await this.runOnClone(subject, request)
    if (failuresOf(onClone).some((failure) => placeOf(failure) === placeOf(unfit))) {
      this.#own.add(placeOf(unfit))
      return onClone
    }
    this.#need = { rung: 'clone', because: `in one transaction the server says ${unfit.sqlstate}: ${unfit.message}` }
    return onClone
  }

  /**
   * On each lane, fill in rows and run `up` once. Trials start from that state, so that a trial costs less than a run.
   *
   * @returns What `work` does; undefined where runs are not made in transactions, where `up` fails on these rows, or where a trial may have
   *   failed because of the enclosing transaction: whole runs tell then.
   */
  async afterUp<Result>(
    subject: UnderTest,
    request: Pick<RunRequest, 'filling' | 'questions' | 'signal'>,
    work: (lanes: readonly AfterUp[]) => Promise<Result>,
  ): Promise<Result | undefined> {
    if (this.#need.rung !== 'transaction' || this.#transactions.length === 0) return undefined
    const open = async (from: number, lanes: readonly Promise<AfterUp | undefined>[]): Promise<Result | undefined> => {
      const next = this.#transactions[from]
      if (next !== undefined) return next.run((stage) => open(from + 1, [...lanes, AfterUp.begin(subject, stage, request)]))
      // No transaction may end while another lane still works in its own.
      await Promise.allSettled(lanes)
      const begun = await Promise.all(lanes)
      const ready = begun.filter((lane) => lane !== undefined)
      return ready.length < begun.length ? undefined : work(ready)
    }
    try {
      return await open(0, [])
    } catch (error) {
      if (error instanceof UnfitTrial) return undefined
      throw error
    }
  }

  /** Run marked copies of bodies on the rows of a run that was made. */
  async count(subject: UnderTest, counting: CountRequest, turn = 0): Promise<void> {
    const work = (stage: Stage) => countBodies(subject, stage, counting)
    await (this.#stages(turn)?.run(work) ?? this.clones.run(work))
  }

  /** Work on a stage of the rung that runs are made on. */
  onStage<Result>(work: (stage: Stage) => Promise<Result>): Promise<Result> {
    const transactions = this.#stages(0)
    return transactions === undefined ? this.clones.run(work) : transactions.run(work)
  }

  #stages(turn: number): TransactionStages | undefined {
    return this.#need.rung === 'transaction' ? this.#transactions[turn % this.#transactions.length] : undefined
  }

  runOnClone(subject: UnderTest, request: RunRequest): Promise<RunObservation> {
    return this.clones.run((stage) => executeRun(subject, stage, request))
  }
}

function placeOf({ sqlstate, file, index }: Failure): string {
  return `${sqlstate} ${index} ${file}`
}
