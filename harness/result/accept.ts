import { type Baseline, baselineEntry, staleEntries } from './baseline.ts'
import type { FindingResult, InvariantResult, MigrationResult, Outcome, VerifyResult } from './result.ts'
import { expiredText, type FindingWaiver, isExpired, matchesWaiver, subjectText, waivedBy } from './waiver.ts'

/** What is accepted although it was found, and as of when. */
export interface Acceptance {
  readonly waivers?: readonly FindingWaiver[] | undefined
  readonly baseline?: Baseline | undefined
  /** Whose entries of the baseline count; undefined where there is one project. */
  readonly project?: string | undefined
  readonly failOn?: 'error' | 'warning' | undefined
  /** ISO date. */
  readonly today: string
  /** Whether the result holds every step, so that what it does not show is not there. Default true. */
  readonly complete?: boolean | undefined
}

export interface Accepted {
  readonly result: VerifyResult
  /** What the reader should know of waivers and baseline, in words: unused, expired, far away, no longer found. */
  readonly notes: readonly string[]
}

/**
 * Accept findings of a result by waivers and a baseline, and judge again what they leave. A waiver that has expired accepts nothing, one
 * of a contract in an old result neither; both are named in the result.
 *
 * Accepting nothing gives the result as it was. Pure: the same arguments give the same result.
 */
export function acceptFindings(result: VerifyResult, acceptance: Acceptance): Accepted {
  const migrations = result.migrations.map((migration) => acceptIn(migration, acceptance))
  const notes = notesOf(result, acceptance)
  if (migrations.every((migration, at) => migration === result.migrations[at])) return { result, notes }
  const warnings = migrations.flatMap((each) => each.findings).filter((each) => each.severity === 'warning' && each.waived === null).length
  const verdict = again(
    result.verdict,
    gravestOf(result.migrations.map((each) => each.verdict)),
    gravestOf(migrations.map((each) => each.verdict)),
  )
  return { result: { ...result, verdict, warnings, migrations }, notes }
}

function acceptIn(migration: MigrationResult, acceptance: Acceptance): MigrationResult {
  const { waivers = [], today } = acceptance
  const findings = migration.findings.map((finding) => {
    const waived = acceptedAs(finding, migration, acceptance)
    return JSON.stringify(waived) === JSON.stringify(finding.waived) ? finding : { ...finding, waived }
  })
  const expired = [
    ...waivers
      .filter((waiver) => isExpired(waiver, today) && migration.findings.some((each) => matchesWaiver(waiver, each, migration.name)))
      .map(expiredText),
    ...migration.findings.flatMap((each) => (each.waived !== null && isExpired(each.waived, today) ? [lapsedText(each, each.waived)] : [])),
  ].filter((note, at, all) => !migration.notChecked.includes(note) && all.indexOf(note) === at)
  const changed = new Set(findings.filter((finding, at) => finding !== migration.findings[at]).map((each) => each.id))
  if (changed.size === 0 && expired.length === 0) return migration
  const notChecked = [...migration.notChecked, ...expired]
  if (changed.size === 0) return { ...migration, notChecked }
  const touched = (id: string) => findings.some((each) => each.invariant === id && (changed.has(each.id) || changed.has(each.cause ?? '')))
  const invariants = migration.invariants.map((each) => (touched(each.id) ? judgeAgain(each, findings, acceptance.failOn) : each))
  const verdict = again(
    migration.verdict,
    verdictOf(migration.invariants, migration.findings, acceptance.failOn),
    verdictOf(invariants, findings, acceptance.failOn),
  )
  return { ...migration, findings, invariants, verdict, notChecked }
}

/** By which waiver or baseline a finding is accepted now. What a contract waived stays so until it expires. */
function acceptedAs(finding: FindingResult, migration: MigrationResult, acceptance: Acceptance): FindingResult['waived'] {
  const { waivers = [], baseline, project, today } = acceptance
  if (finding.waived !== null && !isExpired(finding.waived, today)) return finding.waived
  const waived = waivedBy(waivers, finding, { migration: migration.name, today })
  if (waived !== null || baseline === undefined) return waived
  const entry = baselineEntry(baseline, migration, finding, project)
  return entry === undefined ? null : { owner: 'baseline', reason: `known and accepted since ${entry.since}`, expires: null }
}

