import { claimsBy, type FindingResult, fallsShort, type MigrationResult, type VerifyResult } from '../result/index.ts'
import { shortfallSentence } from './coverage-text.ts'

const gravity = { error: 0, warning: 1, info: 2 } as const

/** Worst first: those that count before the waived ones, then by severity, causes before what follows from them; else as they were found. */
export function bySeverity(findings: readonly FindingResult[]): readonly FindingResult[] {
  return findings.toSorted(findingGravity)
}

/** The order of `bySeverity`, for lists of more than findings. */
export function findingGravity(a: FindingResult, b: FindingResult): number {
  return (
    Number(a.waived !== null) - Number(b.waived !== null) ||
    gravity[a.severity] - gravity[b.severity] ||
    Number(a.cause !== null) - Number(b.cause !== null)
  )
}

/** Findings that are neither waived nor for information only. */
export function openFindings(migration: MigrationResult): readonly FindingResult[] {
  return migration.findings.filter((finding) => finding.waived === null && finding.severity !== 'info')
}

/** Whether nobody needs to look at it: it holds, and neither a finding nor a refuted claim is open. What was not checked may still be shown. */
export function isQuiet(migration: MigrationResult): boolean {
  const refuted = claimsBy('refuted', migration.claims).some(({ accepted }) => accepted === undefined)
  return migration.verdict === 'holds' && openFindings(migration).length === 0 && migration.disagreements.length === 0 && !refuted
}

/** Where a finding was made: `public.items.status`, the object's name, or the migration as a whole. */
export function subjectOf(finding: FindingResult): string | null {
  if (finding.relation === null) return finding.object
  const relation = finding.attribute === null ? finding.relation : `${finding.relation}.${finding.attribute}`
  return finding.object === null ? relation : `${relation} (${finding.object})`
}

/** `up.sql:12`, or null where no line is known to be the cause. */
export function placeOf(finding: FindingResult): string | null {
  if (finding.file === null) return null
  return finding.line === null ? finding.file : `${finding.file}:${finding.line}`
}

/** One sentence on why the verdict is what it is. */
export function verdictSentence(migration: MigrationResult): string {
  const judged = migration.invariants.filter((invariant) => invariant.verdict !== 'not-applicable')
  const violated = judged.filter((invariant) => invariant.verdict === 'violated').map((invariant) => invariant.id)
  const unknown = judged.filter((invariant) => invariant.verdict === 'unknown')
  switch (migration.verdict) {
    case 'violated': {
      const worst = bySeverity(migration.findings).find((finding) => finding.waived === null)
      const which = violated.length === 0 ? 'A finding counts' : `Violated: ${violated.join(', ')}`
      return worst === undefined ? `${which}.` : `${which}. First of all: ${sentence(worst.message)}`
    }
    case 'unknown': {
      const first = unknown[0]
      if (first === undefined && migration.coverage !== undefined && fallsShort(migration.coverage))
        return shortfallSentence(migration.coverage)
      if (first === undefined) return 'Nothing was judged, and that is no pass.'
      const reason = commonReason(migration)
      if (reason !== undefined) return `Not verified: ${sentence(reason)}`
      return `Could not be judged: ${unknown.map((invariant) => invariant.id).join(', ')}. ${sentence(first.because)}`
    }
    case 'holds':
      return `Nothing was found against it by ${judged.length === 1 ? 'the one invariant' : `any of the ${judged.length} invariants`} that applied.`
  }
}

/** Why no invariant at all was judged, where it is one reason: a step that was not run, or that does not apply. */
export function commonReason({ invariants, findings }: MigrationResult): string | undefined {
  const [first, ...others] = invariants
  const unjudged = first?.verdict === 'unknown' && others.every((each) => each.verdict === 'unknown' && each.because === first.because)
  return unjudged && findings.length === 0 && first.because !== '' ? first.because : undefined
}

/** Why a run has no migrations to show. */
export function nothingJudged({ since, shard, verdict }: VerifyResult): string {
  if (verdict === 'holds' && shard !== undefined) return `Shard ${shard.index} of ${shard.count} has no step. Nothing to verify.`
  return verdict === 'holds' && since !== undefined ? `No new migrations since ${since}. Nothing to verify.` : 'No migration was judged.'
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
