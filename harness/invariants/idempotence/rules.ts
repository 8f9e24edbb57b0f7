import type { Rule } from '../../result/index.ts'

export const rules = {
  fails: {
    severity: 'error',
    title: 'up fails when it runs twice',
    meaning: 'The contract declares that up may run twice, and the second run ends with an error.',
    remedy: 'Guard each statement: IF NOT EXISTS, ON CONFLICT DO NOTHING, a WHERE that leaves out what is done.',
  },
  data: {
    severity: 'error',
    title: 'the second up changes rows',
    meaning: 'The contract declares that up may run twice, and the second run adds, removes or changes rows.',
    remedy: 'Write only what is not written yet: ON CONFLICT DO NOTHING, WHERE … IS NULL, NOT EXISTS.',
  },
  schema: {
    severity: 'error',
    title: 'the second up changes the schema',
    meaning: 'The contract declares that up may run twice, and the second run adds, removes or changes an object or its rights.',
    remedy: 'Make and change objects only where they are not as they should be: IF NOT EXISTS, CREATE OR REPLACE.',
  },
  sequence: {
    severity: 'warning',
    title: 'the second up moves a sequence',
    meaning: 'The contract declares that up may run twice, and the second run draws numbers or sets a sequence back.',
    remedy: 'Draw numbers only for rows that are written; set a sequence by the greatest number in use.',
  },
} as const satisfies Readonly<Record<string, Rule>>