/** What violates an invariant: its findings that count; else one that follows from a finding that is not accepted. */
export function violationOf(id: string, findings: readonly FindingResult[], failOn: 'error' | 'warning' | undefined): string | undefined {
  const own = findings.filter((each) => each.invariant === id)
  const counting = own.find((each) => counts(each, failOn))
  if (counting !== undefined) return counting.message
  const follows = own.find(
    (each) => each.severity === 'info' && each.cause !== null && each.waived === null && !isAccepted(each.cause, findings),
  )
  return follows === undefined ? undefined : `follows from ${follows.cause}: ${follows.message}`
}

/** Whether a finding counts against a migration. */
export function counts(finding: Pick<FindingResult, 'severity' | 'waived'>, failOn: 'error' | 'warning' | undefined): boolean {
  return finding.waived === null && (finding.severity === 'error' || (failOn === 'warning' && finding.severity === 'warning'))
}

function isAccepted(id: string, findings: readonly FindingResult[]): boolean {
  const finding = findings.find((each) => each.id === id)
  return finding !== undefined && finding.waived !== null
}

function judgeAgain(
  invariant: InvariantResult,
  findings: readonly FindingResult[],
  failOn: 'error' | 'warning' | undefined,
): InvariantResult {
  const because = violationOf(invariant.id, findings, failOn)
  if (because !== undefined) return { ...invariant, verdict: 'violated', because }
  if (invariant.verdict !== 'violated') return invariant
  const unknown = invariant.otherwise ?? ''
  return unknown === '' ? { ...invariant, verdict: 'holds', because: '' } : { ...invariant, verdict: 'unknown', because: unknown }
}

/** The verdict that invariants and findings give together; a finding of no invariant in the list counts for itself. */
function verdictOf(
  invariants: readonly InvariantResult[],
  findings: readonly FindingResult[],
  failOn: 'error' | 'warning' | undefined,
): Outcome {
  const loose = findings.some((each) => counts(each, failOn) && !invariants.some((invariant) => invariant.id === each.invariant))
  if (loose) return 'violated'
  return gravestOf(invariants.flatMap((each) => (each.verdict === 'not-applicable' ? [] : [each.verdict])))
}

/** What made a verdict graver than its parts was not accepted with them, and stays. */
function again(verdict: Outcome, ofParts: Outcome, ofPartsNow: Outcome): Outcome {
  return verdict === ofParts ? ofPartsNow : gravestOf([verdict, ofPartsNow])
}

/** The gravest of some verdicts; of none it is unknown. */
export function gravestOf(verdicts: readonly Outcome[]): Outcome {
  if (verdicts.includes('violated')) return 'violated'
  return verdicts.length === 0 || verdicts.includes('unknown') ? 'unknown' : 'holds'
}

function lapsedText(
  finding: FindingResult,
  waived: { readonly owner: string; readonly reason: string; readonly expires: string | null },
): string {
  const { invariant } = finding
  const where = { relation: finding.relation ?? undefined, attribute: finding.attribute ?? undefined }
  return expiredText({ invariant, ...where, owner: waived.owner, reason: waived.reason, expires: waived.expires ?? '' })
}

function notesOf(result: VerifyResult, acceptance: Acceptance): readonly string[] {
  const { waivers = [], baseline, project, today, complete = true } = acceptance
  const uses = (waiver: FindingWaiver) =>
    result.migrations.some((migration) => migration.findings.some((finding) => matchesWaiver(waiver, finding, migration.name)))
  const aYearOn = `${Number(today.slice(0, 4)) + 1}${today.slice(4)}`
  return [
    ...waivers.flatMap((waiver): readonly string[] => {
      const unused = complete && !uses(waiver)
      if (unused) return [`the waiver of ${waiver.owner} for ${subjectText(waiver)} is not used: nothing that it speaks of was found`]
      if (isExpired(waiver, today)) return uses(waiver) ? [expiredText(waiver)] : []
      if (waiver.expires > aYearOn)
        return [`the waiver of ${waiver.owner} for ${subjectText(waiver)} lasts until ${waiver.expires}, more than a year from now`]
      return []
    }),
    ...(baseline === undefined ? [] : staleEntries(baseline, result, { project, complete })),
  ]
}
