import type { Rule } from '../../result/index.ts'

export const rules = {
  sqlstate: {
    severity: 'error',
    title: 'the view refuses what the table accepted, or the reverse',
    meaning:
      'A statement fails only on the old table or only on the view in its place, or fails with another SQLSTATE. Clients branch on that.',
    remedy: 'Keep every constraint and default of the old table, and let errors of the table behind the view reach the client.',
  },
  constraint: {
    severity: 'warning',
    title: 'an error names another constraint',
    meaning: 'A constraint is violated on both, but the error through the view names another constraint. Clients look at the name.',
    remedy: 'Rename the table instead of copying it, or give the constraints their old names.',
  },
  columns: {
    severity: 'error',
    title: 'the view returns other columns',
    meaning: 'The result of a statement has other columns, another order of columns, or other types than on the old table.',
    remedy: 'Name the columns of the view one by one, in the order and with the types of the old table.',
  },
  'row-count': {
    severity: 'error',
    title: 'a statement reports another row count through the view',
    meaning: 'The same statement on the same rows reports another number of rows than on the old table.',
    remedy: 'Return NEW from INSTEAD OF triggers, and OLD for DELETE. Return NULL only if no row was written.',
  },
  rows: {
    severity: 'error',
    title: 'a statement returns other rows through the view',
    meaning:
      'A statement, or its RETURNING, returns other rows than on the old table: a default, a generated key or a value of a trigger is missing.',
    remedy: 'Put what was stored into NEW (INSERT … RETURNING * INTO NEW), or do without INSTEAD OF triggers.',
  },
  contents: {
    severity: 'error',
    title: 'a write through the view stores other rows',
    meaning:
      'After the same statements on the same rows, the table behind the view, or a table that refers to it, has other rows than with the old table.',
    remedy: 'Write every column through the view, and keep the keys, defaults, triggers and foreign keys of the old table.',
  },
  avoidable: {
    severity: 'warning',
    title: 'the view refuses statements that another kind of view would support',
    meaning:
      'Statements that the table supported fail on this view. A view of plain columns of one table, without INSTEAD OF triggers, would support them.',
    remedy:
      'If no column is computed, remove the INSTEAD OF triggers: PostgreSQL writes through such a view itself. The finding names a remedy for each statement.',
  },
  cannot: {
    severity: 'info',
    title: 'statements that PostgreSQL refuses on every view',
    meaning: 'Statements that the table supported and that PostgreSQL refuses on every view. They were left out of the comparison.',
    remedy: 'Check that no client sends them, or follow the remedy that the finding names for each.',
  },
} as const satisfies Readonly<Record<string, Rule>>
