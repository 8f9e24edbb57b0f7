import { nameOf } from './destinations.ts'
import { judgeParts } from './judge-cell.ts'
import { elementKey, listOf, quoteElement } from './lists.ts'
import type { Column, Destination } from './model.ts'
import type { PairedRun } from './paired-run.ts'
import { type Composed, learnTemplates } from './template.ts'
import { isNumeric } from './value.ts'

/** Legacy attribute → its destinations, as far as they are known. */
type Found = ReadonlyMap<string, readonly Destination[]>

/**
 * Learn how attributes of one row go together: which rows of several hold which attribute, in what order the parts of a cell stand and
 * between which texts, in what order the elements of a list.
 *
 * @param types  Legacy attribute → type.
 */
export function composeDestinations(
  found: Found,
  places: readonly (readonly [string, readonly PairedRun[]])[],
  types: ReadonlyMap<string, string>,
): Found {
  let destinations = found
  for (const [place, runs] of places) {
    const several = runs.some(({ pairs }) => new Set(pairs.map((pair) => pair.legacyRow)).size < pairs.length)
    const merged = runs.some(({ pairs }) => new Set(pairs.map((pair) => pair.migratedRow)).size < pairs.length)
    destinations = new Map(
      [...destinations].map(([attribute, list]) => {
        if (several) return [attribute, withRows(attribute, types.get(attribute) ?? 'text', list, place, runs)]
        return [attribute, withSplit(attribute, list, place, runs)]
      }),
    )
    if (!several && !merged) destinations = withTemplates(destinations, place, runs)
  }
  return destinations
}

/** Where a legacy row became several, which of them hold an attribute, or its elements. */
function withRows(
  attribute: string,
  type: string,
  list: readonly Destination[],
  place: string,
  runs: readonly PairedRun[],
): readonly Destination[] {
  return list.map((each) => {
    const [column] = each.columns
    if (each.relation !== place || column === undefined || each.columns.length > 1) return each
    if (each.transform.kind === 'part') {
      const order = elementOrder(attribute, type, column, runs)
      return order === undefined ? each : { ...each, transform: { kind: 'elements', order: order ?? undefined } }
    }
    const where = column.via === undefined ? tagOf(attribute, column, runs) : undefined
    return where === undefined ? each : { ...each, where }
  })
}

/** A column whose one value tells the rows that hold the attribute from those that hold others. */
function tagOf(attribute: string, column: Column, runs: readonly PairedRun[]): Destination['where'] {
  const candidates = runs[0]?.migrated.columns.filter(
    (each) => each.via === undefined && each.json.length === 0 && each.attribute !== column.attribute,
  )
  return candidates
    ?.map((tag) => ({ column: tag, values: tagValues(attribute, column, tag, runs) }))
    .flatMap(({ column: tag, values }) => {
      const [value] = values.holding
      if (values.holding.size !== 1 || value === null || value === undefined || values.others.size === 0 || values.others.has(value))
        return []
      return [{ column: tag, value }]
    })[0]
}

function tagValues(attribute: string, column: Column, tag: Column, runs: readonly PairedRun[]) {
  const [holding, others] = [new Set<string | null>(), new Set<string | null>()]
  for (const { legacy, migrated, pairs } of runs) {
    const from = legacyIndex(legacy, attribute)
    const [to, at] = [migratedIndex(migrated, column), migratedIndex(migrated, tag)]
    for (const { migratedRow, hits } of pairs)
      (hits.get(from)?.has(to) === true ? holding : others).add(migrated.rows[migratedRow]?.[at] ?? null)
  }
  return { holding, others }
}

/** The column that gives the order of the elements, null where none does; undefined where the rows are not the list's elements. */
function elementOrder(attribute: string, type: string, column: Column, runs: readonly PairedRun[]): Column | null | undefined {
  const lists: { readonly elements: readonly (string | null)[]; readonly rows: readonly (readonly (string | null)[])[] }[] = []
  for (const { legacy, migrated, pairs } of runs) {
    const [from, to] = [legacyIndex(legacy, attribute), migratedIndex(migrated, column)]
    const rows = new Map<number, (readonly (string | null)[])[]>()
    for (const { legacyRow, migratedRow } of pairs)
      rows.set(legacyRow, [...(rows.get(legacyRow) ?? []), ...migrated.rows.slice(migratedRow, migratedRow + 1)])
    for (const [row, those] of rows) {
      const cell = legacy.rows[row]?.[from]
      const elements = cell === null || cell === undefined ? undefined : listOf(cell, type)
      if (elements === undefined) return undefined
      const held = those.map((each) => keyed(each[to] ?? null, type))
      if (!sameBag(elements, held)) return undefined
      lists.push({ elements, rows: those })
    }
  }
  if (lists.filter(({ elements }) => elements.length > 1).length < 3) return undefined
  const migrated = runs[0]?.migrated
  const to = migrated === undefined ? -1 : migratedIndex(migrated, column)
  const orders = migrated?.columns.filter(
    (each, at) =>
      each.via === undefined &&
      each.json.length === 0 &&
      isNumeric(each.type) &&
      lists.every(({ elements, rows }) =>
        sameList(
          elements,
          inOrder(rows, at).map((row) => keyed(row[to] ?? null, type)),
        ),
      ) &&
      lists.some(({ rows }) => new Set(rows.map((row) => row[at])).size === rows.length),
  )
  return orders?.[0] ?? null
}

