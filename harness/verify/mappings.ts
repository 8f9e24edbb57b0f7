import { findAttribute } from '../catalog/index.ts'
import type { Subject } from '../lineage/index.ts'
import type { Mapping } from '../migration/index.ts'

/** The mappings of which no row showed whether values arrive. */
export function unseenMappings({ migration, legacy, knowledge }: Subject): readonly Mapping[] {
  return (migration.contract.mappings ?? []).filter(({ from }) => {
    const place = findAttribute(legacy, from)
    const relation = knowledge.lineage?.relations.get(place?.relation ?? '')
    return relation?.attributes.get(place?.attribute ?? '')?.declared === undefined
  })
}

/** A mapping as messages name it. */
export function shownMapping({ from, to }: Mapping): string {
  return `the mapping of ${from} to ${to}`
}
