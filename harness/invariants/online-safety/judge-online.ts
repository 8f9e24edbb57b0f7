import type { Subject } from '../../lineage/index.ts'
import type { CloneStages } from '../../run/index.ts'
import type { Collector } from '../collect.ts'
import { onlineSafety } from './judge.ts'
import { type OnlinePlan, observeOnline } from './observe-online.ts'

/**
 * Look at a migration under live traffic and collect what is found; without options nothing is run, and that is said.
 *
 * @returns What was not checked.
 */
export async function judgeOnline(
  subject: Subject,
  clones: CloneStages,
  collector: Collector,
  plan: Omit<OnlinePlan, 'options'> & { readonly options: OnlinePlan['options'] | undefined },
): Promise<readonly string[]> {
  const { options } = plan
  if (options === undefined) {
    collector.add(onlineSafety.id, { outcome: 'not-applicable', because: 'it was not asked for (--online)' })
    return []
  }
  const online = await observeOnline(subject, clones, { ...plan, options })
  if (online.outcome === 'observed') collector.add(onlineSafety.id, onlineSafety.judge(online.observation))
  else if (online.outcome === 'nothing') collector.add(onlineSafety.id, { outcome: 'not-applicable', because: online.because })
  else collector.add(onlineSafety.id, { outcome: 'unknown', because: online.because, saw: { relations: 0, rows: 0, cells: 0, runs: 0 } })
  return online.notChecked
}
