import type { Relation } from '../catalog/index.ts'
import type { Discard } from '../migration/index.ts'
import type { Knowledge } from './knowledge.ts'

/** The attributes of the primary key, else of the first unique key without NULLs; undefined where the relation has neither. */
export function keyAttributes(relation: Relation): readonly string[] | undefined {
  const notNull = new Set(relation.attributes.filter((each) => each.notNull).map((each) => each.name))
  const keys = relation.indexes.filter(
    (index) => index.unique && index.predicate === undefined && index.attributes.every((each) => each !== undefined && notNull.has(each)),
  )
  const best = keys.find((index) => index.primary) ?? keys[0]
  return best?.attributes.flatMap((each) => (each === undefined ? [] : [each]))
}

export function keyOf(relation: Relation): readonly string[] {
  return keyAttributes(relation) ?? []
}

/** The discard by which the author declared that this relation, or this attribute of it, goes. */
export function discardOf(knowledge: Knowledge, relation: string, attribute?: string): Discard | undefined {
  return knowledge.discards.find(({ path }) => path === relation || (attribute !== undefined && path === `${relation}.${attribute}`))
}

/** Whether the author declared that this relation, or this attribute of it, goes. */
export function isDiscarded(knowledge: Knowledge, relation: string, attribute?: string): boolean {
  return discardOf(knowledge, relation, attribute) !== undefined
}

/** A cell as a message shows it: `NULL`, or the text in quotes, long ones cut. */
export function showCell(cell: string | null | undefined): string {
  if (cell === null || cell === undefined) return 'NULL'
  return cell.length > 60 ? `'${cell.slice(0, 57)}…' (${cell.length} characters)` : `'${cell}'`
}
