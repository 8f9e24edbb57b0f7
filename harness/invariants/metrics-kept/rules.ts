import type { Rule } from '../../result/index.ts'

const remedy = 'Look at the rows in the evidence. If the rule is too strict for rows that the old schema allows, compare with `before`.'

export const rules = {
  'below-minimum': {
    severity: 'error',
    title: 'a metric is below its minimum',
    meaning: 'A metric that the contract declares is less after the migration than its `min` allows.',
    remedy,
  },
  'above-maximum': {
    severity: 'error',
    title: 'a metric is above its maximum',
    meaning: 'A metric that the contract declares is more after the migration than its `max` allows.',
    remedy,
  },
  changed: {
    severity: 'error',
    title: 'a metric changes',
    meaning: 'A metric that the contract declares as `unchanged` is not the same before and after the migration.',
    remedy: 'Look at the rows in the evidence, and at the statements that write what the metric counts.',
  },
} as const satisfies Readonly<Record<string, Rule>>
