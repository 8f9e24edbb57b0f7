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
  window: {
    severity: 'error',
    title: 'the migration misses its window',
    meaning:
      'At the number of rows that the contract declares the migration takes longer than its window, even at the lower end of what is predicted from smaller numbers.',
    remedy: 'Split the work into batches outside the window, or make the longest statement cheaper.',
  },
  superlinear: {
    severity: 'warning',
    title: 'the migration takes more for each row, the more rows there are',
    meaning: 'Ten times as many rows take more than ten times as long: at some number of rows no window is long enough.',
    remedy: 'Look for work that each row does over all rows: triggers, functions and subqueries without an index.',
  },
  growth: {
    severity: 'info',
    title: 'how the duration of the migration grows',
    meaning: 'How long the migration takes by the number of rows, measured over two decades where there is time for that.',
    remedy: 'Compare it with your window and your rows. The contract can declare both.',
  },
  measured: {
    severity: 'info',
    title: 'how long statements take before and after',
    meaning: 'How long each statement of existing clients takes after the migration, as a multiple of what it takes before.',
    remedy: 'Compare it with your budget. The contract can set one for each statement.',
  },
} as const satisfies Readonly<Record<string, Rule>>
