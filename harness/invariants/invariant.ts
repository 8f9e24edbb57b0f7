import type { Knowledge } from '../lineage/index.ts'
import type { Migration } from '../migration/index.ts'
import type { FindingResult, Rule, Verdict } from '../result/index.ts'
import type { Phase, RunObservation } from '../run/index.ts'
import type { Probe } from './bench.ts'

/** A claim that could fail, with everything that the rest of the program needs to know of it. */
export interface Invariant<Seen = RunObservation> {
  /** In lower case with hyphens: `zero-loss`. */
  readonly id: string
  /** One sentence: when it holds. */
  readonly holds: string
  /** Half a sentence: what is wrong where it is violated, e.g. `data is lost`. Default: that its check failed. */
  readonly violation?: string
  /** The kinds of its findings, each with what it means and how it is mended. */
  readonly rules: Readonly<Record<string, Rule>>
  /** The phases that every run goes through for it, or a look of its own. */
  readonly looks: { readonly everyRun: readonly Phase[] } | Probe<Seen>
  /** Why it has nothing to say of a migration; undefined where it applies. */
  notApplicable?(migration: Migration): string | undefined
  /** Judge one observation. Pure: the same observation and knowledge give the same verdict. */
  judge(seen: Seen, knowledge: Knowledge): Verdict
  /**
   * Stands for the code that `judge`, `looks` and `notApplicable` call and do not contain: verdicts of earlier runs are kept as long as it, and
   * the text of these functions, stay the same. `godwit.config.ts` sets it to a digest of the files that it imports.
   */
  readonly revision?: string | undefined
  /** A finding as it reads beside the others: with the cause that it follows from. Default: a loss of the same cells. */
  cause?(finding: FindingResult, others: readonly FindingResult[]): FindingResult
}

/** An invariant, whatever it sees. */
export type AnyInvariant = Invariant<unknown>
