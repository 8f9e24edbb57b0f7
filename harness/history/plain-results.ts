import type { HistoryStep, OpaqueStep } from '../formats/index.ts'
import { type AnyInvariant, withOwn } from '../invariants/index.ts'
import type { Failure } from '../migration/index.ts'
import { declaredClaims, type MigrationResult, withClaims } from '../result/index.ts'
import type { VerifyOptions } from '../verify/index.ts'
import { followedStep, type Unapplied } from './unapplied.ts'

/** What the result of a step needs that nobody has looked at. */
export interface Unjudged {
  /** Of the history. */
  readonly path: string
  /** The caller's own invariants: unknown like ours. */
  readonly own: readonly AnyInvariant[] | undefined
  /** Of the configuration, by the name of the step. */
  readonly contracts: VerifyOptions['contracts']
}

const nothing = { relations: 0, rows: 0, cells: 0, runs: 0 }

function unjudged(step: HistoryStep, because: string, { path, own, contracts }: Unjudged): MigrationResult {
  const { claims } = { ...step.contract, ...contracts?.[step.name] }
  return withClaims({
    name: step.name,
    path,
    digest: step.digest,
    cached: false,
    verdict: 'unknown',
    runs: 0,
    rung: 'transaction',
    rungBecause: '',
    runAs: '',
    invariants: withOwn(own).map(({ id }) => ({ id, verdict: 'unknown', because, saw: nothing, under: [] })),
    findings: [],
    ...(claims === undefined ? {} : { claims: declaredClaims(claims) }),
    lineage: [],
    notChecked: [because],
    disagreements: [],
    timings: {},
  })
}

/** Whether anything was looked at: otherwise the step was not verified. */
export function isJudged({ invariants }: MigrationResult): boolean {
  return invariants.some(({ verdict }) => verdict !== 'unknown')
}

/** A step that is not SQL, or that its tool would refuse: nobody looked at what it does. */
export function opaqueStep(step: HistoryStep, up: OpaqueStep, about: Unjudged): MigrationResult {
  return unjudged(step, `"${up.file}" was not run: ${up.because}`, about)
}

/** A step that the time limit left out. */
export function cutStep(step: HistoryStep, about: Unjudged): MigrationResult {
  return unjudged(step, 'the time limit was reached before it', about)
}

/**
 * A step that does not apply to what the steps before it leave, with no row of ours in it.
 *
 * @param before  The earlier steps that were not applied as a whole.
 */
export function brokenStep(step: HistoryStep, failure: Failure, before: readonly Unapplied[], about: Unjudged): MigrationResult {
  const where = `${failure.file}:${failure.line}: ${failure.message} (${failure.sqlstate})`
  const followed = followedStep(failure, before)
  const follows = followed === undefined ? '' : `; it may follow from "${followed.name}", which ${followed.because}`
  return unjudged(step, `it does not apply to an empty database: ${where}${follows}`, about)
}
