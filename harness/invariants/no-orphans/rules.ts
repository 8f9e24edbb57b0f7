import type { Rule } from '../../result/index.ts'

export const rules = {
  orphan: {
    severity: 'error',
    title: 'references that no longer resolve',
    meaning: 'Rows refer to rows that were there before the migration and are gone after it.',
    remedy: 'Move or remove the referring rows together with what they refer to.',
  },
} as const satisfies Readonly<Record<string, Rule>>
