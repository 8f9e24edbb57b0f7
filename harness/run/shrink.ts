import type { Dataset } from '../data/index.ts'

/** The shrink tree of an arbitrary: candidates for a value, smaller ones first. */
export interface Shrinker {
  shrink(dataset: Dataset): Iterable<Dataset>
}

export interface ShrinkLimits {
  readonly deadline: number
  readonly attempts: number
}

/**
 * Walk to the smallest data set that still shows something: the first candidate that does is walked on from, until none does.
 *
 * @param shows  Whether a data set still shows it.
 * @returns The smallest found, and whether the walk came to its end (`false`: time or attempts ran out, so it may not be the smallest).
 */
export async function shrinkDataset(
  start: Dataset,
  shrinker: Shrinker,
  shows: (dataset: Dataset) => Promise<boolean>,
  limits: ShrinkLimits,
): Promise<{ readonly dataset: Dataset; readonly complete: boolean; readonly attempts: number }> {
  let smallest = start
  let attempts = 0
  for (;;) {
    let better: Dataset | undefined
    for (const candidate of shrinker.shrink(smallest)) {
      if (attempts >= limits.attempts || performance.now() > limits.deadline) return { dataset: smallest, complete: false, attempts }
      attempts += 1
      if (await shows(candidate)) {
        better = candidate
        break
      }
    }
    if (better === undefined) return { dataset: smallest, complete: true, attempts }
    smallest = better
  }
}
