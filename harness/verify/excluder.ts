import type { Catalog } from '../catalog/index.ts'
import { type Exclusion, keepsTo } from '../data/index.ts'
import { type AnyInvariant, describeFailure, keyOfFailure } from '../invariants/index.ts'
import type { Subject } from '../lineage/index.ts'
import { type Finding, findingKey } from '../result/index.ts'
import type { Depth, Runner, RunObservation, RunRequest } from '../run/index.ts'
import { allowedByCheck, violatesCheck } from './allowed-by-check.ts'
import { excludeCause, mostExclusions } from './exclude.ts'
import { FindingShrinker } from './shrink-finding.ts'

/** What is known while rules are looked for. */
export interface Excluding {
  readonly subject: Subject
  readonly exclusions: readonly Exclusion[]
  readonly depth: Depth
  /** The schema after `up`, once it was run on an empty database. */
  readonly migrated: Catalog | undefined
  readonly invariants: readonly AnyInvariant[]
  readonly runner: Runner
}

/** A failure that no rule was known for so often is not looked into again: each look shrinks the rows of a run. */
const mostInVain = 3

/** Keys and NOT NULL: the server names what rows violate, and no smaller rows tell more. */
function isToldByServer({ kind, attribute }: Finding): boolean {
  return ['23503', '23505', '23P01'].includes(kind) || (kind === '23502' && attribute !== undefined)
}

/** Finds rules by which rows keep clear of what makes `up` fail. */
export class Excluder {
  readonly #known: Excluding
  /** Failure → how often no rule was known for it. */
  readonly #inVain = new Map<string, number>()

  constructor(known: Excluding) {
    this.#known = known
  }

  /** A rule for what a run failed on, to stand beside those in force; undefined where none is known. */
  async ruleFor(run: RunObservation, request: RunRequest): Promise<Exclusion | undefined> {
    const { subject, exclusions, depth, migrated, invariants, runner } = this.#known
    if (run.failure === undefined || exclusions.length >= mostExclusions) return undefined
    const finding = describeFailure(run, run.failure, subject.knowledge)
    // Rows that were drawn without the rules show nothing that the rules leave. That a relation is left empty is a rule for some runs only.
    const forAll = exclusions.filter(({ rule }) => rule !== 'empty')
    if (request.filling.kind === 'dataset' && !keepsTo(subject.plan, request.filling.dataset, forAll)) return undefined
    // What does not end on rings is not shown by other rows.
    if (timedOut(run.failure.sqlstate)) return undefined
    const key = findingKey(finding)
    const inVain = this.#inVain.get(key) ?? 0
    if (inVain >= mostInVain) return undefined
    const allowed =
      finding.kind === violatesCheck
        ? await runner.onStage((stage) => stage.look((session) => allowedByCheck(subject, finding, migrated, session)))
        : undefined
    // A trigger may write other values than the row had.
    if (allowed !== undefined && !exclusions.some((other) => JSON.stringify(other) === JSON.stringify(allowed))) return allowed
    const smallest = isToldByServer(finding)
      ? undefined
      : await new FindingShrinker(invariants, subject, runner).smallestFor(finding, request, depth.shrinkAttempts)
    const rule = excludeCause(subject, finding, { smallest, key: keyOfFailure(run.failure), tried: exclusions })
    if (rule === undefined || rule.rule === 'empty') this.#inVain.set(key, inVain + 1)
    return rule
  }
}

/** `query_canceled`: of a time-out too. */
export const timedOut = (sqlstate: string) => sqlstate === '57014'
