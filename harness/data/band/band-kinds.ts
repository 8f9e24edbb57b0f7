import type { BandKind } from '../dataset.ts'
import type { Drawing } from '../generate/draw-cell.ts'
import type { RelationPlan } from '../plan/model.ts'

/** What each attribute of a relation came to carry. */

export function kindsOf(
  drawing: Drawing,
  relation: RelationPlan,
  rows: readonly (readonly (string | null | undefined)[])[],
  variant: number,
): Map<string, BandKind> {
  const kinds = new Map<string, BandKind>()
  for (const attribute of relation.relation.attributes) if (attribute.generated !== undefined) kinds.set(attribute.name, 'derived')
  relation.attributes.forEach((attribute, position) => {
    const cells = rows.map((row) => row[position]).filter((cell) => cell !== null && cell !== undefined)
    const values = new Set(cells)
    const literals = new Set(attribute.literals)
    const banded = cells.filter((cell) => !literals.has(cell))
    const alias =
      attribute.references.length > 0 ||
      (variant > 0 && drawing.links.of(relation.path, position).some((link) => link.ownJsonPath === undefined))
    const kind = (): BandKind => {
      if (alias) return 'alias'
      if (attribute.maker.room && new Set(banded).size === banded.length && banded.length > 0) return 'band'
      return values.size <= 1 && rows.length > 1 && cells.length === rows.length ? 'constant' : 'vector'
    }
    kinds.set(attribute.name, kind())
  })
  return kinds
}
