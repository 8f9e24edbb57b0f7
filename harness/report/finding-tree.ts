import type { FindingResult } from '../result/index.ts'
import { bySeverity } from './severity.ts'

/** A finding with those that follow from it. */
export interface FindingNode {
  readonly finding: FindingResult
  readonly following: readonly FindingResult[]
}

/**
 * Findings that follow from no other, the gravest first, each with all that follow from it, also over several others.
 *
 * Each finding is given exactly once, also where causes go in a circle or are not there.
 */
export function findingTree(findings: readonly FindingResult[]): readonly FindingNode[] {
  const byId = new Map(findings.map((finding) => [finding.id, finding]))
  const rootOf = (finding: FindingResult): FindingResult => {
    const seen = new Set([finding])
    let root = finding
    for (;;) {
      const cause = root.cause === null ? undefined : byId.get(root.cause)
      if (cause === undefined) return root
      if (seen.has(cause)) return finding
      seen.add(cause)
      root = cause
    }
  }
  const following = new Map<FindingResult, FindingResult[]>()
  for (const finding of findings) {
    const root = rootOf(finding)
    const known = following.get(root) ?? []
    following.set(root, root === finding ? known : [...known, finding])
  }
  return bySeverity([...following.keys()]).map((finding) => ({ finding, following: bySeverity(following.get(finding) ?? []) }))
}
