import { type Exclusion, keepsTo } from '../data/index.ts'
import { describeFailure } from '../invariants/index.ts'
import { findingKey } from '../result/index.ts'
import type { RunObservation, RunRequest } from '../run/index.ts'
import { allowedByCheck } from './allowed-by-check.ts'
import { excludeCause, mostExclusions } from './exclude.ts'
import type { Inquiry } from './inquiry.ts'
import { FindingShrinker } from './shrink-finding.ts'

/** Finds rules by which rows keep clear of what makes `up` fail. */
export class Excluder {
  readonly #inquiry: Inquiry
  /** Failures that no rule is known for: looking for the smallest rows of each run that shows one would tell no more. */
  readonly #inVain = new Set<string>()

  constructor(inquiry: Inquiry) {
    this.#inquiry = inquiry
  }

  /** A rule for what a run failed on, to stand beside those in force; undefined where none is known that leaves the relation any rows. */
  async ruleFor(run: RunObservation, request: RunRequest): Promise<Exclusion | undefined> {
    const { subject, exclusions, depth, migrated, invariants, runner } = this.#inquiry
    if (run.failure === undefined || exclusions.length >= mostExclusions) return undefined
    const finding = describeFailure(run, run.failure, subject.knowledge)
    // Rows that were drawn without the rules show nothing that the rules leave.
    if (request.filling.kind === 'dataset' && !keepsTo(subject.plan, request.filling.dataset, exclusions)) return undefined
    // What does not end on rings is not shown by other rows.
    if (timedOut(run.failure.sqlstate)) return undefined
    const key = findingKey(finding)
    if (this.#inVain.has(key)) return undefined
    const allowed = await runner.onStage((stage) => stage.look((session) => allowedByCheck(subject, finding, migrated, session)))
    if (allowed !== undefined) return allowed
    const smallest = await new FindingShrinker(invariants, subject, runner).smallestFor(finding, request, depth.shrinkAttempts)
    const rule = excludeCause(subject, finding, smallest, exclusions)
    if (rule === undefined || rule.rule === 'empty') this.#inVain.add(key)
    return rule
  }
}

/** `query_canceled`: of a time-out too. */
export const timedOut = (sqlstate: string) => sqlstate === '57014'
