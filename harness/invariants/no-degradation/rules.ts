import type { Rule } from '../../result/index.ts'

export const rules = {
  slower: {
    severity: 'error',
    title: 'a statement is slower after the migration',
    meaning:
      'A statement of existing clients takes longer after the migration than its budget allows, measured side by side on the same rows.',
    remedy: 'Compare the plans. Keep or create the index that it needs, and keep triggers, functions and policies on its way cheap.',
  },
  'reads-all-rows': {
    severity: 'warning',
    title: 'a statement reads all rows after the migration',
    meaning:
      'After the migration the server reads a whole table for a statement that did not read a whole table before. The more rows, the slower.',
    remedy: 'Keep the index that served the statement, or create one on the columns of its condition.',
  },
  'more-pages': {
    severity: 'warning',
    title: 'a statement reads more pages after the migration',
    meaning:
      'After the migration the server reads at least twice as many pages for a statement. Where they are not in memory, it takes longer.',
    remedy: 'Compare the plans. Where the migration wrote all rows, VACUUM FULL or a change in batches leaves fewer empty pages.',
  },
  measured: {
    severity: 'info',
    title: 'how long statements take before and after',
    meaning: 'How long each statement of existing clients takes after the migration, as a multiple of what it takes before.',
    remedy: 'Compare it with your budget. The contract can set one for each statement.',
  },
} as const satisfies Readonly<Record<string, Rule>>
