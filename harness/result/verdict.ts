import { withClaims } from './claims.ts'
import { coverageOfAll } from './coverage-total.ts'
import type { Verdict } from './judgement.ts'
import type { CoverageResult, FindingResult, InvariantResult, MigrationResult, Outcome, VerifyResult } from './result.ts'

/** From which severity on a finding violates; default `error`. */
export type FailOn = 'error' | 'warning' | undefined

/** Whether a finding counts against a migration. */
export function counts(finding: Pick<FindingResult, 'severity' | 'waived'>, failOn: FailOn): boolean {
  return finding.waived === null && (finding.severity === 'error' || (failOn === 'warning' && finding.severity === 'warning'))
}

/** Unwaived findings of severity `warning`. */
export function warningsOf(migrations: readonly MigrationResult[]): number {
  return migrations.flatMap((each) => each.findings).filter((each) => each.severity === 'warning' && each.waived === null).length
}

/** The gravest of some verdicts: `violated` before `unknown` before `holds`; where none says anything it is unknown. */
export function gravest(verdicts: readonly (Outcome | 'not-applicable')[]): Outcome {
  if (verdicts.includes('violated')) return 'violated'
  return verdicts.includes('unknown') || !verdicts.includes('holds') ? 'unknown' : 'holds'
}

/** What an invariant says when findings are left aside. */
export interface Apart {
  readonly verdict: Exclude<Verdict['outcome'], 'violated'>
  readonly because: string
}

/**
 * The verdict of one invariant, from what it says when findings are left aside and from the findings as they stand: it is violated where one
 * of its findings counts, or follows from one that counts. What could not be judged because of a finding that is accepted does not make it
 * unknown.
 */
export function judgeInvariant(invariant: InvariantResult, findings: readonly FindingResult[], failOn: FailOn): InvariantResult {
  const { otherwise: _, ...rest } = invariant
  const apart = apartOf(invariant)
  const because = violationOf(invariant.id, findings, failOn)
  if (because !== undefined)
    return { ...rest, verdict: 'violated', because, ...(apart.verdict === 'unknown' ? { otherwise: apart.because } : {}) }
  if (apart.verdict !== 'unknown' || !isUnblocked(invariant, findings)) return { ...rest, ...apart }
  return { ...rest, verdict: 'not-applicable', because: `not tested, and that is accepted: ${apart.because}`, otherwise: apart.because }
}

function apartOf({ verdict, because, otherwise, blockedBy }: InvariantResult): Apart {
  if (otherwise !== undefined && otherwise !== '' && (verdict === 'violated' || blockedBy !== undefined))
    return { verdict: 'unknown', because: otherwise }
  return verdict === 'violated' ? { verdict: 'holds', because: '' } : { verdict, because }
}

function isUnblocked({ blockedBy = [] }: InvariantResult, findings: readonly FindingResult[]): boolean {
  const blocking = findings.filter(({ id }) => blockedBy.includes(id))
  return blocking.length > 0 && blocking.every(({ waived }) => waived !== null)
}

/** Why an invariant is violated; undefined where it is not. */
function violationOf(id: string, findings: readonly FindingResult[], failOn: FailOn): string | undefined {
  const own = findings.filter((each) => each.invariant === id)
  const counting = own.find((each) => counts(each, failOn))
  if (counting !== undefined) return counting.message
  const follows = own.find(
    ({ severity, cause, waived }) =>
      severity === 'info' && waived === null && cause !== null && findings.some((each) => each.id === cause && counts(each, failOn)),
  )
  return follows === undefined ? undefined : `follows from ${follows.cause}: ${follows.message}`
}

/**
 * A migration with these findings, judged: the one place where findings, and what could not be looked at, become verdicts. Waivers, the
 * baseline and what later steps tell change findings and come here again. Its claims are judged again too; they change no verdict.
 */
export function judgeMigration(result: MigrationResult, findings: readonly FindingResult[], failOn: FailOn): MigrationResult {
  const invariants = result.invariants.map((each) => judgeInvariant(each, findings, failOn))
  const verdict = findings.some((each) => counts(each, failOn))
    ? 'violated'
    : gravest([
        ...invariants.map((each) => (isAccepted(each) ? 'holds' : each.verdict)),
        ...(fallsShort(result.coverage) ? ['unknown' as const] : []),
      ])
  return withClaims({ ...result, findings, invariants, verdict })
}

/** Whether fewer targets were reached than were asked for. */
export function fallsShort(coverage: CoverageResult | undefined): boolean {
  if (coverage === undefined || coverage.wanted === null) return false
  return coverage.reached * 100 < coverage.wanted * coverage.feasible
}

/** Whether somebody accepted that this invariant could not be judged. */
function isAccepted({ verdict, waived }: InvariantResult): boolean {
  return verdict === 'unknown' && waived !== undefined && waived !== null
}

/** A run with its migrations judged again. If its verdict was graver than theirs (an interrupt), it stays so. */
export function judgeRun(result: VerifyResult, migrations: readonly MigrationResult[]): VerifyResult {
  const of = (some: readonly MigrationResult[]) => gravest(some.map((each) => each.verdict))
  const now = migrations.length === 0 ? result.verdict : of(migrations)
  const verdict = result.verdict === of(result.migrations) ? now : gravest([result.verdict, now])
  return { ...result, verdict, warnings: warningsOf(migrations), migrations, coverage: coverageOfAll(migrations) }
}
