import type { Dataset, Exclusion } from '../data/index.ts'
import type { Subject } from '../lineage/index.ts'
import type { Session, StartedCluster } from '../postgres/index.ts'
import type { CloneStages, Depth, Filling, Runner, RunObservation, RunRequest } from '../run/index.ts'
import type { CrashOptions } from './atomicity/options.ts'
import type { Repetition } from './determinism/repetition.ts'
import type { IsolationOptions } from './isolation/options.ts'
import type { PerformanceOptions } from './no-degradation/options.ts'
import type { OnlineOptions } from './online-safety/options.ts'
import type { Look } from './probe.ts'

/**
 * What a probe has to look with: the migration as far as it is known, and ways to run it. What a probe does must leave nothing behind:
 * `runner.onStage` and `clones.run` give a database whose state is thrown away afterwards.
 */
export interface Bench {
  readonly subject: Subject
  readonly runner: Runner
  readonly clones: CloneStages
  /** The legacy database on a durable server of its own, which may be killed; whoever asks for it stops it. */
  readonly crashable: () => Promise<Crashable>
  readonly depth: Depth
  readonly seed: string
  /** Rules by which rows keep clear of what makes `up` fail. */
  readonly exclusions: readonly Exclusion[]
  /** How many clones may be worked on at a time. */
  readonly lanes: number
  /** On the legacy database, outside any transaction. */
  readonly session: () => Session
  /** Who applies migrations; undefined for the harness's own user. */
  readonly role: string | undefined
  /** Whether the harness may be any role. */
  readonly superuser: boolean
  /** How to look under live traffic; undefined where nobody asked for it. */
  readonly online: OnlineOptions | undefined
  /** How to time statements of clients; undefined where nobody asked for it. */
  readonly performance: PerformanceOptions | undefined
  /** How often to kill the server in the middle; undefined where nobody asked for it. */
  readonly crash: CrashOptions | undefined
  /** How to interleave `up` with writes of a client; undefined where nobody asked for it. */
  readonly isolation: IsolationOptions | undefined
  readonly signal: AbortSignal | undefined
  /** When the time that the caller gave is over, by `performance.now()`. */
  readonly limit: number
  /** The run on an empty database. */
  readonly empty: RunObservation
  /**
   * The first banded run that went through, with its rows; undefined where none did or none was wanted. A probe of the user's that looks at
   * these rows, and gives this request beside what it saw, is given fewer of them to shrink a finding.
   */
  readonly first: { readonly run: RunObservation; readonly request: RunRequest; readonly dataset: Dataset } | undefined
  /** What repetitions on the same rows saw: they are made first, since they tell what varies. */
  readonly repetitions: Look<Repetition>
  /** Rows on which `up` fails, where a run found some. */
  readonly failing: () => Filling | undefined
  /** The same migration over more relations. */
  readonly widen: (also: ReadonlySet<string>) => Promise<Subject>
}

export interface Crashable {
  readonly cluster: StartedCluster
  readonly clones: CloneStages
}

/** Whether the caller's time is over. */
export function isOver({ limit }: Pick<Bench, 'limit'>): boolean {
  return performance.now() > limit
}

/**
 * A way of looking that runs alone do not show; several invariants may share one, and it is done once.
 *
 * @example
 * const reportTotals: Probe<{ readonly before: string; readonly after: string }> = {
 *   name: 'report totals',
 *   async observe({ first, subject, runner, clones }, { on } = {}) {
 *     if (first === undefined) return { seen: [], leftOut: [{ because: 'no rows could be made', upFails: true }] }
 *     const total = (session: Session) => session.query<{ total: string }>('SELECT total::text FROM report')
 *     const look = async (stage: Stage) => {
 *       await fillStage(subject, stage, first.request.filling)
 *       const [before] = await stage.look(total)
 *       await stage.apply(subject.migration.up)
 *       const [after] = await stage.look(total)
 *       return { before: String(before?.total), after: String(after?.total) }
 *     }
 *     return { seen: [{ seen: await (on === 'clone' ? clones.run(look) : runner.onStage(look)), request: first.request }] }
 *   },
 * }
 */
export interface Probe<Seen> {
  /** For progress and timings: a phrase. */
  readonly name: string
  /**
   * Look, and give what was seen. What throws leaves the invariants unknown that share the probe.
   *
   * @param again  How to look once more; without it the way is the probe's own.
   */
  observe(bench: Bench, again?: Again): Promise<Look<Seen>>
}

/** How to look once more. */
export interface Again {
  /** On a clone, with real commits: what was seen in a transaction and is not seen again is not reported. */
  readonly on?: 'clone' | undefined
  /** On these rows, and no others. */
  readonly rows?: Filling | undefined
  /** Over the relations that the first look was over. */
  readonly over?: Subject | undefined
}
