import { encoded, inOrder, keyed, sameBag, sameList, squash } from './compose.ts'
import type { CellFate } from './judge-cell.ts'
import { listOf } from './lists.ts'
import type { Destination } from './model.ts'
import { assemble, maskOf, type Templates } from './template.ts'
import { alterationOf } from './transform.ts'

/**
 * Judge a cell that was put together with others into one: by the template that banded rows showed for this pattern of NULLs. Undefined
 * where they showed none.
 *
 * @param cells  The legacy cells of `composed.members`.
 */
export function judgeComposition(
  attribute: string,
  cells: readonly (string | null)[],
  whole: string | null,
  destination: Destination,
  legacyType: string,
): CellFate | undefined {
  const { composed } = destination
  const type = destination.columns[0]?.type ?? 'text'
  if (composed === undefined || whole === null) return undefined
  const parts = cells.map((cell) => encoded(cell, type))
  const template = composed.templates.get(maskOf(parts))
  if (template === undefined) return undefined
  if (assemble(template, parts) === whole) {
    const twin = legacyType.startsWith('json') ? missingTwin(composed.templates, parts, composed.members.indexOf(attribute)) : undefined
    if (twin !== whole) return { fate: 'kept' }
    return {
      fate: 'altered',
      alteration: 'merged',
      migrated: whole,
      collidesWith: (cells[composed.members.indexOf(attribute)] ?? null) === null ? 'null' : null,
    }
  }
  // Of several cells it is those that are not there whose fault it is, else the empty ones, that went as NULL goes.
  const absent = parts.map((part) => part !== null && !whole.includes(part))
  const empty = parts.map((part) => part === '')
  const blamed = absent.includes(true) ? absent : empty.includes(true) ? empty : parts.map((part) => part !== null)
  const at = composed.members.indexOf(attribute)
  if (blamed[at] !== true) return { fate: 'kept' }
  const cell = cells[at] ?? null
  const alteration = cell === '' ? 'empty-made-null' : alterationOf(cell, whole, { legacy: legacyType, migrated: type })
  return { fate: 'altered', alteration, migrated: whole }
}

/** What the whole would be with SQL's NULL for JSON's in one part, or the other way round; undefined where the part is neither, or banded rows did not show it. */
function missingTwin(templates: Templates, parts: readonly (string | null)[], at: number): string | undefined {
  const part = parts[at] ?? null
  if (part !== null && part !== 'null') return undefined
  const twin = parts.map((each, position) => (position === at ? (part === null ? 'null' : null) : each))
  const template = templates.get(maskOf(twin))
  return template === undefined ? undefined : assemble(template, twin)
}

/** Judge a cell that was split: put together again from its parts as banded rows showed it. */
export function judgeSplit(cell: string | null, parts: readonly (string | null)[], split: NonNullable<Destination['split']>): CellFate {
  const held = parts.filter((part) => part !== null)
  if (cell === null)
    return held.length === 0 ? { fate: 'kept' } : { fate: 'altered', alteration: 'null-filled', migrated: parts.join(' | ') }
  const form = (text: string) => (split.loose ? squash(text) : text)
  const template = split.templates.get(maskOf(parts))
  const whole = split.templates.get('1'.repeat(parts.length))
  const formed = parts.map((part) => (part === null ? null : form(part)))
  const texts =
    template !== undefined
      ? [assemble(template, formed)]
      : whole === undefined
        ? []
        : // A part that is not there leaves with the text before it, or with the one behind.
          [0, 1].map((side) => {
            const order = whole.order.flatMap((part, at) => (parts[part] === null ? [] : [{ part, at }]))
            const between = order.slice(1).map(({ at }) => whole.literals[at] ?? '')
            const [before, after] = [side === 0 && parts[whole.order[0] ?? 0] === null ? '' : whole.literals[0], whole.literals.at(-1)]
            return `${before ?? ''}${order.map(({ part }, at) => `${formed[part] ?? ''}${between[at] ?? ''}`).join('')}${after ?? ''}`
          })
  if (texts.includes(form(cell))) return { fate: 'kept' }
  return { fate: 'altered', alteration: held.length === 0 ? 'nulled' : 'rewritten', migrated: parts.join(' | ') }
}

/** Judge a list of which each element became a row. */
export function judgeElements(
  cell: string | null,
  rows: readonly (readonly (string | null)[])[],
  value: number,
  order: number | undefined,
  type: string,
): CellFate {
  const migrated = rows.map((row) => keyed(row[value] ?? null, type))
  const shown = migrated.join(' | ')
  if (cell === null) return migrated.length === 0 ? { fate: 'kept' } : { fate: 'altered', alteration: 'null-filled', migrated: shown }
  const elements = listOf(cell, type)
  if (elements === undefined) return { fate: 'altered', alteration: 'rewritten', migrated: shown }
  const kept =
    order === undefined || order < 0
      ? sameBag(elements, migrated)
      : sameList(
          elements,
          inOrder(rows, order).map((row) => keyed(row[value] ?? null, type)),
        )
  return kept
    ? { fate: 'kept' }
    : { fate: 'altered', alteration: migrated.length < elements.length ? 'truncated' : 'rewritten', migrated: shown }
}
