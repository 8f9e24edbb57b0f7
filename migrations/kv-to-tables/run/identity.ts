import { columnOf, type Kind } from '../kinds/kind.ts'

/** The natural identity that a row claims, as one text; undefined where a part of it is NULL. */
export function identityOf(kind: Kind, columns: Readonly<Record<string, string | null>>): string | undefined {
  const parts: string[] = []
  for (const { field, folded } of kind.identity) {
    const value = columns[field]
    if (value === null || value === undefined) return undefined
    parts.push(folded ? value.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : value)
  }
  // No text of PostgreSQL holds a null byte.
  return parts.join('\0')
}

/** The same as SQL: two rows claim one identity. */
export function sameIdentity(kind: Kind, left: string, right: string): string {
  return kind.identity
    .map(({ field, folded }) => {
      const side = (name: string) => (folded ? `lower(${name}.${columnOf(field)} COLLATE "C")` : `${name}.${columnOf(field)}`)
      return `${side(left)} = ${side(right)}`
    })
    .join(' AND ')
}
