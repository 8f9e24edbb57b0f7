import type { FindingResult, InvariantResult, MigrationResult, Outcome } from './result.ts'

/** Whether a finding makes its invariant violated. */
export function counts(finding: FindingResult, failOn: 'error' | 'warning'): boolean {
  return finding.waived === null && (finding.severity === 'error' || (failOn === 'warning' && finding.severity === 'warning'))
}

/**
 * A result with other findings, and the verdicts that follow from them: what no finding violates any more holds.
 *
 * @param open  Why an invariant that no finding violates is unknown, by its id.
 */
export function withFindings(
  result: MigrationResult,
  findings: readonly FindingResult[],
  failOn: 'error' | 'warning',
  open: ReadonlyMap<string, string> = new Map(),
): MigrationResult {
  const invariants = result.invariants.map((invariant): InvariantResult => {
    const own = findings.filter((each) => each.invariant === invariant.id)
    const [counted] = own.filter((each) => counts(each, failOn))
    if (counted !== undefined) return { ...invariant, verdict: 'violated', because: counted.message }
    const because = open.get(invariant.id)
    if (because !== undefined) return { ...invariant, verdict: 'unknown', because }
    const follows = own.some((each) => each.severity === 'info' && each.cause !== null)
    return invariant.verdict === 'violated' && !follows ? { ...invariant, verdict: 'holds', because: '' } : invariant
  })
  return { ...result, findings, invariants, verdict: gravestOutcome(invariants.map((each) => each.verdict)) }
}

/** `violated` before `unknown` before `holds`; nothing that applies is unknown. */
export function gravestOutcome(verdicts: readonly InvariantResult['verdict'][]): Outcome {
  if (verdicts.includes('violated')) return 'violated'
  return verdicts.includes('unknown') || verdicts.every((each) => each === 'not-applicable') ? 'unknown' : 'holds'
}
