import { keyAttributes } from '../../lineage/index.ts'
import type { State } from '../../run/index.ts'
import type { RelationRows } from '../../snapshot/index.ts'
import { volatileAttributes } from './judge.ts'

/** One run's states on both sides of `up`. */
export interface Migrated {
  readonly legacy: State
  readonly migrated: State | undefined
}

/**
 * The migrated states of runs on the same rows, without what differed before `up` already: a trigger or a default of the legacy schema drew
 * it anew when the rows were put in, which is no work of the migration. A relation that holds other rows in one run than in another is left
 * out whole.
 */
export function withoutDrawnAnew(runs: readonly Migrated[]): readonly (State | undefined)[] {
  const [first] = runs
  const others = runs.slice(1).flatMap(({ legacy }) => (first === undefined ? [] : [{ first: first.legacy, legacy }]))
  const drawn = new Set(others.flatMap((each) => [...volatileAttributes(each.first, each.legacy, true).keys()]))
  const uneven = unevenRelations(runs)
  return runs.map(({ migrated }) =>
    migrated === undefined || (drawn.size === 0 && uneven.size === 0) ? migrated : masked(migrated, drawn, uneven),
  )
}

/** The legacy relations that hold more rows in one run than in another, or others by their key: a trigger let in those that came first. */
export function unevenRelations(runs: readonly Migrated[]): ReadonlySet<string> {
  const [first, ...others] = runs
  return new Set(
    [...(first?.legacy.rows ?? [])].flatMap(([path, rows]) => {
      const theirs = others.map(({ legacy }) => legacy.rows.get(path))
      if (theirs.some((other) => other?.rows.length !== rows.rows.length)) return [path]
      const relation = first?.legacy.catalog.relations.get(path)
      // Without a trigger all rows are there that were put in.
      if (relation === undefined || relation.triggers.length === 0) return []
      const key = keyAttributes(relation)
      const keys = keysIn(rows, key)
      return theirs.every((other) => isSame(keys, keysIn(other, key))) ? [] : [path]
    }),
  )
}

/** The keys of rows, in an order of their own; where there is no key, nothing but how many rows there are. */
function keysIn(rows: RelationRows | undefined, key: readonly string[] | undefined): readonly string[] {
  const places = (key ?? []).map((name) => rows?.attributes.indexOf(name) ?? -1)
  return (rows?.rows ?? []).map((row) => JSON.stringify(places.map((at) => row[at] ?? null))).sort()
}

const isSame = (left: readonly string[], right: readonly string[]) =>
  left.length === right.length && left.every((each, at) => each === right[at])

function masked(state: State, paths: ReadonlySet<string>, uneven: ReadonlySet<string>): State {
  const rows = new Map(
    [...state.rows].map(([path, table]) => {
      if (uneven.has(path)) return [path, { ...table, rows: [] }] as const
      const hidden = table.attributes.map((name) => paths.has(`${path}.${name}`))
      if (!hidden.includes(true)) return [path, table] as const
      return [path, { ...table, rows: table.rows.map((row) => row.map((cell, at) => (hidden[at] === true ? null : cell))) }] as const
    }),
  )
  return { ...state, rows }
}
