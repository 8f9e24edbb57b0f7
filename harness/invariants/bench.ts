import type { Dataset, Exclusion } from '../data/index.ts'
import type { Subject } from '../lineage/index.ts'
import type { Session } from '../postgres/index.ts'
import type { CloneStages, Depth, Filling, Runner, RunObservation } from '../run/index.ts'
import type { Repetition } from './determinism/repetition.ts'
import type { OnlineOptions } from './online-safety/options.ts'
import type { Look } from './probe.ts'

/** What a probe has to look with: the migration as far as it is known, and ways to run it. */
export interface Bench {
  readonly subject: Subject
  readonly runner: Runner
  readonly clones: CloneStages
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
  readonly signal: AbortSignal | undefined
  /** When the time that the caller gave is over, by `performance.now()`. */
  readonly limit: number
  /** The run on an empty database. */
  readonly empty: RunObservation
  /** The first banded run that went through, with its rows; undefined where none did or none was wanted. */
  readonly first: { readonly run: RunObservation; readonly dataset: Dataset } | undefined
  /** What repetitions on the same rows saw: they are made first, since they tell what varies. */
  readonly repetitions: Look<Repetition>
  /** Rows on which `up` fails, where a run found some. */
  readonly failing: () => Filling | undefined
  /** The same migration over more relations. */
  readonly widen: (also: ReadonlySet<string>) => Promise<Subject>
}

/** Whether the caller's time is over. */
export function isOver({ limit }: Pick<Bench, 'limit'>): boolean {
  return performance.now() > limit
}

/** A way of looking; several invariants may share one, and it is done once. */
export interface Probe<Seen> {
  readonly name: string
  observe(bench: Bench, again?: Again): Promise<Look<Seen>>
}

/** How to look once more. */
export interface Again {
  /** On a clone: to see again what was seen in a transaction. */
  readonly on?: 'clone' | undefined
  /** On these rows, and no others. */
  readonly rows?: Filling | undefined
  /** Over the relations that the first look was over. */
  readonly over?: Subject | undefined
}
