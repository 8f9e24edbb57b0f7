import type { Constraint } from '../../catalog/index.ts'
import type { ReferencePlan } from './model.ts'
import { componentsOf } from './order.ts'
import type { RelationDraft } from './relation-draft.ts'

/** Resolve the foreign keys to positions, and find the order of filling. */
export function linkReferences(drafts: Map<string, RelationDraft>): string[][] {
  const keysOf = (draft: RelationDraft) =>
    draft.relation.constraints.filter((constraint) => constraint.kind === 'foreign-key' && constraint.enforced)
  const targets = (path: string) => {
    const draft = drafts.get(path)
    return draft === undefined ? [] : keysOf(draft).flatMap((key) => (key.references === undefined ? [] : [key.references.relation]))
  }
  const order = componentsOf([...drafts.keys()], targets)
  const rank = new Map(order.flat().map((path, position) => [path, position]))
  for (const draft of drafts.values()) {
    draft.references = keysOf(draft).flatMap((key) => {
      const reference = referenceOf(key, draft, drafts)
      return reference === undefined ? [] : [{ ...reference, late: (rank.get(reference.parent) ?? 0) > (rank.get(draft.path) ?? 0) }]
    })
  }
  return order
}

function referenceOf(
  key: Constraint,
  draft: RelationDraft,
  drafts: ReadonlyMap<string, RelationDraft>,
): Omit<ReferencePlan, 'late'> | undefined {
  const position = (of: RelationDraft, name: string) => of.attributes.findIndex((attribute) => attribute.source.name === name)
  const parent = drafts.get(key.references?.relation ?? '')
  const attributes = key.attributes.map((name) => position(draft, name))
  const nullable = attributes.filter((at) => draft.attributes[at]?.nullable === true)
  const common = {
    name: key.name,
    attributes,
    validated: key.validated,
    full: key.matchFull,
    nullable: key.matchFull && nullable.length < attributes.length ? [] : nullable,
  }
  if (attributes.includes(-1)) return undefined
  if (parent === undefined || key.references === undefined)
    return { ...common, parent: key.references?.relation ?? '', parentAttributes: [] }
  const parentAttributes = key.references.attributes.map((name) => position(parent, name))
  return parentAttributes.includes(-1) ? undefined : { ...common, parent: parent.path, parentAttributes }
}
