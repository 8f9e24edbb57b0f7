import type { Rule } from '../../result/index.ts'

const remedy = 'Define it again on the table that takes the place of the old one, or drop it by its name if it is not wanted any more.'

export const rules = {
  key: {
    severity: 'error',
    title: 'a unique key is gone',
    meaning:
      'A primary key, unique constraint or unique index is not there any more, and no statement drops it: equal values are accepted.',
    remedy,
  },
  'foreign-key': {
    severity: 'error',
    title: 'a foreign key is gone or acts otherwise',
    meaning:
      'A foreign key is not there any more, or has other actions, and no statement drops it: rows may refer to nothing, and a delete leaves behind what it took along.',
    remedy,
  },
  check: {
    severity: 'error',
    title: 'a check is gone',
    meaning: 'A check is not there any more, and no statement drops it: rows that it refused are accepted.',
    remedy,
  },
  exclusion: {
    severity: 'error',
    title: 'an exclusion constraint is gone',
    meaning: 'An exclusion constraint is not there any more, and no statement drops it: rows that it refused are accepted.',
    remedy,
  },
  'not-null': {
    severity: 'warning',
    title: 'NOT NULL is gone',
    meaning: 'A column was NOT NULL and takes NULL now, and no statement says so.',
    remedy: 'Set NOT NULL on the column that takes the place of the old one.',
  },
  generated: {
    severity: 'error',
    title: 'a generated column is a plain one',
    meaning:
      'A column was computed by the database and is not any more, or by another expression: nothing keeps it in step with the others.',
    remedy: 'Define the column with the same GENERATED expression.',
  },
  collation: {
    severity: 'warning',
    title: 'a column has another collation',
    meaning: 'Texts of the column are ordered and compared by other rules than before, and no statement says so.',
    remedy: 'Define the column with the same COLLATE.',
  },
  trigger: {
    severity: 'error',
    title: 'a trigger or rule is gone, off or on',
    meaning: 'What ran at each write does not run any more, or runs although it was switched off, and no statement names it.',
    remedy: 'Create the trigger again on the table that takes the place of the old one; switch triggers off and on by their names.',
  },
  policy: {
    severity: 'error',
    title: 'row security is gone or says less',
    meaning: 'A policy or the row security of a table is not there any more, and no statement drops it.',
    remedy: 'Enable row security and create the policies on the table that takes the place of the old one.',
  },
  function: {
    severity: 'error',
    title: 'a replaced function has lost an attribute',
    meaning: 'CREATE OR REPLACE FUNCTION sets every attribute that it does not name to its default: the function had another one.',
    remedy: 'Give the attribute (SECURITY DEFINER, SET search_path, STRICT, IMMUTABLE, …) in the statement that replaces the function.',
  },
  view: {
    severity: 'warning',
    title: 'a replaced view has lost an option',
    meaning: 'CREATE OR REPLACE VIEW without options takes away those that the view had.',
    remedy: 'Give the options (security_barrier, security_invoker, check_option) in the statement that replaces the view.',
  },
  index: {
    severity: 'warning',
    title: 'an index is gone',
    meaning: 'An index is not there any more, or cannot be used, and no statement drops it: queries that used it read the whole table.',
    remedy,
  },
  sequence: {
    severity: 'error',
    title: 'a sequence gives other numbers',
    meaning: 'The numbers of a column come from a sequence that stands, counts or ends otherwise than the one before.',
    remedy: 'Set the position and the options of the new sequence to those of the old one.',
  },
  replication: {
    severity: 'warning',
    title: 'rows are replicated otherwise',
    meaning: 'A table has lost its replica identity or is in no publication any more, and no statement says so.',
    remedy: 'Set the replica identity and add the table to the publication again.',
  },
  storage: {
    severity: 'warning',
    title: 'a table is stored otherwise',
    meaning: 'How rows are kept (logged, compressed, in which tablespace, with which options) differs, and no statement says so.',
    remedy: 'Give the new table the options of the old one.',
  },
  detail: {
    severity: 'info',
    title: 'a comment or statistics setting is gone',
    meaning: 'Something that changes neither rows nor what statements do is not there any more.',
    remedy,
  },
} as const satisfies Readonly<Record<string, Rule>>
