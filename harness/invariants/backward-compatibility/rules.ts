import type { Rule } from '../../result/index.ts'

export const rules = {
  fails: {
    severity: 'error',
    title: 'a statement of existing clients fails',
    meaning:
      'A statement that works on the old schema fails on the new one, or the reverse: it names a table or column that is gone, omits a column that is required, or breaks a new constraint.',
    remedy: 'Keep the old names until no client uses them (a column beside the old one, a view, a default), or release the clients first.',
  },
  count: {
    severity: 'error',
    title: 'a statement of existing clients reads or writes another number of rows',
    meaning: 'The same statement on the same rows reads, changes or deletes more or fewer rows on the new schema.',
    remedy: 'Look at triggers, views, rules and the actions of foreign keys: the old statement must reach the same rows.',
  },
  rows: {
    severity: 'error',
    title: 'a statement of existing clients returns or stores other values',
    meaning: 'The same statement on the same rows returns other values, or stores other values, than before.',
    remedy: 'Keep defaults, and the expressions of views, as the clients know them; or release the clients first.',
  },
  type: {
    severity: 'warning',
    title: 'existing clients get columns of another type',
    meaning:
      'A column or function that clients read has another type or another name in the result. Their drivers may return another kind of value.',
    remedy: 'Try the clients against the new type, or add a column of the new type beside the old one.',
  },
  renamed: {
    severity: 'info',
    title: 'another table or view has the name of a table',
    meaning:
      'The migration renames a table and creates another table or a view with the old name: clients read and write through that one.',
    remedy: 'Nothing, if clients get the same answers. Grants, publications and backups have to use the new name.',
  },
} as const satisfies Readonly<Record<string, Rule>>
