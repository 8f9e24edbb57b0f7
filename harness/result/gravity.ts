import type { Finding, Severity } from './finding.ts'

const severities: readonly Severity[] = ['info', 'warning', 'error']

/** How the cells of an attribute may be altered, the least grave first: from what a reader still makes sense of to what says nothing true. */
const alterations: readonly string[] = [
  'trimmed',
  'case-folded',
  'empty-made-null',
  'null-filled',
  're-keyed',
  'rounded',
  'zone-shifted',
  'rewritten',
  'truncated',
  'nulled',
  'merged',
  'swapped',
  'overwritten',
]

export function severityRank(severity: Severity): number {
  return severities.indexOf(severity)
}

/** How grave an alteration is among others; without one the cell is lost, which is gravest. */
export function alterationRank(alteration: string | undefined): number {
  return alteration !== undefined ? alterations.indexOf(alteration) : alterations.length
}

/** Compare by severity, then by the severity before `down` brought cells back, then by alteration; positive if the left one is graver. */
export function compareGravity(left: Finding, right: Finding): number {
  return (
    severityRank(left.severity) - severityRank(right.severity) ||
    severityRank(severityBefore(left)) - severityRank(severityBefore(right)) ||
    alterationRank(left.alteration) - alterationRank(right.alteration) ||
    // What comes about by itself stands, whatever else a key took along in another run.
    Number(left.through === undefined) - Number(right.through === undefined)
  )
}

/** The class of a finding: what it says (kind, alteration, severity), whatever it is about. Shrinking keeps it. */
export function classOf(finding: Finding): string {
  return JSON.stringify([finding.kind, finding.alteration ?? null, severityBefore(finding), finding.through !== undefined])
}

/** The severity that a finding has, or had before `down` brought everything back. */
function severityBefore({ severity, acquittedFrom }: Finding): Severity {
  return acquittedFrom ?? severity
}
