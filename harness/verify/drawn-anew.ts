import { type State, volatileAttributes } from '../invariant/index.ts'

/** One run's states on both sides of `up`. */
export interface Migrated {
  readonly legacy: State
  readonly migrated: State | undefined
}

/**
 * The migrated states of runs on the same rows, without the attributes that differed before `up` already: a trigger or a default of the
 * legacy schema drew those anew when the rows were put in, which is no work of the migration.
 */
export function withoutDrawnAnew(runs: readonly Migrated[]): readonly (State | undefined)[] {
  const [first] = runs
  const drawn = new Set(
    runs.slice(1).flatMap(({ legacy }) => (first === undefined ? [] : [...volatileAttributes(first.legacy, legacy).keys()])),
  )
  return runs.map(({ migrated }) => (migrated === undefined || drawn.size === 0 ? migrated : masked(migrated, drawn)))
}

function masked(state: State, paths: ReadonlySet<string>): State {
  const rows = new Map(
    [...state.rows].map(([path, table]) => {
      const hidden = table.attributes.map((name) => paths.has(`${path}.${name}`))
      if (!hidden.includes(true)) return [path, table] as const
      return [path, { ...table, rows: table.rows.map((row) => row.map((cell, at) => (hidden[at] === true ? null : cell))) }] as const
    }),
  )
  return { ...state, rows }
}
