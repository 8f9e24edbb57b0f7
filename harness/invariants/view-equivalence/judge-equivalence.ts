import type { Subject } from '../../lineage/index.ts'
import type { RunRequest } from '../../run/index.ts'
import type { Collector } from '../collect.ts'
import type { Observed } from './fewest-rows.ts'
import { viewEquivalence } from './judge.ts'

/** Judge what was seen of the views and collect what is found, each with the rows that show it. */
export function judgeEquivalence(subject: Subject, observed: readonly Observed[], collector: Collector): void {
  const locate = (relation: string) => subject.knowledge.locate(relation)
  if (observed.length === 0) collector.add(viewEquivalence.id, viewEquivalence.judge([]))
  for (const { observation, dataset } of observed) {
    const request: RunRequest | undefined =
      dataset === undefined ? undefined : { regime: 'edge', extreme: false, filling: { kind: 'dataset', dataset }, until: 'up' }
    collector.add(viewEquivalence.id, viewEquivalence.judge([observation], locate), request)
  }
}
