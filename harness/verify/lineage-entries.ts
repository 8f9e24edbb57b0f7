import type { Subject } from '../lineage/index.ts'
import { columnName, type Destination, discardOf, isReversible } from '../lineage/index.ts'
import type { FindingResult, LineageEntry } from '../result/index.ts'

/** The lineage of every attribute of the relations that the migration writes, as results show it. */
export function lineageEntries(subject: Subject, findings: readonly FindingResult[]): readonly LineageEntry[] {
  const { lineage, written } = subject.knowledge
  const entries: LineageEntry[] = []
  // What is copied only may be declared too.
  const mapped = [...(lineage?.relations.values() ?? [])].filter(({ attributes }) =>
    [...attributes.values()].some(({ declared }) => declared !== undefined),
  )
  for (const relation of [...new Set([...written, ...mapped.map((each) => each.relation)])].sort()) {
    const learned = lineage?.relations.get(relation)
    const catalog = subject.legacy.relations.get(relation)
    if (catalog === undefined) continue
    for (const { name } of catalog.attributes) {
      const { destinations = [], declared = [] } = learned?.attributes.get(name) ?? {}
      if (declared.length === 0 && !written.has(relation)) continue
      const kept = destinations.filter(
        (each) => each.declared === undefined && isReversible(each.transform) && each.columns.every((column) => column.via === undefined),
      )
      const shown = declared.length > 0 ? [...declared.flat(), ...kept] : kept.length > 0 ? kept : destinations.slice(0, 1)
      const fate = fateOf(subject, relation, name, shown, findings)
      const because = fate === 'discarded' ? discardOf(subject.knowledge, relation, name)?.because : undefined
      entries.push({
        from: `${relation}.${name}`,
        to: [...new Set(shown.map(pathsOf))],
        transform: shown[0]?.transform.kind ?? 'none',
        fate,
        known: declared.length > 0 ? 'declared' : 'observed',
        ...(because === undefined ? {} : { because }),
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
  const first = destinations[0]
  if (discardOf(subject.knowledge, relation, attribute) !== undefined && first?.declared === undefined) return 'discarded'
  const finding = findings.find(
    (each) => each.invariant === 'zero-loss' && each.relation === relation && (each.attribute === attribute || each.attribute === null),
  )
  if (finding?.kind === 'cell-altered') return 'altered'
  if (finding?.kind === 'cell-lost' || (finding?.kind === 'row-lost' && destinations.length === 0)) return 'lost'
  if (first === undefined) return 'lost'
  if (!isReversible(first.transform)) return 'altered'
  return destinations.some((each) => each.own) ? 'kept' : 'moved'
}

function pathsOf(destination: Destination): string {
  if (destination.declared !== undefined) return destination.declared.to
  return destination.columns.map((column) => `${destination.relation}.${columnName(column)}`).join(' + ')
}
