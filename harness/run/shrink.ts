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
 * After each step the walk goes on with the candidates from the same position, and comes to the earlier ones at last: a value that is halved
 * many times costs one try each time, and the earlier candidates, which were refused a moment ago, are not tried again after each step.
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
  let from = 0
  for (;;) {
    let better: Dataset | undefined
    for (const [position, candidate] of startingAt(from, () => shrinker.shrink(smallest))) {
      if (attempts >= limits.attempts || performance.now() > limits.deadline) return { dataset: smallest, complete: false, attempts }
      attempts += 1
      if (await shows(candidate)) {
        better = candidate
        from = position
        break
      }
    }
    if (better === undefined) return { dataset: smallest, complete: true, attempts }
    smallest = better
  }
}

/** Items with their positions: first those from a position on, then those before it. */
function* startingAt<Item>(from: number, items: () => Iterable<Item>): Generator<readonly [number, Item]> {
  let position = 0
  for (const item of items()) {
    if (position >= from) yield [position, item]
    position += 1
  }
  position = 0
  for (const item of items()) {
    if (position >= from) return
    yield [position, item]
    position += 1
  }
}
