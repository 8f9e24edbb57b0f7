import { listOf } from './lists.ts'
import type { Destination } from './model.ts'
import { alterationOf, explains, holdsText, isRoundedInUnit } from './transform.ts'
import { sameValue } from './value.ts'

/** What became of one legacy cell at one destination. */
export type CellFate =
  | { readonly fate: 'kept' }
  | {
      readonly fate: 'altered'
      readonly alteration: string
      readonly migrated: string | null
      readonly collidesWith?: string | null | undefined
    }

/** Migrated values of recoded columns seen so far, with the legacy value that each stands for. */
export type Recodes = Map<string, Map<string | null, string | null>>

/**
 * Judge a legacy cell against the migrated cells that hold it (several for the parts of a split).
 *
 * @param recodes  Grows with each judged cell: a value that stands for two legacy values is merged.
 */
export function judgeCell(
  legacy: string | null,
  migrated: readonly (string | null)[],
  destination: Destination,
  legacyType: string,
  recodes: Recodes,
): CellFate {
  const { transform } = destination
  const type = destination.columns[0]?.type ?? legacyType
  const types = { legacy: legacyType, migrated: type }
  const cell = migrated[0] ?? null
  if (transform.kind === 'recoded' || transform.kind === 're-keyed') return judgeRecoded(legacy, cell, { destination, legacyType }, recodes)
  if (transform.kind === 'part') return judgeParts(legacy, migrated)
  if (transform.kind === 'concatenated')
    return legacy === null || (cell !== null && holdsText(cell, legacy)) ? { fate: 'kept' } : altered(legacy, cell, types)
  if (transform.kind === 'wrapped' && cell !== null && cell === transform.before + (legacy ?? '') + transform.after)
    return legacy === null ? { fate: 'altered', alteration: 'null-filled', migrated: cell } : { fate: 'kept' }
  if (legacy === null && cell === null) return { fate: 'kept' }
  if (legacy === null || cell === null) return altered(legacy, cell, types)
  const elements = type.endsWith('[]') && !legacyType.endsWith('[]') ? listOf(cell, type) : undefined
  if (elements !== undefined && judgeParts(legacy, elements).fate === 'kept') return { fate: 'kept' }
  if (explains({ kind: 'same-value' }, legacy, cell, types) && (legacyType !== type || legacy === cell)) return { fate: 'kept' }
  if (transform.kind === 'same-value' && sameValue(legacy, cell, legacyType, type)) return { fate: 'kept' }
  const reversible =
    ['wrapped', 'encoded', 'offset', 'affine', 'scaled'].includes(transform.kind) ||
    (transform.kind === 'shifted' && transform.seconds !== undefined)
  if (reversible && explains(transform, legacy, cell, types)) return { fate: 'kept' }
  if (transform.kind === 'scaled' && isRoundedInUnit(legacy, cell, transform.exponent))
    return { fate: 'altered', alteration: 'rounded', migrated: cell }
  return altered(legacy, cell, types)
}

function altered(legacy: string | null, migrated: string | null, types: { readonly legacy: string; readonly migrated: string }): CellFate {
  return { fate: 'altered', alteration: alterationOf(legacy, migrated, types), migrated }
}

function judgeRecoded(
  legacy: string | null,
  migrated: string | null,
  { destination, legacyType }: { readonly destination: Destination; readonly legacyType: string },
  recodes: Recodes,
): CellFate {
  const key = JSON.stringify([destination.relation, destination.columns])
  const seen = recodes.get(key) ?? new Map(destination.transform.kind === 'recoded' ? destination.transform.inverse : [])
  recodes.set(key, seen)
  const { transform } = destination
  // Banded rows showed what becomes of this value: a value that none of them has does not stand for it.
  const certain = transform.kind === 'recoded' && transform.forward.has(legacy) && transform.forward.get(legacy) !== migrated
  if (!seen.has(migrated) && certain)
    return { fate: 'altered', alteration: legacy === null ? 'null-filled' : migrated === null ? 'nulled' : 'overwritten', migrated }
  // By the word of an author a value stands for another; NULL stands for none unless rows showed it.
  if (destination.declared !== undefined && legacy !== null && migrated === null && !seen.has(null))
    return { fate: 'altered', alteration: 'nulled', migrated }
  // A document that stands for another one and is rewritten itself: no rule that reads one document does that.
  const other = legacyType.startsWith('json') && legacy !== null && migrated !== legacy ? seen.get(legacy) : undefined
  if (other !== undefined && other !== legacy) return { fate: 'altered', alteration: 'overwritten', migrated, collidesWith: other }
  if (!seen.has(migrated)) seen.set(migrated, legacy)
  const stands = seen.get(migrated) ?? null
  if (stands === legacy) return { fate: 'kept' }
  const alteration = legacy === null ? 'null-filled' : migrated === null ? 'nulled' : 'merged'
  return { fate: 'altered', alteration, migrated, collidesWith: stands }
}

/** The parts of a split, or the elements of a list: every word of the cell must stand in one of them, as often as in the cell. */
export function judgeParts(legacy: string | null, parts: readonly (string | null)[]): CellFate {
  if (legacy === null) return { fate: 'kept' }
  let rest = legacy
  for (const part of [...parts].sort((left, right) => (right?.length ?? 0) - (left?.length ?? 0))) {
    if (part === null || part === '') continue
    const at = rest.indexOf(part)
    if (at < 0) return { fate: 'altered', alteration: 'rewritten', migrated: parts.join(' | ') }
    rest = `${rest.slice(0, at)}\u0000${rest.slice(at + part.length)}`
  }
  if (/[\p{L}\p{N}]/u.test(rest.replaceAll('NULL', ''))) return { fate: 'altered', alteration: 'truncated', migrated: parts.join(' | ') }
  return { fate: 'kept' }
}
