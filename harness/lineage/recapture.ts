import type { RunObservation, State } from '../run/index.ts'
import type { RelationRows } from '../snapshot/index.ts'
import { assign } from './assign.ts'
import { type ColumnTable, columnsOf } from './columns.ts'
import { joinReferenced } from './join.ts'
import { type Column, isReversible, type Place, type RelationLineage } from './model.ts'
import { explains } from './transform.ts'
import { isNumeric, numberKey } from './value.ts'

export interface RecapturedPlace {
  readonly place: Place
  readonly table: ColumnTable
  readonly byRow: readonly (readonly number[])[]
  /** Lost rows that went into the row of another one together with it: neither of the two stands there whole. */
  readonly absorbed?: ReadonlyMap<number, number> | undefined
}

/** The migrated rows of each legacy row, place by place. */
export interface Recaptured {
  readonly legacy: ColumnTable
  /** Whether a legacy attribute is part of a foreign key. */
  readonly isReference: (attribute: string) => boolean
  readonly places: readonly RecapturedPlace[]
}

/** Tables of one state, widened by documents and references; made once for each state. */
export function tablesOf(state: State): ReadonlyMap<string, ColumnTable> {
  const plain = new Map<string, ColumnTable>()
  for (const path of state.rows.keys()) {
    const table = columnsOf(state.catalog, state.rows, path)
    if (table !== undefined) plain.set(path, table)
  }
  return new Map([...plain].map(([path, table]) => [path, joinReferenced(table, state.catalog, (other) => plain.get(other))]))
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
    if (place.identity.length === 0) return [{ place, table, byRow: assignByContent(legacy, table, lineage, place) }]
    const found = matchIdentity(legacy, table, place)
    const lost = place.relation === lineage.home && found.some((matches) => matches.length === 0)
    const byKey = lost ? withAlteredKeys(found, legacy, table, lineage, place) : found
    if (place.shared === true && !place.merges) return [{ place, table, ...oneOfEach(byKey, legacy, table, lineage, place) }]
    return [{ place, table, byRow: byKey }]
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

/**
 * Match rows of two tables that hold the same attributes: by the given key, and what is left over (a key that was altered, no key at all)
 * by most equal cells.
 */
export function matchRows(before: RelationRows, after: RelationRows, key: readonly string[] | undefined): readonly (number | undefined)[] {
  const positions = before.attributes.map((name) => after.attributes.indexOf(name))
  const usable = key?.every((name) => after.attributes.includes(name)) ? key : undefined
  const texts = (rows: RelationRows) => rows.rows.map((row) => JSON.stringify(usable?.map((name) => row[rows.attributes.indexOf(name)])))
  const byKey = usable === undefined ? new Map<string, number>() : new Map(texts(after).map((text, at) => [text, at]))
  const found: (number | undefined)[] =
    usable === undefined ? before.rows.map(() => undefined) : texts(before).map((text) => byKey.get(text))
  const taken = new Set(found)
  const left = before.rows.map((_, at) => at).filter((at) => found[at] === undefined)
  const right = after.rows.map((_, at) => at).filter((at) => !taken.has(at))
  // Of two that are equally alike, the one that shares values and not only NULLs.
  const equal = (from: number, to: number) => {
    const same = before.rows[left[from] ?? -1]?.filter((cell, at) => cell === after.rows[right[to] ?? -1]?.[positions[at] ?? -1]) ?? []
    return same.length + same.filter((cell) => cell !== null).length / (4 * before.attributes.length)
  }
  const likeness = { left: left.length, right: right.length, score: equal, best: before.attributes.length }
  for (const [from, to] of assign(likeness).entries()) {
    const [row, match] = [left[from], to === undefined ? undefined : right[to]]
    if (row !== undefined) found[row] = match
  }
  return found
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
  const others = rowsOfOthers(table, place)
  table.rows.forEach((row, at) => {
    if (others.has(at)) return
    const key = keyOf(row, after)
    const list = byKey.get(key)
    if (list === undefined) byKey.set(key, [at])
    else list.push(at)
  })
  return legacy.rows.map((row) => byKey.get(keyOf(row, before)) ?? [])
}

/** Rows of a place that are marked as another relation's. */
function rowsOfOthers(table: ColumnTable, { where }: Place): ReadonlySet<number> {
  if (where === undefined) return new Set()
  const mark = columnIndex(table, where.column)
  return new Set(table.rows.flatMap((row, at) => ((row[mark] ?? null) === where.value ? [] : [at])))
}

/** A key may be altered itself: at home, rows that no key finds are looked for by content among those that no key found. */
function withAlteredKeys(
  byKey: readonly (readonly number[])[],
  legacy: ColumnTable,
  table: ColumnTable,
  lineage: RelationLineage,
  place: Place,
): readonly (readonly number[])[] {
  const taken = new Set(byKey.flat())
  const left = byKey.flatMap((matches, at) => (matches.length === 0 ? [at] : []))
  const right = table.rows.map((_, at) => at).filter((at) => !taken.has(at))
  const found = assignByContent(
    { ...legacy, rows: left.flatMap((at) => legacy.rows.slice(at, at + 1)) },
    { ...table, rows: right.flatMap((at) => table.rows.slice(at, at + 1)) },
    lineage,
    place,
  )
  return byKey.map((matches, at) => {
    const position = left.indexOf(at)
    return position < 0 ? matches : (found[position] ?? []).flatMap((match) => right.slice(match, match + 1))
  })
}

/** Of several legacy rows with the key of one migrated row, that which it resembles most stands there; the others do not. */
function oneOfEach(
  byKey: readonly (readonly number[])[],
  legacy: ColumnTable,
  table: ColumnTable,
  lineage: RelationLineage,
  place: Place,
): Pick<RecapturedPlace, 'byRow' | 'absorbed'> {
  const { shared, score } = resemblance(legacy, table, lineage, place)
  const best = new Map<number, number>()
  byKey.forEach((matches, from) => {
    for (const to of matches) {
      const before = best.get(to)
      if (before === undefined || score(from, to) > score(before, to)) best.set(to, from)
    }
  })
  const absorbed = new Map<number, number>()
  const byRow = byKey.map((matches, from) => {
    const own = matches.filter((to) => best.get(to) === from)
    const [other] = matches
    if (own.length === 0 && other !== undefined && score(best.get(other) ?? from, other) < shared.length) absorbed.set(from, other)
    return own
  })
  return { byRow, absorbed }
}

/** How many of the attributes that were carried over two rows have in common. */
function resemblance(legacy: ColumnTable, table: ColumnTable, lineage: RelationLineage, place: Place) {
  const shared = [...lineage.attributes.values()].flatMap(({ attribute, destinations }) => {
    const found = destinations.find(
      (each) => each.relation === place.relation && each.assumed !== true && isReversible(each.transform) && each.columns.length === 1,
    )
    const column = found?.columns[0]
    const before = legacy.columns.findIndex((each) => each.attribute === attribute && each.json.length === 0)
    if (found === undefined || column === undefined || before < 0) return []
    return [
      {
        before,
        after: columnIndex(table, column),
        transform: found.transform,
        types: { legacy: legacy.columns[before]?.type ?? 'text', migrated: column.type },
      },
    ]
  })
  const score = (from: number, to: number) =>
    shared.filter(({ before, after, transform, types }) => {
      const [left, right] = [legacy.rows[from]?.[before] ?? null, table.rows[to]?.[after] ?? null]
      if (left === right) return transform.kind !== 'offset'
      if (left === null || right === null) return false
      return transform.kind === 'recoded' ? transform.inverse.get(right) === left : explains(transform, left, right, types)
    }).length
  return { shared, score }
}

function assignByContent(legacy: ColumnTable, table: ColumnTable, lineage: RelationLineage, place: Place): readonly (readonly number[])[] {
  const { shared, score } = resemblance(legacy, table, lineage, place)
  const tie = rekeyedAlike(legacy, table, lineage, place)
  const likeness = { left: legacy.rows.length, right: table.rows.length, score, tie, best: shared.length }
  const telling = shared.length * 2 >= legacy.width
  // A row too many that equals a legacy row in all that was carried over is that row a second time.
  const twinOf = (to: number) =>
    legacy.rows.findIndex((row, from) => score(from, to) === shared.length && shared.some(({ before }) => (row[before] ?? null) !== null))
  // Where only some rows were moved to, it is so before it is a worse likeness of one that stayed.
  const others = rowsOfOthers(table, place)
  const exact = place.exclusive === true && telling ? new Set(assign(likeness, 1, others)) : undefined
  const twins = exact === undefined ? [] : [...table.rows.keys()].filter((to) => !exact.has(to) && twinOf(to) >= 0)
  const found = assign(likeness, 0.5, new Set([...others, ...twins]))
  const taken = new Set(found)
  const extra = new Map<number, number[]>()
  for (const to of telling ? table.rows.keys() : []) {
    const twin = taken.has(to) || others.has(to) ? -1 : twinOf(to)
    if (twin >= 0) extra.set(twin, [...(extra.get(twin) ?? []), to])
  }
  return found.map((at, from) => (at === undefined ? [] : [at, ...(extra.get(from) ?? [])]))
}

/**
 * Of rows that are alike in all that was carried over, keys that were issued anew tell which belongs to which: a new key stands where the old
 * one stood, beside the same cells as often.
 *
 * @returns In how many of these keys two rows agree; undefined where the place has none.
 */
function rekeyedAlike(
  legacy: ColumnTable,
  table: ColumnTable,
  lineage: RelationLineage,
  place: Place,
): ((from: number, to: number) => number) | undefined {
  const columns = (kind: 're-keyed' | 'identical') =>
    [...lineage.attributes.values()].flatMap(({ attribute, destinations }) => {
      const found = destinations.find((each) => each.relation === place.relation && each.assumed !== true && each.transform.kind === kind)
      const before = legacy.columns.findIndex((each) => each.attribute === attribute && each.json.length === 0)
      const after = found?.columns[0] === undefined ? -1 : columnIndex(table, found.columns[0])
      return before < 0 || after < 0 ? [] : [{ before, after }]
    })
  const [rekeyed, kept] = [columns('re-keyed'), columns('identical')]
  if (rekeyed.length === 0) return undefined
  const agreeing = rekeyed.map(({ before, after }) => {
    const [old, now] = [
      valuesBeside(
        legacy.rows,
        before,
        kept.map((each) => each.before),
      ),
      valuesBeside(
        table.rows,
        after,
        kept.map((each) => each.after),
      ),
    ]
    const next = new Map([...old].flatMap(([cells, values]) => values.map((value, at) => [value, now.get(cells)?.[at]] as const)))
    return (from: number, to: number) => {
      const value = legacy.rows[from]?.[before] ?? null
      return value !== null && next.get(value) === (table.rows[to]?.[after] ?? null)
    }
  })
  return (from, to) => agreeing.filter((agrees) => agrees(from, to)).length
}

/** The values of a column, by the cells that stand beside them in all of their rows. */
function valuesBeside(
  rows: readonly (readonly (string | null)[])[],
  column: number,
  beside: readonly number[],
): ReadonlyMap<string, readonly string[]> {
  const cells = new Map<string, string[]>()
  for (const row of rows) {
    const value = row[column] ?? null
    if (value !== null) cells.set(value, [...(cells.get(value) ?? []), JSON.stringify(beside.map((at) => row[at] ?? null))])
  }
  const found = new Map<string, string[]>()
  for (const [value, texts] of cells) {
    const key = JSON.stringify(texts.sort())
    found.set(key, [...(found.get(key) ?? []), value])
  }
  return found
}

function sameKeys(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((key, at) => key === right[at])
}
