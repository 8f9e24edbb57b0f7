import type { Rule } from '../../result/index.ts'

export const rules = {
  'client-fails': {
    severity: 'error',
    title: 'a client fails under the migration',
    meaning: 'While the migration runs, or from then on, a statement of the legacy workload fails that does not fail without it.',
    remedy: 'Let clients find the old or the new state at any moment; keep what they use until none of them is left.',
  },
  'client-waits': {
    severity: 'error',
    title: 'a client waits longer than the budget',
    meaning: 'A statement of the legacy workload waited behind a lock of the migration for longer than the budget allows.',
    remedy: 'Hold strong locks briefly: validate, backfill and build indexes apart from the statement that needs the lock.',
  },
  'migration-fails': {
    severity: 'error',
    title: 'the migration fails under traffic',
    meaning: 'With clients at work the migration ends with an error, a deadlock for instance, that it does not meet alone.',
    remedy: 'Take the locks in the order in which clients take them, in short transactions, and retry.',
  },
  rewrite: {
    severity: 'warning',
    title: 'a table is rewritten under a lock',
    meaning: 'The rows of a relation in use are written to a new file while readers and writers wait: the longer, the more rows there are.',
    remedy: 'Add a column beside the old one, fill it in batches, and swap the two in a transaction that does nothing else.',
  },
  scan: {
    severity: 'warning',
    title: 'a table is read as a whole under a lock',
    meaning:
      'All rows of a relation in use are read (for an index, a check, a key) while clients wait: the longer, the more rows there are.',
    remedy: 'Build indexes CONCURRENTLY; add constraints NOT VALID and validate them in a later transaction.',
  },
  held: {
    severity: 'warning',
    title: 'a lock is held while other work is done',
    meaning:
      'A statement took a lock that stops clients, and a later one of the same transaction works on many rows before it is released.',
    remedy: 'Commit after the statement that needs the lock, and move rows in a transaction of their own.',
  },
  measured: {
    severity: 'info',
    title: 'what was measured under traffic',
    meaning: 'How long the migration took with clients at work, the locks that it held and the longest wait of a client.',
    remedy: 'Compare with the budget; a lock_timeout keeps clients from queueing behind a migration that itself has to wait.',
  },
} as const satisfies Readonly<Record<string, Rule>>
