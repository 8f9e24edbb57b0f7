import { type Arbitrary, infiniteStream, nat, noBias, sample } from 'fast-check'

/** So many values of an arbitrary, the same for the same seed. */
export function drawValues<Value>(arbitrary: Arbitrary<Value>, seed: number, count: number): readonly Value[] {
  return sample(arbitrary, { seed, numRuns: count })
}

/** Draws whole numbers from 0 up to a limit, which is not among them; the same seed gives the same numbers. */
export function drawNumbers(seed: number): (limit: number) => number {
  const [stream] = sample(infiniteStream(noBias(nat())), { seed, numRuns: 1 })
  return (limit) => {
    const next = stream?.next().value
    return next === undefined ? 0 : next % limit
  }
}
