import type { Catalog } from '../catalog/index.ts'
import { datasetArbitrary, type Exclusion, type GenerationPlan, renderInserts, sampleDatasets, seedDataset } from '../data/index.ts'
import { planFor, type Written } from './execute.ts'
import { seedNumber } from './seed.ts'
import type { Stage } from './stage.ts'
import type { UnderTest } from './under-test.ts'

export type WriteSince = (
  subject: UnderTest,
  run: number,
) => (stage: Stage, migrated: Catalog, fingerprint: string) => Promise<Written | undefined>

/** Of a relation. */
const mostRows = 6

/** Rows that an application on the new schema could write between `up` and `down`: legal under the migrated catalog, different in every run. */
export function writeAfterUp(seed: string): WriteSince {
  return (subject, run) => async (stage, migrated, fingerprint) => {
    const plan = await planFor(subject, stage, migrated, fingerprint)
    const drawn = { rows: { min: 1, max: mostRows }, profile: 'plausible', beside: true, exclude: limitsOf(plan) } as const
    // A unique key that `down` brings back refuses rows that the new schema lets be nearly the same.
    const arbitrary = datasetArbitrary(plan, run % 2 === 0 ? drawn : { ...drawn, alike: true })
    const [dataset] = sampleDatasets(arbitrary, seedNumber(seed, `written ${run}`), 1)
    if (dataset === undefined) return undefined
    const report = await stage.look((session) => seedDataset(session, plan, dataset, subject.takesRows))
    const rows = new Map(report.filled.filter((each) => each.rows > 0).map((each) => [each.relation, each.rows]))
    return { rows, extreme: dataset.extreme, focus: undefined, sql: renderInserts(plan, dataset) }
  }
}

/** Borders of a cast are constants of the migration, and magnitudes that no application writes: `probeWrites` tries them, and marks them as such. */
function limitsOf({ relations }: GenerationPlan): readonly Exclusion[] {
  return [...relations].flatMap(([relation, { attributes }]) =>
    attributes.flatMap(({ name: attribute, literals, pools }) =>
      literals.filter((value) => pools.extremes.includes(value)).map((value) => ({ relation, attribute, rule: { not: [value] } })),
    ),
  )
}
