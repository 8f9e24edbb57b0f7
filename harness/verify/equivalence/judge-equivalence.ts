import type { Dataset } from '../../data/index.ts'
import { viewEquivalence } from '../../invariant/index.ts'
import type { Collector } from '../collect.ts'
import type { RunRequest } from '../execute.ts'
import type { Subject } from '../subject.ts'
import type { Observed } from './fewest-rows.ts'

/** Judge what was seen of the views and collect what is found, each with the rows that show it. */
export function judgeEquivalence(subject: Subject, observed: readonly Observed[], collector: Collector): void {
  const locate = (relation: string) => subject.knowledge.locate(relation)
  if (observed.length === 0) collector.add(viewEquivalence.id, viewEquivalence.judge([]))
  for (const { observation, dataset } of observed) {
    // What a view cannot do it cannot do on any rows.
    const request: RunRequest = { regime: 'edge', extreme: false, filling: { kind: 'dataset', dataset: dataset ?? noRows }, until: 'up' }
    collector.add(viewEquivalence.id, viewEquivalence.judge([observation], locate), request)
  }
}

const noRows: Dataset = { tables: new Map(), unfilled: [], extreme: false, dirty: [] }
