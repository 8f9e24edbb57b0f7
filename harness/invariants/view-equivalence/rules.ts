import type { Rule } from '../../result/index.ts'

export const rules = {
  sqlstate: {
    severity: 'error',
    title: 'the view refuses what the table took, or the other way round',
    meaning:
      'A statement ends with an error on the table or on the view in its place only, or with another SQLSTATE; clients branch on that.',
    remedy: 'Let the error of the table behind the view reach the client, and keep every rule of the old table there.',
  },
  constraint: {
    severity: 'warning',
    title: 'an error names another constraint',
    meaning: 'A constraint is violated on both, but the error through the view names another one; clients look at the name.',
    remedy: 'Rename the table rather than copy it, or give the constraints their old names.',
  },
  columns: {
    severity: 'error',
    title: 'the view gives other columns',
    meaning: 'What a statement gives has other columns, in another order or of another type than the table gave.',
    remedy: 'Name the columns of the view one by one, in the order and with the types that the table had.',
  },
  'row-count': {
    severity: 'error',
    title: 'a statement counts other rows through the view',
    meaning: 'The same statement on the same rows reports another number of rows than on the table, or another command.',
    remedy: 'Return NEW from INSTEAD OF triggers, and OLD for DELETE; return NULL only where no row was written.',
  },
  rows: {
    severity: 'error',
    title: 'a statement gives other rows through the view',
    meaning: 'What a statement reads or RETURNING gives differs from what the table gives: a default, a generated key, a touched column.',
    remedy: 'Put into NEW what was stored (INSERT … RETURNING * INTO NEW), or do without triggers.',
  },
  contents: {
    severity: 'error',
    title: 'a write through the view leaves other rows',
    meaning: 'After the same statements on the same rows, the table or one that refers to it holds other rows than it would have.',
    remedy: 'Each write must reach the table behind the view as it was meant: keys, defaults, triggers and foreign keys included.',
  },
  avoidable: {
    severity: 'warning',
    title: 'this view cannot do what another kind of view could',
    meaning: 'Statements that the table took fail on this view, and a view of plain columns of one table without triggers would take them.',
    remedy: 'Let PostgreSQL write through the view by itself where no column is computed; the finding names a remedy for each statement.',
  },
  cannot: {
    severity: 'info',
    title: 'what PostgreSQL does on no view',
    meaning: 'Statements that the table took and that PostgreSQL refuses on every view; they were left out of the comparison.',
    remedy: 'See that no client sends them, or follow the remedy that the finding names for each.',
  },
} as const satisfies Readonly<Record<string, Rule>>
