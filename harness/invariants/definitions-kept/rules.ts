import type { Rule } from '../../result/index.ts'

const remedy = 'Create it again on the new table. If it is not wanted, drop it by name in the migration.'

export const rules = {
  key: {
    severity: 'error',
    title: 'a unique key is gone',
    meaning: 'A primary key, unique constraint or unique index is gone, and no statement drops it: duplicate values are accepted.',
    remedy,
  },
  'foreign-key': {
    severity: 'error',
    title: 'a foreign key is gone or has other actions',
    meaning:
      'A foreign key is gone or has other actions, and no statement drops it. Rows can refer to rows that do not exist, or a DELETE no longer deletes the rows that refer to it.',
    remedy,
  },
  check: {
    severity: 'error',
    title: 'a check is gone',
    meaning: 'A check is gone, and no statement drops it: rows that it refused are accepted.',
    remedy,
  },
  exclusion: {
    severity: 'error',
    title: 'an exclusion constraint is gone',
    meaning: 'An exclusion constraint is gone, and no statement drops it: rows that it refused are accepted.',
    remedy,
  },
  'not-null': {
    severity: 'warning',
    title: 'NOT NULL is gone',
    meaning: 'A column was NOT NULL and accepts NULL now, and no statement drops NOT NULL.',
    remedy: 'Set NOT NULL on the column of the new table.',
  },
  generated: {
    severity: 'error',
    title: 'a generated column is a plain column now',
    meaning: 'The database computed a column, and no longer does, or uses another expression: its values can contradict the other columns.',
    remedy: 'Define the column with the same GENERATED expression.',
  },
  collation: {
    severity: 'warning',
    title: 'a column has another collation',
    meaning: 'Texts of the column are sorted and compared by other rules than before, and no statement asks for it.',
    remedy: 'Define the column with the same COLLATE.',
  },
  trigger: {
    severity: 'error',
    title: 'a trigger or rule is gone, disabled, or enabled again',
    meaning: 'Something that ran at each write no longer runs, or runs although it was disabled, and no statement names it.',
    remedy: 'Create the trigger again on the new table. Disable and enable triggers by name, not with ALL or USER.',
  },
  policy: {
    severity: 'error',
    title: 'row security or a policy is gone',
    meaning: 'A policy or the row security of a table is gone, and no statement drops it.',
    remedy: 'Enable row security on the new table and create the policies there.',
  },
  function: {
    severity: 'error',
    title: 'a replaced function loses an attribute',
    meaning: 'CREATE OR REPLACE FUNCTION resets every attribute that it does not name, and the function had one.',
    remedy: 'Repeat the attribute (SECURITY DEFINER, SET search_path, STRICT, IMMUTABLE, …) in the statement that replaces the function.',
  },
  view: {
    severity: 'warning',
    title: 'a replaced view loses an option',
    meaning: 'CREATE OR REPLACE VIEW without options removes the options that the view had.',
    remedy: 'Repeat the options (security_barrier, security_invoker, check_option) in the statement that replaces the view.',
  },
  index: {
    severity: 'warning',
    title: 'an index is gone',
    meaning: 'An index is gone or not valid, and no statement drops it: queries that used it read the whole table.',
    remedy,
  },
  sequence: {
    severity: 'error',
    title: 'a sequence gives other numbers',
    meaning: 'The sequence that fills a column has another position, increment or end than before.',
    remedy: 'Set the position and the options of the new sequence to those of the old one.',
  },
  replication: {
    severity: 'warning',
    title: 'replication of a table changes',
    meaning: 'A table loses its replica identity or its place in a publication, and no statement asks for it.',
    remedy: 'Set the replica identity and add the table to the publication again.',
  },
  storage: {
    severity: 'warning',
    title: 'storage of a table changes',
    meaning: 'How rows are stored (logged or not, compression, storage options, parent table) differs, and no statement asks for it.',
    remedy: 'Give the new table the options of the old one.',
  },
  detail: {
    severity: 'info',
    title: 'a comment or a statistics setting is gone',
    meaning: 'Something is gone that changes neither rows nor the result of statements.',
    remedy,
  },
} as const satisfies Readonly<Record<string, Rule>>
