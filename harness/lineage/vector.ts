import { learnAffine } from './affine.ts'
import type { Transform } from './model.ts'
import { explains, learnTransform, type Types } from './transform.ts'

/** A pair of cells of paired rows; NULLs count, for the column's vector is the band. */
export type VectorExample = readonly [legacy: string | null, migrated: string | null]

/**
 * The transform by which a column without room for bands went into a candidate column; `undefined` when it did not go there.
 *
 * @param as  `own`: the attribute itself; `alias`: a reference, whose values follow another row's key.
 */
export function vectorTransform(
  examples: readonly VectorExample[],
  types: Types,
  as: { readonly own: boolean; readonly alias: boolean; readonly sameName: boolean },
): Transform | undefined {
  const filled = examples.filter((each): each is readonly [string, string] => each[0] !== null && each[1] !== null)
  const same = (kind: 'identical' | 'same-value') =>
    filled.filter(([legacy, migrated]) => explains({ kind }, legacy, migrated, types)).length
  const nonNull = examples.filter(([legacy]) => legacy !== null).length
  const distinct = new Set(examples.map(([legacy]) => legacy)).size
  // Elsewhere than at home every cell must match: the first that does not settles it.
  const anywhere = as.own || as.sameName || filled.every(([legacy, migrated]) => explains({ kind: 'same-value' }, legacy, migrated, types))
  const matches = anywhere ? same('same-value') : 0
  const enough = as.own || as.sameName ? matches > 0 && matches >= nonNull * 0.6 : distinct >= 2 && nonNull >= 3 && matches === nonNull
  if (enough) return { kind: same('identical') === matches ? 'identical' : 'same-value' }
  const computed = (as.own || as.sameName) && filled.length >= 3 && distinct >= 2 ? learnTransform(filled, types) : undefined
  if (
    computed !== undefined &&
    ['offset', 'scaled', 'encoded', 'shifted', 'rounded', 'case-folded', 'trimmed', 'truncated'].includes(computed.kind)
  )
    return computed
  const affine = filled.length === nonNull && nonNull > 0 ? learnAffine(filled, types) : undefined
  if (affine !== undefined && examples.every(([legacy, migrated]) => (legacy === null) === (migrated === null))) return affine
  return distinct < 2 || examples.length < 3 ? undefined : recode(examples, as)
}

function recode(
  examples: readonly VectorExample[],
  as: { readonly own: boolean; readonly alias: boolean; readonly sameName: boolean },
): Transform | undefined {
  const forward = new Map<string | null, Set<string | null>>()
  const inverse = new Map<string | null, Set<string | null>>()
  const counts = new Map<string | null, number>()
  for (const [legacy, migrated] of examples) {
    forward.set(legacy, (forward.get(legacy) ?? new Set()).add(migrated))
    counts.set(legacy, (counts.get(legacy) ?? 0) + 1)
    inverse.set(migrated, (inverse.get(migrated) ?? new Set()).add(legacy))
  }
  // A value for each row determines everything and says nothing.
  const identifier = inverse.size > Math.max(examples.length / 2, forward.size)
  // Two columns that differ in every row are one to one by chance.
  const unique = forward.size === examples.length
  if (unique && !(as.alias && as.own)) return undefined
  const functional = [...inverse.values()].every((values) => values.size === 1)
  const determined = [...forward.values()].every((values) => values.size === 1)
  if (functional && (determined || !identifier)) {
    if (as.alias && determined && forward.size > 2) return { kind: 're-keyed' }
    const certain = [...forward].filter(([legacy, values]) => values.size === 1 && (counts.get(legacy) ?? 0) >= 3)
    return {
      kind: 'recoded',
      inverse: new Map([...inverse].map(([migrated, values]) => [migrated, [...values][0] ?? null])),
      forward: new Map(certain.map(([legacy, values]) => [legacy, [...values][0] ?? null])),
    }
  }
  const merges = determined && inverse.size >= 2 && (as.own || as.sameName)
  return merges ? { kind: 'merged', examples: examples.slice(0, 6) } : undefined
}
