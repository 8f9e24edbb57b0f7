import type { RunObservation } from '../../harness/invariant/index.ts'
import type { Sabotage } from './saboteur-sabotage.ts'

/**
 * What the judge is known to let through though it could be seen, each with why and as narrow as it can be told: shrink this list, never
 * widen it.
 */
export const gaps: readonly {
  readonly name: string
  readonly covers: (sabotage: Sabotage, unspoilt: RunObservation, spoilt: RunObservation) => boolean
}[] = [
  {
    // Rows without a key are assigned one to one by content, and what is left over is nobody's.
    name: 'a row doubled where no key tells rows apart',
    covers: ({ kind, learned }) => kind === 'double a row' && learned.identity.length === 0,
  },
  {
    // The parts of a cell are sought one by one in it.
    name: 'the order of the parts of a split',
    covers: (sabotage, ...runs) =>
      sabotage.kind === 'swap two cells' && sabotage.learned.transforms.includes('part') && sameByOwner(sabotage, runs, wordsOf),
  },
  {
    // Only letters and digits of a split cell must be found again: '', ' ' and '{}' are as good as nothing.
    name: 'blanks and signs among the parts of a split',
    covers: (sabotage, ...runs) =>
      sabotage.learned.transforms.includes('part') &&
      (sabotage.learned.cells.some((cell) => !/[\p{L}\p{N}]/u.test(cell)) || sameByOwner(sabotage, runs, wordsOf)),
  },
  {
    // Attributes that became a row each are sought in all of these rows: which one it was is not learned.
    name: 'attributes turned into rows trade places, or one stands for its equal',
    covers: (sabotage, ...runs) => sabotage.learned.shared && sameByOwner(sabotage, runs, (cells) => [...new Set(cells)]),
  },
  {
    // A concatenation is searched for the cell, wherever in it.
    name: 'the cell stands elsewhere in a concatenation',
    covers: ({ relation, learned }, _, spoilt) =>
      learned.transforms.includes('concatenated') &&
      learned.cells.every((cell) => cellsOf(spoilt, relation, learned.columns).some(([, each]) => each.includes(cell))),
  },
  {
    // A recoded value that no banded row had stands for whatever legacy value is met first: so may another one, for the same legacy value.
    name: 'a recoding to a value that banded rows do not have',
    covers: ({ relation, learned }, _, spoilt) =>
      learned.recodes !== undefined &&
      cellsOf(spoilt, relation, learned.columns).some(([, each]) => each !== '' && learned.recodes?.has(each) !== true),
  },
  {
    // The table of a recoding is kept by the column it ends in, so that the second attribute is judged by the first one's.
    name: 'two attributes recoded into one column',
    covers: ({ learned }) => learned.recodes !== undefined && learned.shared,
  },
]

/** Owner (the identity's cells) and text of each cell of some columns. */
function cellsOf(
  run: RunObservation,
  relation: string,
  columns: readonly string[],
  identity: readonly string[] = [],
): readonly (readonly [string, string])[] {
  const table = run.migrated?.rows.get(relation)
  const at = (names: readonly string[]) => names.map((name) => table?.attributes.indexOf(name) ?? -1)
  const [owner, wanted] = [at(identity), at(columns)]
  return (table?.rows ?? []).flatMap((row) =>
    wanted.map((index) => [JSON.stringify(owner.map((each) => row[each])), row[index] ?? ''] as const),
  )
}

function sameByOwner(
  { relation, learned }: Sabotage,
  runs: readonly [RunObservation, RunObservation],
  read: (cells: readonly string[]) => readonly string[],
): boolean {
  const [before, after] = runs.map((run) => {
    const byOwner = new Map<string, string[]>()
    for (const [owner, cell] of cellsOf(run, relation, learned.columns, learned.identity))
      byOwner.set(owner, [...(byOwner.get(owner) ?? []), cell])
    return [...byOwner].map(([owner, cells]) => [owner, [...read(cells)].sort()] as const).filter(([, cells]) => cells.length > 0)
  })
  return JSON.stringify(before) === JSON.stringify(after)
}

function wordsOf(cells: readonly string[]): readonly string[] {
  return cells.flatMap((cell) => cell.match(/[\p{L}\p{N}]+/gu) ?? [])
}
