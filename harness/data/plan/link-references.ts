import type { Constraint } from '../../catalog/index.ts'
import type { ReferencePlan } from './model.ts'
import { componentsOf } from './order.ts'
import type { RelationDraft } from './relation-draft.ts'

/**
 * Resolve the foreign keys to positions, and find the order of filling.
 *
 * @param asked  The relations whose rows are wanted; the others are filled only so that these can refer to them.
 */
export function linkReferences(drafts: Map<string, RelationDraft>, asked: ReadonlySet<string>): string[][] {
  const own = new Map([...drafts].map(([path, { relation }]) => [path, relation.constraints.filter(isEnforcedKey)]))
  const implied = impliedKeys(own, asked)
  const keysOf = ({ path }: RelationDraft) => [...(own.get(path) ?? []), ...(implied.get(path) ?? [])]
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

function isEnforcedKey({ kind, enforced }: Constraint): boolean {
  return kind === 'foreign-key' && enforced
}

/**
 * What a parent's rows must refer to so that a child can refer to them: where the child's key (org, project, item) leads to items, and its
 * key (org, project) to projects, an item helps only whose own org and project are one of projects, though no key says so.
 */
function impliedKeys(
  own: ReadonlyMap<string, readonly Constraint[]>,
  asked: ReadonlySet<string>,
): ReadonlyMap<string, readonly Constraint[]> {
  const implied = new Map<string, Constraint[]>()
  for (const child of asked) {
    const keys = own.get(child) ?? []
    for (const wide of keys) {
      const parent = wide.references?.relation ?? ''
      // What can be wrong in rows that are wanted themselves has to be tried.
      if (asked.has(parent) || !own.has(parent)) continue
      for (const narrow of keys) {
        const names = narrow.attributes.map((name) => wide.references?.attributes[wide.attributes.indexOf(name)])
        const isWithin = narrow.attributes.length < wide.attributes.length && names.every((name) => name !== undefined)
        if (!isWithin || narrow.references === undefined || reaches(own, narrow.references.relation, parent)) continue
        const attributes = names.filter((name) => name !== undefined)
        const said = own
          .get(parent)
          ?.some((key) => key.references?.relation === narrow.references?.relation && key.attributes.join() === attributes.join())
        if (said !== true) implied.set(parent, [...(implied.get(parent) ?? []), { ...narrow, attributes, matchFull: true }])
      }
    }
  }
  return implied
}

/** Whether the keys of a relation lead to another, or it is the same. */
function reaches(own: ReadonlyMap<string, readonly Constraint[]>, from: string, to: string): boolean {
  const seen = new Set<string>()
  const open = [from]
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (path === to) return true
    if (seen.has(path)) continue
    seen.add(path)
    open.push(...(own.get(path) ?? []).flatMap(({ references }) => references?.relation ?? []))
  }
  return false
}
