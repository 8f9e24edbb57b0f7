import { type FindingResult, severityRank } from '../result/index.ts'

/** A finding with the loss of the same cells, or of their rows, as its cause, if that is as grave; as it is where nothing of them is lost. */
export function followsFromLoss(
  finding: FindingResult,
  others: readonly FindingResult[],
  also: readonly FindingResult[] = [],
): FindingResult {
  if (finding.relation === null) return finding
  const loss = others.filter((each) => each.invariant === 'zero-loss' && each.severity !== 'info')
  const cause = [...loss, ...also].find(
    (each) =>
      each.relation === finding.relation &&
      (each.attribute === finding.attribute || each.attribute === null) &&
      // What decides the verdict is not put away behind what does not.
      severityRank(each.severity) >= severityRank(finding.severity),
  )
  return cause === undefined ? finding : { ...finding, cause: cause.id }
}
