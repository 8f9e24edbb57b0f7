import type { Rule } from '../../result/index.ts'

export const rules = {
  missing: {
    severity: 'warning',
    title: 'there is no down',
    meaning: 'Nothing takes the migration back: the way back is a restore from backup.',
    remedy: 'Write a down migration, or say in the runbook how to go back.',
  },
  fails: {
    severity: 'error',
    title: 'down fails',
    meaning: 'The down migration ends with an error on the state that up has left, or once rows were written after up.',
    remedy: 'Correct it; let it deal with rows that only the new schema allows.',
  },
  data: {
    severity: 'error',
    title: 'down does not restore the rows',
    meaning: 'After up and down, rows or cells are not what they were.',
    remedy: 'Keep what up removes, and copy it back in down.',
  },
  schema: {
    severity: 'error',
    title: 'down does not restore the schema',
    meaning:
      'After up and down, an object is missing, left over or different: a column, default, constraint, index, trigger, function, type or policy.',
    remedy: 'Put it back in down as it was, or drop it there.',
  },
  sequence: {
    severity: 'error',
    title: 'down does not restore a sequence',
    meaning: 'After up and down, a sequence continues elsewhere: the next insert may meet a key that is taken.',
    remedy: 'Set the sequence with setval in down.',
  },
  privilege: {
    severity: 'error',
    title: 'down does not restore privileges',
    meaning: 'After up and down, a role may do less or more than before: recreating an object drops its grants.',
    remedy: 'Grant again in down what was granted.',
  },
  comment: {
    severity: 'info',
    title: 'down does not restore a comment',
    meaning: 'After up and down, a comment on an object is missing or different.',
    remedy: 'Set the comment again in down.',
  },
} as const satisfies Readonly<Record<string, Rule>>
