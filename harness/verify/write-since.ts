import type { Catalog } from '../catalog/index.ts'
import { type Dataset, datasetArbitrary, sampleDatasets } from '../data/index.ts'
import { planFor } from './execute.ts'
import { seedNumber } from './seed.ts'
import type { Stage } from './stage.ts'
import type { Subject } from './subject.ts'

export type WriteSince = (
  subject: Subject,
  run: number,
) => (stage: Stage, migrated: Catalog, fingerprint: string) => Promise<{ readonly dataset: Dataset; readonly extreme: boolean } | undefined>

/** Rows that an application on the new schema could write between `up` and `down`: legal under the migrated catalog, different in every run. */
export function writeAfterUp(seed: string): WriteSince {
  return (subject, run) => async (stage, migrated, fingerprint) => {
    const plan = await planFor(subject, stage, migrated, fingerprint)
    const arbitrary = datasetArbitrary(plan, { rows: { min: 1, max: 3 }, profile: 'plausible', beside: true })
    const [dataset] = sampleDatasets(arbitrary, seedNumber(seed, `written ${run}`), 1)
    return dataset === undefined ? undefined : { dataset, extreme: dataset.extreme }
  }
}
