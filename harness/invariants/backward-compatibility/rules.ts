import type { Rule } from '../../result/index.ts'

export const rules = {
  fails: {
    severity: 'error',
    title: 'a statement of the old clients fails',
    meaning:
      'A statement that worked on the old schema fails on the new one, or the reverse: it names what is gone, leaves out what is required, or breaks a new rule.',
    remedy: 'Keep the old name and shape (a column beside, a view, a default) until no client needs it, or release the clients first.',
  },
  count: {
    severity: 'error',
    title: 'a statement of the old clients reads or writes another number of rows',
    meaning: 'The same statement on the same rows reads, changes or removes more or fewer rows on the new schema.',
    remedy: 'Look at triggers, views, rules and the actions of foreign keys: the old statement must reach the same rows.',
  },
  rows: {
    severity: 'error',
    title: 'a statement of the old clients gives other rows',
    meaning: 'The same statement on the same rows answers with other values, or stores other values than before.',
    remedy: 'Keep defaults and what views compute as the clients know them, or release the clients first.',
  },
  type: {
    severity: 'warning',
    title: 'old clients get columns of another type',
    meaning:
      'A column or a function that old clients read has another type or another name in the answer, which their drivers may decode otherwise.',
    remedy: 'Try the clients against the new type, or add a column beside the old one.',
  },
  renamed: {
    severity: 'info',
    title: 'another relation answers to the name of a table',
    meaning:
      'The legacy table has another name, and a relation that the migration makes has the old one: clients read and write through it.',
    remedy: 'Nothing, where the answers are the same. What goes by the table itself (grants, replication, backups) must know the new name.',
  },
} as const satisfies Readonly<Record<string, Rule>>
