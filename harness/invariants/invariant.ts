import type { Observation } from '../lineage/index.ts'
import type { Verdict } from '../result/index.ts'

/** One claim that could fail: an observation in, a verdict out, nothing else touched. */
export interface Invariant {
  readonly id: string
  /** The kinds of its findings. */
  readonly kinds: readonly string[]
  judge(observation: Observation): Verdict
}
