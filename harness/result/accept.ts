import { type Baseline, baselineEntry, staleEntries, unknownId } from './baseline.ts'
import type { FindingResult, InvariantResult, MigrationResult, VerifyResult } from './result.ts'
import { judgeMigration, judgeRun } from './verdict.ts'
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
  return { result: judgeRun(result, migrations), notes }
}

function acceptIn(migration: MigrationResult, acceptance: Acceptance): MigrationResult {
  const { waivers = [], today } = acceptance
  const findings = migration.findings.map((finding) => {
    const waived = acceptedAs(finding, migration, acceptance)
    return JSON.stringify(waived) === JSON.stringify(finding.waived) ? finding : { ...finding, waived }
  })
  const invariants = migration.invariants.map((invariant) => {
    const waived = unknownAcceptedAs(invariant, migration, acceptance)
    return JSON.stringify(waived) === JSON.stringify(invariant.waived ?? null) ? invariant : { ...invariant, waived }
  })
  const expired = [
    ...waivers
      .filter((waiver) => isExpired(waiver, today) && migration.findings.some((each) => matchesWaiver(waiver, each, migration.name)))
      .map(expiredText),
    ...migration.findings.flatMap((each) => (each.waived !== null && isExpired(each.waived, today) ? [lapsedText(each, each.waived)] : [])),
  ].filter((note, at, all) => !migration.notChecked.includes(note) && all.indexOf(note) === at)
  const changed =
    findings.some((finding, at) => finding !== migration.findings[at]) ||
    invariants.some((invariant, at) => invariant !== migration.invariants[at])
  if (!changed && expired.length === 0) return migration
  const notChecked = [...migration.notChecked, ...expired]
  return changed ? judgeMigration({ ...migration, invariants, notChecked }, findings, acceptance.failOn) : { ...migration, notChecked }
}

/** By what it is accepted that an invariant could not be judged: a waiver of the kind `unknown`, or the baseline; as before until it expires. */
function unknownAcceptedAs(invariant: InvariantResult, migration: MigrationResult, acceptance: Acceptance): FindingResult['waived'] {
  const { waivers = [], baseline, project, today } = acceptance
  const unknown = invariant.verdict === 'unknown' || (invariant.otherwise ?? '') !== ''
  if (!unknown) return null
  const before = invariant.waived ?? null
  if (before !== null && !isExpired(before, today)) return before
  const waivable = { id: unknownId(migration.name, invariant.id), invariant: invariant.id, kind: 'unknown' }
  const named = waivers.filter(({ finding, kind }) => finding !== undefined || kind === 'unknown')
  const waived = waivedBy(named, waivable, { migration: migration.name, today })
  if (waived !== null || baseline === undefined) return waived
  const entry = baselineEntry(baseline, migration, { id: waivable.id, severity: 'info' }, project)
  return entry === undefined ? null : { owner: 'baseline', reason: `known and accepted since ${entry.since}`, expires: null }
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
