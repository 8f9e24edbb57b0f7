import type { Catalog } from '../../../catalog/index.ts'
import type { RunQuestions } from '../../../coverage/index.ts'
import type { Dataset } from '../../../data/index.ts'
import type { Subject } from '../../../lineage/index.ts'
import type { Failure } from '../../../migration/index.ts'
import { type AfterUp, failuresOf, type Runner, type RunObservation, type RunRequest, type Stage } from '../../../run/index.ts'
import type { Write } from './model.ts'
import { performWrites } from './perform-writes.ts'

/** What came of writes after `up`. */
export interface Tried {
  /** Why `up` or `down` fails; undefined where both go through. */
  readonly failure: Failure | undefined
  /** The writes that were not refused. */
  readonly made: readonly Write[]
}

/** Looks at the migrated database before anything is written. */
export type LookAfterUp = (stage: Stage, migrated: Catalog, fingerprint: string) => Promise<void>

export interface TryOptions {
  readonly look?: LookAfterUp
  /** Tries of different turns are made at a time, as far as there are lanes. */
  readonly turn?: number
  /** What the server is asked meanwhile, for coverage. */
  readonly questions?: RunQuestions | undefined
}

/** Makes writes to the same rows after `up`, and sees whether `down` still runs. */
export interface Trials {
  try(writes: readonly Write[], options?: TryOptions): Promise<Tried>
}

/** Each try is a run of its own. */
export class WholeRuns implements Trials {
  readonly #subject: Subject
  readonly #runner: Runner
  readonly #dataset: Dataset
  readonly #signal: AbortSignal | undefined

  constructor(subject: Subject, runner: Runner, dataset: Dataset, signal: AbortSignal | undefined) {
    this.#subject = subject
    this.#runner = runner
    this.#dataset = dataset
    this.#signal = signal
  }

  async try(writes: readonly Write[], options: TryOptions = {}): Promise<Tried> {
    const { run, made } = await this.run(writes, options)
    return { failure: failuresOf(run)[0], made }
  }

  /** The run itself, and how it can be made again. */
  async run(
    writes: readonly Write[],
    { look, turn = 0, questions }: TryOptions = {},
  ): Promise<{ readonly run: RunObservation; readonly request: RunRequest; readonly made: readonly Write[] }> {
    this.#signal?.throwIfAborted()
    let made: readonly Write[] = []
    const request: RunRequest = {
      regime: 'edge',
      extreme: this.#dataset.extreme,
      filling: { kind: 'dataset', dataset: this.#dataset },
      phases: ['up', 'write', 'down'],
      writeSince: async (stage, migrated, fingerprint) => {
        await look?.(stage, migrated, fingerprint)
        const done = await stage.look((session) => performWrites(session, writes))
        made = done.flatMap(({ at }) => writes[at] ?? [])
        const last = made.at(-1)
        return {
          rows: new Map(made.map(({ relation }) => [relation, made.filter((other) => other.relation === relation).length])),
          extreme: made.some(({ extreme }) => extreme),
          focus:
            last === undefined
              ? undefined
              : {
                  relation: last.relation,
                  attribute: last.attribute,
                  json: last.json,
                  statements: done.map(({ statement }) => statement),
                },
          sql: done.map(({ statement }) => `${statement};\n`).join('\n'),
        }
      },
      questions,
      signal: this.#signal,
    }
    return { run: await this.#runner.run(this.#subject, request, turn), request, made }
  }
}

/** Rows are filled in and `up` runs once for all tries. */
export class FromAfterUp implements Trials {
  readonly #lanes: readonly AfterUp[]
  readonly #signal: AbortSignal | undefined

  constructor(lanes: readonly AfterUp[], signal: AbortSignal | undefined) {
    this.#lanes = lanes
    this.#signal = signal
  }

  async try(writes: readonly Write[], { look, turn = 0, questions }: TryOptions = {}): Promise<Tried> {
    this.#signal?.throwIfAborted()
    const lane = this.#lanes[turn % this.#lanes.length]
    if (lane === undefined) throw new Error('writes cannot be tried on no lane')
    let made: readonly Write[] = []
    const failure = await lane.down(async (stage) => {
      await look?.(stage, lane.migrated, lane.fingerprint)
      const done = await stage.look((session) => performWrites(session, writes))
      made = done.flatMap(({ at }) => writes[at] ?? [])
    }, questions?.down)
    return { failure, made }
  }
}
