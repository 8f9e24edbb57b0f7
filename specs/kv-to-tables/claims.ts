import { expect } from 'vitest'
import { kindNames } from '../../fixtures/kv/kinds.ts'
import type { RunResult } from '../../migrations/kv-to-tables/run/run-options.ts'
import type { ModelState } from './model.ts'
import type { RealState } from './state.ts'

/** The model in the form in which the database is read: what a `toEqual` compares cell by cell. */
export function shownModel(state: ModelState): RealState {
  const tables = kindNames.map((kind) => {
    const rows = [...(state.tables.get(kind) ?? [])].map(([id, { sourceKey, columns }]) => [id, { sourceKey, columns }] as const)
    return [kind, new Map(rows)] as const
  })
  return { tables: new Map(tables), aside: state.aside, checkpoints: 0 }
}

/** The counts of a run in the model's form. */
export function shownCounts(result: RunResult): Readonly<Record<string, Readonly<Record<string, number>>>> {
  const shown = result.kinds.map(({ kind, inserted, updated, unchanged, kept, setAside }) => {
    const all = { inserted, updated, unchanged, kept, 'set-aside': setAside }
    return [kind, Object.fromEntries(Object.entries(all).filter(([, number]) => number > 0))] as const
  })
  return Object.fromEntries(shown.filter(([, counts]) => Object.keys(counts).length > 0))
}

/** KV-1: every record is accounted for, in the statistics and in the tables. */
export function expectAllAccounted(result: RunResult, state: RealState, sourceKeys: Iterable<string>): void {
  for (const { source, inserted, updated, unchanged, kept, setAside } of [...result.kinds, result.total])
    expect(inserted + updated + unchanged + kept + setAside).toBe(source)
  const arrived = [...[...state.tables.values()].flatMap((rows) => [...rows.values()].map((row) => row.sourceKey)), ...state.aside.keys()]
  expect(arrived.sort()).toEqual([...sourceKeys].sort())
}
