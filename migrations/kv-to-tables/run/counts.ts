import type { Counts, Decision } from './model.ts'
import type { KindResult } from './run-options.ts'

const moves = ['inserted', 'updated', 'unchanged'] as const

export function noCounts(): Counts {
  return { source: 0, inserted: 0, updated: 0, unchanged: 0, kept: 0, setAside: 0, reasons: {} }
}

export function count(counts: Counts, decisions: readonly Decision[]): void {
  for (const { action, reasons } of decisions) {
    counts.source += 1
    if (action === 'set-aside') counts.setAside += 1
    else counts[action] += 1
    if (action === 'set-aside')
      for (const code of new Set(reasons.map((reason) => reason.code))) counts.reasons[code] = (counts.reasons[code] ?? 0) + 1
  }
}

/**
 * What an earlier pass counted, as far as it still holds: the records that are moved. The others are taken up, and counted, again.
 *
 * @param moved  How many records of the store are in the table as they are now.
 */
export function carryOver({ inserted, updated, unchanged }: Counts, moved: number): Counts {
  const counts = { ...noCounts(), source: moved, inserted, updated, unchanged }
  let changedSince = inserted + updated + unchanged - moved
  for (const move of moves) {
    const fewer = Math.min(counts[move], Math.max(changedSince, 0))
    counts[move] -= fewer
    changedSince -= fewer
  }
  // Records that left the store and came back as they were.
  counts.unchanged += Math.max(-changedSince, 0)
  return counts
}

export function movedOf(counts: Counts): number {
  return counts.inserted + counts.updated + counts.unchanged
}

export function sumOf(results: readonly KindResult[]): Counts {
  const total = noCounts()
  for (const result of results) {
    for (const key of ['source', ...moves, 'kept', 'setAside'] as const) total[key] += result[key]
    for (const [code, number] of Object.entries(result.reasons)) total.reasons[code] = (total.reasons[code] ?? 0) + number
  }
  return total
}
