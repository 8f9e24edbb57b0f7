import { type Dataset, datasetArbitrary, noRows, type Statement, StatementCommand } from '../../data/index.ts'
import type { Subject } from '../../lineage/index.ts'
import { StatementError } from '../../postgres/index.ts'
import type { CloneStages } from '../../run/index.ts'
import { shrinkDataset } from '../../run/index.ts'
import { divergenceKey } from './divergence.ts'
import type { EquivalencePlan } from './equivalence-plan.ts'
import { compareOn, inLockstep, type Lockstep } from './lockstep.ts'
import type { EquivalenceObservation, ShownDivergence } from './model.ts'
import { unseen } from './unseen.ts'

/** What was seen of one view, and the rows on which it was seen. */
export interface Observed {
  readonly observation: EquivalenceObservation
  readonly dataset: Dataset | undefined
}

/** For each divergence the fewest rows that still show it: none, mostly. */
export async function withFewestRows(
  subject: Subject,
  clones: CloneStages,
  observations: readonly EquivalenceObservation[],
  dataset: Dataset,
  plan: EquivalencePlan,
): Promise<readonly Observed[]> {
  const found: Observed[] = []
  const deadline = Math.min(plan.deadline, performance.now() + 4000)
  const arbitrary = datasetArbitrary(subject.plan, { rows: { min: 0, max: 8 }, relations: [...subject.scope] })
  const shrinker = {
    *shrink(value: Dataset) {
      for (const smaller of arbitrary.shrink(value, undefined)) yield smaller.value
    },
  }
  for (const observation of observations) {
    const { divergences, relation } = observation
    for (const shown of divergences) {
      const shows = async (rows: Dataset) => {
        const worked = await inLockstep(subject, clones, { ...plan, filling: { kind: 'dataset', dataset: rows } }, async (pairs) => {
          const pair = pairs.find((each) => each.replaced.path === relation)
          return pair !== undefined && (await stillShows(pair, shown))
        })
        return worked.outcome === 'worked' && worked.result
      }
      const smallest = (await shows(noRows)) ? noRows : (await shrinkDataset(dataset, shrinker, shows, { deadline, attempts: 12 })).dataset
      found.push({ observation: { ...unseen(relation), divergences: [shown] }, dataset: smallest })
    }
    found.push({ observation: { ...observation, divergences: [] }, dataset: undefined })
  }
  return found
}

async function stillShows(pair: Lockstep, shown: ShownDivergence): Promise<boolean> {
  try {
    const statements = shown.statements as readonly Statement[]
    const commands = statements.map((each) => new StatementCommand(each))
    const { comparison } = await compareOn(pair, commands, new Set(shown.ignored))
    return comparison.outcome === 'diverges' && divergenceKey({ ...comparison, statements }) === divergenceKey(shown)
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    return shown.divergence.sqlstates[1] === error.sqlstate
  }
}
