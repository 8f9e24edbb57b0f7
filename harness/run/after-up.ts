import pLimit from 'p-limit'
import type { Catalog } from '../catalog/index.ts'
import type { Asking } from '../coverage/index.ts'
import { type Failure, retriesOnClone } from '../migration/index.ts'
import { fillStage, type RunRequest } from './execute.ts'
import type { Stage } from './stage.ts'
import { putBack, type TransactionStage } from './transaction-stage.ts'
import type { UnderTest } from './under-test.ts'

/** What the server refused in a trial may be refused because of the enclosing transaction alone. */
export class UnfitTrial extends Error {
  constructor({ sqlstate, message }: Failure) {
    super(`${sqlstate}: ${message}`)
    this.name = 'UnfitTrial'
  }
}

/** The state after `up` on some rows, in a transaction: trials start from it, each as if there had been none before. */
export class AfterUp {
  readonly migrated: Catalog
  readonly fingerprint: string
  readonly #subject: UnderTest
  readonly #stage: TransactionStage
  readonly #signal: AbortSignal | undefined
  readonly #sequences: string
  /** One trial at a time, whoever asks. */
  readonly #inTurn = pLimit(1)

  private constructor(
    subject: UnderTest,
    stage: TransactionStage,
    signal: AbortSignal | undefined,
    { catalog, fingerprint, sequences }: { readonly catalog: Catalog; readonly fingerprint: string; readonly sequences: string },
  ) {
    this.#subject = subject
    this.#stage = stage
    this.#signal = signal
    this.migrated = catalog
    this.fingerprint = fingerprint
    this.#sequences = sequences
  }

  /** Fill in rows and run `up`; undefined where it fails. */
  static async begin(
    subject: UnderTest,
    stage: TransactionStage,
    { filling, questions, signal }: Pick<RunRequest, 'filling' | 'questions' | 'signal'>,
  ): Promise<AfterUp | undefined> {
    await fillStage(subject, stage, filling)
    const outcome = await stage.apply(subject.migration.up, { signal, asking: questions?.up })
    if (outcome.outcome === 'failed') return undefined
    const state = await stage.look(async (session) => {
      const { catalog, fingerprint } = await subject.catalogs.read(session, { way: ['up'] })
      return { catalog, fingerprint, sequences: await putBack(session, catalog.sequences) }
    })
    return new AfterUp(subject, stage, signal, state)
  }

  /**
   * Write and run `down`, and undo both.
   *
   * @param asking  What the server is asked before statements of `down`.
   * @returns Why `down` fails; undefined where it goes through.
   * @throws {UnfitTrial} Where it may fail because of the enclosing transaction.
   */
  async down(write: (stage: Stage) => Promise<void>, asking?: Asking): Promise<Failure | undefined> {
    const { down } = this.#subject.migration
    if (down === undefined) throw new Error('a migration without down cannot be reverted')
    return this.#undone(async () => {
      await write(this.#stage)
      await this.#stage.settle()
      const outcome = await this.#stage.apply(down, { signal: this.#signal, asking })
      if (outcome.outcome !== 'failed') return undefined
      if (retriesOnClone(outcome.failure.sqlstate)) throw new UnfitTrial(outcome.failure)
      return outcome.failure
    })
  }

  #undone<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#inTurn(() => this.#stage.undone(work, this.#sequences))
  }
}
