import type { Dataset } from '../data/index.ts'

/** The shrink tree of an arbitrary: candidates for a value, smaller ones first. */
export interface Shrinker {
  shrink(dataset: Dataset): Iterable<Dataset>
}

export interface ShrinkLimits {
  readonly deadline: number
  readonly attempts: number
  /** So many candidates are tried at a time. What is found does not depend on it. Default 1. */
  readonly lanes?: number
  /** Known not to show it. */
  readonly refused?: readonly Dataset[]
}

/**
 * Walk to the smallest data set that still shows something: the first candidate that does is walked on from, until none does.
 *
 * After each step the walk goes on with the candidates from the same position, and comes to the earlier ones at last: a value that is halved
 * many times costs one try each time, and the earlier candidates, which were refused a moment ago, are not tried again after each step. A
 * candidate that was refused before is not tried again at all.
 *
 * @param shows  Whether a data set still shows it; `turn` tells apart those that are tried at a time.
 * @returns The smallest found, and whether the walk came to its end (`false`: time or attempts ran out, so it may not be the smallest).
 */
export async function shrinkDataset(
  start: Dataset,
  shrinker: Shrinker,
  shows: (dataset: Dataset, turn: number) => Promise<boolean>,
  { attempts: most, deadline, lanes = 1, refused: known = [] }: ShrinkLimits,
): Promise<{ readonly dataset: Dataset; readonly complete: boolean; readonly attempts: number }> {
  let smallest = start
  let attempts = 0
  let from = 0
  const refused = new Set(known.map(keyOf))
  for (;;) {
    let better: Dataset | undefined
    const candidates = untried(
      startingAt(from, () => shrinker.shrink(smallest)),
      refused,
    )
    for (let batch = take(candidates, lanes); batch.length > 0 && better === undefined; batch = take(candidates, lanes)) {
      if (attempts >= most || performance.now() > deadline) return { dataset: smallest, complete: false, attempts }
      const showing = await Promise.all(batch.map(({ candidate }, turn) => shows(candidate, turn)))
      for (const [at, { candidate, position, key }] of batch.entries()) {
        // Counted as if they had been tried one after the other.
        if (attempts >= most) return { dataset: smallest, complete: false, attempts }
        attempts += 1
        if (showing[at] === true) {
          better = candidate
          from = position
          break
        }
        refused.add(key)
      }
      if (better !== undefined) break
    }
    if (better === undefined) return { dataset: smallest, complete: true, attempts }
    smallest = better
  }
}

interface Candidate {
  readonly candidate: Dataset
  readonly position: number
  readonly key: string
}

function* untried(candidates: Iterable<readonly [number, Dataset]>, refused: ReadonlySet<string>): Generator<Candidate> {
  for (const [position, candidate] of candidates) {
    const key = keyOf(candidate)
    if (!refused.has(key)) yield { candidate, position, key }
  }
}

/** By which data sets with the same rows are told. */
function keyOf({ tables }: Dataset): string {
  return JSON.stringify([...tables].filter(([, { rows }]) => rows.length > 0))
}

/** The next items, without ending the generator. */
function take<Item>(items: Iterator<Item>, count: number): Item[] {
  const taken: Item[] = []
  for (let next = items.next(); next.done !== true; next = items.next()) {
    taken.push(next.value)
    if (taken.length >= count) break
  }
  return taken
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
