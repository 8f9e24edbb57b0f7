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
  const matches = same('same-value')
  const enough = as.own || as.sameName ? matches > 0 && matches >= nonNull * 0.6 : distinct >= 2 && nonNull >= 3 && matches === nonNull
  if (enough) return { kind: same('identical') === matches ? 'identical' : 'same-value' }
  const computed = (as.own || as.sameName) && filled.length >= 3 && distinct >= 2 ? learnTransform(filled, types) : undefined
  if (
    computed !== undefined &&
    ['offset', 'scaled', 'encoded', 'shifted', 'rounded', 'case-folded', 'trimmed', 'truncated'].includes(computed.kind)
  )
    return computed
  return distinct < 2 || examples.length < 3 ? undefined : recode(examples, as)
}

function recode(
  examples: readonly VectorExample[],
  as: { readonly own: boolean; readonly alias: boolean; readonly sameName: boolean },
): Transform | undefined {
  const forward = new Map<string | null, Set<string | null>>()
  const inverse = new Map<string | null, Set<string | null>>()
  for (const [legacy, migrated] of examples) {
    forward.set(legacy, (forward.get(legacy) ?? new Set()).add(migrated))
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
    return { kind: 'recoded', inverse: new Map([...inverse].map(([migrated, values]) => [migrated, [...values][0] ?? null])) }
  }
  const merges = determined && inverse.size >= 2 && (as.own || as.sameName)
  return merges ? { kind: 'merged', examples: examples.slice(0, 6) } : undefined
}
