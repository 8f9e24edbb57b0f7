/** How much the rows of two tables are alike. */
export interface Likeness {
  /** Rows on either side. */
  readonly left: number
  readonly right: number
  readonly score: (from: number, to: number) => number
  /** What decides between equal scores. */
  readonly tie?: ((from: number, to: number) => number) | undefined
  /** The score of two rows that share all that could be shared. */
  readonly best: number
}

/**
 * Assign each left row at most one right row, best scores first.
 *
 * @param least  The part of the best score that a pair must have, 0 to 1.
 * @param without  Right rows that are not to be assigned.
 */
export function assign(
  { left, right, score, tie, best }: Likeness,
  least = 0.5,
  without: ReadonlySet<number> = new Set(),
): readonly (number | undefined)[] {
  const found: (number | undefined)[] = new Array(left).fill(undefined)
  if (best === 0) return found
  const taken = new Set<number>(without)
  const candidates = Array.from({ length: left }, (_, from) =>
    Array.from({ length: right }, (__, to) => ({ from, to, score: score(from, to), tie: tie?.(from, to) ?? 0 })),
  ).flat()
  candidates.sort((a, b) => b.score - a.score || b.tie - a.tie || a.from - b.from || a.to - b.to)
  for (const { from, to, score: value } of candidates) {
    if (value < best * least || found[from] !== undefined || taken.has(to)) continue
    found[from] = to
    taken.add(to)
  }
  return found
}
