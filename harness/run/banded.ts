import {
  type BandedDataset,
  bandedDataset,
  type Dataset,
  type DatasetOptions,
  datasetArbitrary,
  type Exclusion,
  sampleDatasets,
} from '../data/index.ts'
import { seedNumber } from './seed.ts'
import type { UnderTest } from './under-test.ts'

const allVariants = [0, 1, 2] as const

/** A banded data set of one verification. */
export interface BandedFilling {
  readonly dataset: BandedDataset
  readonly bands: BandedDataset['bands']
  readonly variant: Variant
}

type Variant = (typeof allVariants)[number]

/** The banded data sets of one verification: pure bands, the migration's literals among them, sparse; the first so many of them. */
export function bandedFillings(
  subject: UnderTest,
  seed: string,
  exclude: readonly Exclusion[],
  count: 0 | 1 | 2 | 3 = 3,
): readonly BandedFilling[] {
  return allVariants.slice(0, count).map((variant) => bandedFilling(subject, seed, exclude, variant))
}

export function bandedFilling(subject: UnderTest, seed: string, exclude: readonly Exclusion[], variant: Variant): BandedFilling {
  const relations = [...subject.scope]
  const dataset = bandedDataset(subject.plan, { seed: seedNumber(seed, 'band'), rows: 18, variant, relations, exclude })
  return { dataset, bands: dataset.bands, variant }
}

/** Data sets of one full row and of two in each relation: most of what is found shows on them already. */
export function smallFillings(subject: UnderTest, seed: string, exclude: readonly Exclusion[]): readonly Dataset[] {
  return [1, 2].map((rows) =>
    bandedDataset(subject.plan, { seed: seedNumber(seed, 'small'), rows, variant: 0, relations: [...subject.scope], exclude }),
  )
}

/**
 * Data sets with duplicates and NULLs, in which a migration that picks one of several has a choice. Where a unique key is to come, as many
 * of a few rows that are almost alike: among many rows, one on which `up` fails would hide the tie.
 */
export function tiedRows(subject: UnderTest, seed: string, exclude: readonly Exclusion[], count: number): readonly Dataset[] {
  const draw = (options: DatasetOptions) =>
    sampleDatasets(
      datasetArbitrary(subject.plan, { relations: [...subject.scope], exclude, profile: 'plausible', ...options }),
      seedNumber(seed, 'ties'),
      count,
    )
  const many = draw({ rows: { min: 10, max: 16 } })
  return subject.plan.unified.size === 0 ? many : [...many, ...draw({ rows: { min: 2, max: 5 }, alike: true })]
}
