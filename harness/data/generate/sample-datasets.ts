import { type Arbitrary, sample } from 'fast-check'
import type { Dataset } from '../dataset.ts'

/** The first `count` data sets of an arbitrary under a seed: the same ones each time. */
export function sampleDatasets(arbitrary: Arbitrary<Dataset>, seed: number, count: number): readonly Dataset[] {
  return sample(arbitrary, { seed, numRuns: count })
}
