import type { Rule } from '../../result/index.ts'

export const rules = {
  'lost-write': {
    severity: 'error',
    title: 'a write that commits while up runs is lost',
    meaning:
      'A client was told that its write is committed while up was running. The rows after up are neither those of the same write before up nor those of the write after it: the write is lost.',
    remedy:
      'Lock the table before the first statement that reads it (LOCK TABLE … IN SHARE ROW EXCLUSIVE MODE), read and change in one statement, or catch up with a trigger.',
  },
  'fails-beside-write': {
    severity: 'warning',
    title: 'up fails because of a write that commits while it runs',
    meaning:
      'The migration fails when a client writes between two of its statements, although it succeeds when the same write comes before.',
    remedy: 'Lock the table before the first statement that reads it, or make the statements tolerate rows that came in between.',
  },
  interleaved: {
    severity: 'info',
    title: 'what was interleaved',
    meaning: 'How many interleavings of the migration with the writes of a client were run.',
    remedy: 'Nothing is wrong.',
  },
} as const satisfies Readonly<Record<string, Rule>>