export function keyed(cell: string | null, listType: string): string | null {
  return cell === null ? null : elementKey(cell, listType)
}

export function inOrder(rows: readonly (readonly (string | null)[])[], at: number): readonly (readonly (string | null)[])[] {
  return [...rows].sort((left, right) => Number(left[at]) - Number(right[at]))
}

export function sameList(left: readonly (string | null)[], right: readonly (string | null)[]): boolean {
  return left.length === right.length && left.every((cell, at) => cell === right[at])
}

export function sameBag(left: readonly (string | null)[], right: readonly (string | null)[]): boolean {
  const sorted = (cells: readonly (string | null)[]) => cells.map((cell) => JSON.stringify(cell)).sort()
  return sameList(sorted(left), sorted(right))
}

/** The parts of one cell in several columns of one row are one destination, in their order; a part that leaves the rest nowhere is none. */
function withSplit(attribute: string, list: readonly Destination[], place: string, runs: readonly PairedRun[]): readonly Destination[] {
  const parts = list.filter(
    (each) => each.relation === place && !each.own && (each.transform.kind === 'part' || each.transform.kind === 'truncated'),
  )
  const own = list.find((each) => each.own && each.relation === place)?.columns[0]?.attribute
  const columns = [...new Map(parts.flatMap((each) => each.columns).map((column) => [nameOf(column), column])).values()].filter(
    (column) => column.attribute !== own && column.via === undefined,
  )
  const [first] = parts
  if (first === undefined || !parts.some((each) => each.transform.kind === 'part')) return list
  const rest = list.filter((each) => !parts.includes(each))
  const rows = runs.flatMap(({ legacy, migrated, pairs }): readonly Composed[] => {
    const from = legacyIndex(legacy, attribute)
    const to = columns.map((column) => migratedIndex(migrated, column))
    return pairs.flatMap(({ legacyRow, migratedRow }) => {
      const whole = legacy.rows[legacyRow]?.[from]
      return whole === null || whole === undefined
        ? []
        : [{ whole, parts: to.map((at) => (at < 0 ? null : (migrated.rows[migratedRow]?.[at] ?? null))) }]
    })
  })
  for (const loose of [false, true]) {
    const templates = learnTemplates(loose ? rows.map(({ whole, parts }) => ({ whole: squash(whole), parts: parts.map(squashed) })) : rows)
    if (columns.length > 1 && templates.has('1'.repeat(columns.length)))
      return [...rest, { ...first, columns, transform: { kind: 'part' }, split: { templates, loose } }]
  }
  // No order is known, but the words are all there; else it was an extract, and the rest went elsewhere.
  const whole = rows.filter((row) => judgeParts(row.whole, row.parts).fate === 'kept').length
  if (whole > 0 && whole >= rows.length * 0.9) return [...rest, { ...first, columns, transform: { kind: 'part' } }]
  return list.map((each) => (parts.includes(each) && each.transform.kind === 'part' ? { ...each, transform: { kind: 'unknown' } } : each))
}

export const squash = (text: string) => text.replaceAll(/\s+/gu, '')

const squashed = (part: string | null) => (part === null ? null : squash(part))

/** Attributes that one cell was put together from. */
function withTemplates(found: Found, place: string, runs: readonly PairedRun[]): Found {
  const groups = new Map<string, { readonly column: Column; readonly members: string[] }>()
  for (const [attribute, list] of found) {
    for (const each of list) {
      const [column] = each.columns
      const joined = each.transform.kind === 'concatenated' || each.transform.kind === 'wrapped'
      if (!joined || each.relation !== place || column === undefined || column.via !== undefined) continue
      const group = groups.get(nameOf(column)) ?? { column, members: [] }
      groups.set(nameOf(column), { ...group, members: [...group.members, attribute] })
    }
  }
  const composed = new Map<string, Destination['composed']>()
  for (const [name, { column, members }] of groups) {
    const rows = runs.flatMap(({ legacy, migrated, pairs }): readonly Composed[] => {
      const from = members.map((attribute) => legacyIndex(legacy, attribute))
      const to = migratedIndex(migrated, column)
      return pairs.flatMap(({ legacyRow, migratedRow }) => {
        const whole = migrated.rows[migratedRow]?.[to]
        const parts = from.map((at) => encoded(legacy.rows[legacyRow]?.[at] ?? null, column.type))
        return whole === null || whole === undefined ? [] : [{ whole, parts }]
      })
    })
    const templates = learnTemplates(rows)
    if (templates.size > 0) composed.set(name, { members, templates })
  }
  if (composed.size === 0) return found
  return new Map(
    [...found].map(([attribute, list]) => [
      attribute,
      list.map((each) => {
        const known = each.columns[0] === undefined || each.relation !== place ? undefined : composed.get(nameOf(each.columns[0]))
        return known?.members.includes(attribute) === true ? { ...each, composed: known } : each
      }),
    ]),
  )
}

/** A cell as it stands inside a document or an array literal. */
export function encoded(cell: string | null, type: string): string | null {
  if (cell === null) return null
  if (type === 'json' || type === 'jsonb') return JSON.stringify(cell).slice(1, -1)
  return type.endsWith('[]') ? quoteElement(cell) : cell
}

function legacyIndex(table: PairedRun['legacy'], attribute: string): number {
  return table.columns.findIndex((each) => each.attribute === attribute && each.json.length === 0)
}

function migratedIndex(table: PairedRun['migrated'], column: Column): number {
  return table.columns.findIndex((each) => nameOf(each) === nameOf(column))
}
