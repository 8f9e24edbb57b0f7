import type { Rule } from '../../result/index.ts'

export const rules = {
  partial: {
    severity: 'error',
    title: 'a failure leaves half of the migration behind',
    meaning:
      'An error or a killed backend in the middle leaves a state that is neither legacy nor migrated, and running again does not end in the migrated one.',
    remedy: 'Run it in one transaction, or make every statement safe to run again.',
  },
} as const satisfies Readonly<Record<string, Rule>>
