import type { KeyPlan, RelationPlan, SpanPlan } from '../plan/model.ts'

/** What a row is told apart by under a key: equal for rows that may not both exist; undefined when NULLs exempt the row. */
export function underKey(relation: RelationPlan, key: KeyPlan, cells: readonly (string | null)[]): string | undefined {
  if (isExempt(key, cells)) return undefined
  const parts: string[] = []
  for (const position of key.attributes) {
    const cell = cells[position] ?? null
    if (cell === null) {
      // An expression may make something of NULL (`coalesce(parent, 0)`), so only plain keys let NULLs pass.
      if (!key.nullsNotDistinct && !key.folded) return undefined
      parts.push('n')
      continue
    }
    const text = relation.attributes[position]?.maker.key(cell) ?? cell
    parts.push(`t${key.folded ? text.trim().toLowerCase() : text}`)
  }
  return parts.join('\u0000')
}

/** Whether the predicate of a partial index leaves a row out. */
export function isExempt({ conditions = [] }: Pick<KeyPlan, 'conditions'>, cells: readonly (string | null)[]): boolean {
  return conditions.some(({ attribute, holds }) => !holds(cells[attribute] ?? null))
}

/** The same text for rows whose ranges must not overlap; undefined where a NULL lets the row pass. */
export function equalUnder(relation: RelationPlan, { name, equal }: SpanPlan, cells: readonly (string | null)[]): string | undefined {
  return underKey(relation, { name, attributes: equal, nullsNotDistinct: false, folded: false }, cells)
}
