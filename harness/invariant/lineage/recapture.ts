import type { RelationRows } from '../../snapshot/index.ts'
import type { RunObservation, State } from '../observation.ts'
import { type ColumnTable, columnsOf } from './columns.ts'
import { joinReferenced } from './join.ts'
import type { Column, Place, RelationLineage } from './model.ts'
import { isNumeric, numberKey } from './value.ts'

/** The migrated rows of each legacy row, place by place. */
export interface Recaptured {
  readonly legacy: ColumnTable
  /** Whether a legacy attribute is part of a foreign key. */
  readonly isReference: (attribute: string) => boolean
  readonly places: readonly { readonly place: Place; readonly table: ColumnTable; readonly byRow: readonly (readonly number[])[] }[]
}

/** Tables of one state, widened by documents and references; made once for each state. */
export function tablesOf(state: State): ReadonlyMap<string, ColumnTable> {
  const plain = new Map<string, ColumnTable>()
  for (const path of state.rows.keys()) {
    const table = columnsOf(state.catalog, state.rows, path)
    if (table !== undefined) plain.set(path, table)
  }
  return new Map([...plain].map(([path, table]) => [path, joinReferenced(table, state.catalog, plain)]))
}

/** Find the migrated rows of each legacy row by the identity of the place, or by their content where it has none. */
export function recapture(
  run: RunObservation,
  lineage: RelationLineage,
  migrated: ReadonlyMap<string, ColumnTable>,
): Recaptured | undefined {
  const legacy = columnsOf(run.legacy.catalog, run.legacy.rows, lineage.relation)
  if (legacy === undefined) return undefined
  const places = lineage.places.flatMap((place) => {
    const table = migrated.get(place.relation)
    if (table === undefined) return []
    const byRow = place.identity.length > 0 ? matchIdentity(legacy, table, place) : assignByContent(legacy, table, lineage, place)
    return [{ place, table, byRow }]
  })
  const keys = run.legacy.catalog.relations.get(lineage.relation)?.constraints.filter((each) => each.kind === 'foreign-key') ?? []
  return { legacy, places, isReference: (attribute) => keys.some((each) => each.attributes.includes(attribute)) }
}

/** Index of a learned column in a table of another run; −1 where a document has no such leaf there. */
export function columnIndex(table: ColumnTable, column: Column): number {
  return table.columns.findIndex(
    (each) => each.attribute === column.attribute && each.via?.constraint === column.via?.constraint && sameKeys(each.json, column.json),
  )
}

/** Match rows of two tables that hold the same attributes: by the given key, or by whole rows first and then by most equal cells. */
export function matchRows(before: RelationRows, after: RelationRows, key: readonly string[] | undefined): readonly (number | undefined)[] {
  const positions = before.attributes.map((name) => after.attributes.indexOf(name))
  if (key?.every((name) => after.attributes.includes(name))) {
    const texts = (rows: RelationRows) => rows.rows.map((row) => JSON.stringify(key.map((name) => row[rows.attributes.indexOf(name)])))
    const found = new Map(texts(after).map((text, at) => [text, at]))
    return texts(before).map((text) => found.get(text))
  }
  const left = before.rows
  const right = after.rows.map((row) => positions.map((at) => (at < 0 ? undefined : row[at])))
  return assign(
    left.length,
    right.length,
    (from, to) => left[from]?.filter((cell, at) => cell === right[to]?.[at]).length ?? 0,
    before.attributes.length,
  )
}

function matchIdentity(legacy: ColumnTable, table: ColumnTable, place: Place): readonly (readonly number[])[] {
  const before = place.identity.map(({ legacy: name }) =>
    legacy.columns.findIndex((column) => column.attribute === name && column.json.length === 0),
  )
  const after = place.identity.map(({ migrated }) => columnIndex(table, migrated))
  const numeric = place.identity.map(
    ({ migrated }, at) => isNumeric(migrated.type) && isNumeric(legacy.columns[before[at] ?? -1]?.type ?? ''),
  )
  const padded = place.identity.map(
    ({ migrated }, at) => migrated.type.startsWith('character(') || (legacy.columns[before[at] ?? -1]?.type ?? '').startsWith('character('),
  )
  const keyOf = (row: readonly (string | null)[], at: readonly number[]) =>
    JSON.stringify(
      at.map((each, index) => {
        const cell = row[each] ?? null
        if (cell === null) return null
        if (numeric[index]) return numberKey(cell) ?? cell
        return padded[index] ? cell.replace(/ +$/, '') : cell
      }),
    )
  const byKey = new Map<string, number[]>()
  const where = place.where === undefined ? undefined : { at: columnIndex(table, place.where.column), value: place.where.value }
  table.rows.forEach((row, at) => {
    if (where !== undefined && (row[where.at] ?? null) !== where.value) return
    const key = keyOf(row, after)
    const list = byKey.get(key)
    if (list === undefined) byKey.set(key, [at])
    else list.push(at)
  })
  return legacy.rows.map((row) => byKey.get(keyOf(row, before)) ?? [])
}

function assignByContent(legacy: ColumnTable, table: ColumnTable, lineage: RelationLineage, place: Place): readonly (readonly number[])[] {
  const shared = [...lineage.attributes.values()].flatMap(({ attribute, destinations }) => {
    const found = destinations.find(
      (each) => each.relation === place.relation && (each.transform.kind === 'identical' || each.transform.kind === 'same-value'),
    )
    const column = found?.columns[0]
    const before = legacy.columns.findIndex((each) => each.attribute === attribute && each.json.length === 0)
    return column === undefined || before < 0 ? [] : [{ before, after: columnIndex(table, column) }]
  })
  const score = (from: number, to: number) =>
    shared.filter(({ before, after }) => {
      const [left, right] = [legacy.rows[from]?.[before] ?? null, table.rows[to]?.[after] ?? null]
      return left === right || (left !== null && right !== null && numberKey(left) !== undefined && numberKey(left) === numberKey(right))
    }).length
  return assign(legacy.rows.length, table.rows.length, score, shared.length).map((at) => (at === undefined ? [] : [at]))
}

/** Assign each left row at most one right row: best scores first; a pair must share half of what could be shared. */
function assign(left: number, right: number, score: (from: number, to: number) => number, best: number): readonly (number | undefined)[] {
  const found: (number | undefined)[] = new Array(left).fill(undefined)
  if (best === 0) return found
  const taken = new Set<number>()
  const candidates = Array.from({ length: left }, (_, from) =>
    Array.from({ length: right }, (__, to) => ({ from, to, score: score(from, to) })),
  ).flat()
  candidates.sort((a, b) => b.score - a.score || a.from - b.from || a.to - b.to)
  for (const { from, to, score: value } of candidates) {
    if (value * 2 < best || found[from] !== undefined || taken.has(to)) continue
    found[from] = to
    taken.add(to)
  }
  return found
}

function sameKeys(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((key, at) => key === right[at])
}
