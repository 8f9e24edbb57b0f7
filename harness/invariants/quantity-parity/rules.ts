import type { Rule } from '../../result/index.ts'

export const rules = {
  difference: {
    severity: 'error',
    title: 'a sum differs',
    meaning: 'A declared measure, or a numeric attribute that is copied or split, does not add up to the same amount after the migration.',
    remedy: 'Look at the key in the evidence: rows were filtered, doubled or rounded on the way.',
  },
} as const satisfies Readonly<Record<string, Rule>>
