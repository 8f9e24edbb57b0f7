import type { Subject } from '../lineage/index.ts'
import { columnName, type Destination, isDiscarded, isReversible } from '../lineage/index.ts'
import type { FindingResult, LineageEntry } from '../result/index.ts'

/** The lineage of every attribute of the relations that the migration writes, as results show it. */
export function lineageEntries(subject: Subject, findings: readonly FindingResult[]): readonly LineageEntry[] {
  const { lineage, written } = subject.knowledge
  const entries: LineageEntry[] = []
  for (const relation of [...written].sort()) {
    const learned = lineage?.relations.get(relation)
    const catalog = subject.legacy.relations.get(relation)
    if (catalog === undefined) continue
    for (const { name } of catalog.attributes) {
      const destinations = learned?.attributes.get(name)?.destinations ?? []
      const kept = destinations.filter((each) => isReversible(each.transform) && each.columns.every((column) => column.via === undefined))
      const shown = kept.length > 0 ? kept : destinations.slice(0, 1)
      entries.push({
        from: `${relation}.${name}`,
        to: [...new Set(shown.map(pathsOf))],
        transform: shown[0]?.transform.kind ?? 'none',
        fate: fateOf(subject, relation, name, shown, findings),
        known: 'observed',
      })
    }
  }
  return entries
}

function fateOf(
  subject: Subject,
  relation: string,
  attribute: string,
  destinations: readonly Destination[],
  findings: readonly FindingResult[],
): LineageEntry['fate'] {
  if (isDiscarded(subject.knowledge, relation, attribute)) return 'discarded'
  const finding = findings.find(
    (each) => each.invariant === 'zero-loss' && each.relation === relation && (each.attribute === attribute || each.attribute === null),
  )
  if (finding?.kind === 'cell-altered') return 'altered'
  if (finding?.kind === 'cell-lost' || (finding?.kind === 'row-lost' && destinations.length === 0)) return 'lost'
  const first = destinations[0]
  if (first === undefined) return 'lost'
  if (!isReversible(first.transform)) return 'altered'
  return destinations.some((each) => each.own) ? 'kept' : 'moved'
}

function pathsOf(destination: Destination): string {
  return destination.columns.map((column) => `${destination.relation}.${columnName(column)}`).join(' + ')
}
