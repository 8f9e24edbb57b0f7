import { quoteName, type RelationName } from '../../postgres/index.ts'

/** SQL that counts the rows of a relation for which a condition is true; all of them where there is none. */
export function countWhere(relation: RelationName, condition: string | undefined): string {
  return `SELECT count(*) FROM ${quoteName(relation)}${condition === undefined ? '' : ` WHERE ${condition}`}`
}
