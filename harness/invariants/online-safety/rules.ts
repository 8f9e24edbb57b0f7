import type { Rule } from '../../result/index.ts'

export const rules = {
  'client-fails': {
    severity: 'error',
    title: 'a client fails while the migration runs',
    meaning: 'While the migration runs, or after it, a statement of existing clients fails that does not fail without the migration.',
    remedy: 'Replace old objects by new ones in one transaction, and keep what clients use until no client needs it.',
  },
  'client-waits': {
    severity: 'error',
    title: 'a client waits longer than the budget',
    meaning: 'A statement of a client waited for a lock of the migration longer than the budget allows.',
    remedy: 'Commit right after the statement that needs the lock. Validate, fill columns and build indexes in other transactions.',
  },
  'migration-fails': {
    severity: 'error',
    title: 'the migration fails while clients are at work',
    meaning: 'With clients at work the migration fails with an error, for example a deadlock, that it does not get alone.',
    remedy: 'Lock tables in the order in which clients lock them, in short transactions, and retry.',
  },
  rewrite: {
    severity: 'warning',
    title: 'a table is rewritten under a lock',
    meaning: 'PostgreSQL writes all rows of a table anew while readers and writers wait. The more rows, the longer they wait.',
    remedy: 'Add a new column, fill it in batches, and rename both columns in a transaction that does nothing else.',
  },
  scan: {
    severity: 'warning',
    title: 'a table is read as a whole under a lock',
    meaning: 'PostgreSQL reads all rows of a table (for an index, a check, a key) while clients wait. The more rows, the longer they wait.',
    remedy: 'Build indexes CONCURRENTLY. Add constraints NOT VALID and validate them in a later transaction.',
  },
  held: {
    severity: 'warning',
    title: 'a lock is held while other work is done',
    meaning:
      'A statement takes a lock that blocks clients, and a later statement of the same transaction works on many rows before the lock is released.',
    remedy: 'Commit after the statement that needs the lock, and change rows in a transaction of their own.',
  },
  queue: {
    severity: 'warning',
    title: 'everybody waits behind a migration that waits',
    meaning:
      'A transaction that has read a table and stays open keeps the migration waiting for its lock. Every later reader and writer of the table waits behind the migration, for as long as the transaction stays open or until a lock_timeout of the migration.',
    remedy: 'Set a lock_timeout shorter than your budget before the statement, and run the migration again when it is reached.',
  },
  measured: {
    severity: 'info',
    title: 'what was measured with clients at work',
    meaning: 'How long the migration took with clients at work, which locks it held, and how long a client waited at most.',
    remedy: 'Compare it with your budget. With a lock_timeout, clients do not queue behind a migration that waits for a lock.',
  },
} as const satisfies Readonly<Record<string, Rule>>
