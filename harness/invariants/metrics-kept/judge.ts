import type { Knowledge } from '../../lineage/index.ts'
import type { Finding, Verdict } from '../../result/index.ts'
import type { RunObservation } from '../../run/index.ts'
import type { Invariant } from '../invariant.ts'
import { type BrokenRule, judgeReadings } from './judge-readings.ts'
import { rules } from './rules.ts'

/**
 * Each metric of the contract keeps its rules after `up`: at least, at most, unchanged.
 *
 * A metric without a number (NULL, or no row) is no pass: unknown for good where rows were there, unless it has labels and gives no row.
 */
export const metricsKept: Invariant = {
  id: 'metrics-kept',
  holds: 'each metric of the contract keeps its rules: at least, at most, unchanged',
  violation: 'a metric of the contract does not keep its rule',
  rules,
  looks: { everyRun: ['up'] },
  notApplicable({ contract }) {
    return contract.metrics === undefined || contract.metrics.length === 0 ? 'the contract declares no metric' : undefined
  },
  judge(run: RunObservation, knowledge: Knowledge): Verdict {
    const filled = [...run.legacy.rows.values()].filter(({ rows }) => rows.length > 0)
    const rows = filled.reduce((sum, each) => sum + each.rows.length, 0)
    if (run.migrated === undefined)
      return {
        outcome: 'unknown',
        because: 'the migration fails on the data sets with which it could be checked',
        saw: { relations: 0, rows: 0, cells: 0, runs: 0 },
      }
    const { broken, silent, read } = judgeReadings(run.metrics)
    const saw = { relations: filled.length, rows, cells: read, runs: 1 }
    const [first, ...rest] = broken.map((each) => findingOf(each, knowledge))
    if (first !== undefined) return { outcome: 'violated', findings: [first, ...rest], saw }
    const quiet = silent.find(({ usual }) => !usual) ?? silent[0]
    if (quiet === undefined) return { outcome: 'holds', saw }
    const because = `${quiet.because}: write coalesce(…, 0) where no value counts as none`
    return { outcome: 'unknown', because, lasting: rows > 0 && !quiet.usual, saw }
  },
}

function findingOf({ kind, reading: { metric }, labels, before, after, broken, of, message }: BrokenRule, knowledge: Knowledge): Finding {
  const { name, relation, min, max, unchanged } = metric
  return {
    invariant: 'metrics-kept',
    kind,
    severity: 'error',
    known: 'observed',
    relation,
    ...(relation === undefined ? {} : knowledge.locate(relation)),
    object: name,
    message,
    evidence: {
      metric: name,
      labels: labels === '' ? null : labels,
      before,
      after,
      rule: {
        ...(min === undefined ? {} : { min }),
        ...(max === undefined ? {} : { max }),
        ...(unchanged === undefined ? {} : { unchanged }),
      },
      broken,
      rows: of,
    },
    hint: rules[kind].remedy,
    shown: { metric: name },
  }
}
