import type { Severity } from '../result/index.ts'

/** What a kind of finding means and how it is mended, for readers who meet it in a list of alerts. */
export interface Rule {
  /** `invariant/kind`; an interface, it never changes its meaning. */
  readonly id: string
  /** Gravest severity that it is usually found with. */
  readonly severity: Severity
  readonly title: string
  readonly meaning: string
  readonly remedy: string
}

/** A rule for every kind that an invariant documents, and for the SQLSTATEs with which migrations fail most. */
export const rules: readonly Rule[] = [
  ...sqlstates({
    '23502': [
      'NULL in a NOT NULL column',
      'A row without a value in the column is legal before the migration, and stops it.',
      'Give the column a default, or fill it before it becomes NOT NULL.',
    ],
    '23503': [
      'a reference that does not resolve',
      'A legal row refers to a row that is not there, and the new foreign key refuses it.',
      'Find the orphans first and decide what they refer to, or add the key NOT VALID.',
    ],
    '23505': [
      'duplicate key',
      'Legal rows share a value that the migration makes unique.',
      'Find the duplicates first and decide which row stays, or make the index not unique.',
    ],
    '23514': [
      'a check that legal rows do not pass',
      'The migration adds or tightens a check that rows of the old schema violate.',
      'Bring the rows into line first, or add the check NOT VALID and validate it later.',
    ],
    '23P01': [
      'an exclusion constraint that legal rows do not pass',
      'Rows of the old schema overlap where the new constraint forbids it.',
      'Resolve the overlaps before the constraint is added.',
    ],
    '22P02': [
      'a text that the new type cannot read',
      'A legal value has no counterpart in the type that the column gets.',
      'Map the values in a CASE before, or as part of, the change of type.',
    ],
    '22003': [
      'a number out of range',
      'A legal number does not fit the type or precision that the column gets.',
      'Use a wider type, or decide what becomes of the values that do not fit.',
    ],
    '22001': [
      'a text that is too long',
      'A legal text does not fit the length that the column gets.',
      'Use a longer type, or cut the text on purpose.',
    ],
    '22007': [
      'a date or time that cannot be read',
      'A legal text is no valid date or time in the new type.',
      'Convert the known formats explicitly, and decide what becomes of the others.',
    ],
    '22008': [
      'a date or time out of range',
      'A legal value lies outside of what the new date or time type holds.',
      'Decide what becomes of such values before the change of type.',
    ],
    '22012': [
      'division by zero',
      'A legal row makes an expression of the migration divide by zero.',
      'Guard the division with NULLIF or a CASE.',
    ],
    '21000': [
      'more than one row where one was expected',
      'On legal rows a sub-select of the migration gives several rows.',
      'Aggregate, or join on a key.',
    ],
    '25001': [
      'a statement that cannot run in a transaction',
      'The tool runs the migration in a transaction, where this statement is refused.',
      'Move it into a migration of its own that runs without a transaction.',
    ],
    '2BP01': [
      'other objects depend on what is dropped',
      'The migration drops something that views, constraints or functions still use.',
      'Drop or change what depends on it first, by name rather than by CASCADE.',
    ],
    '42501': [
      'a right is missing',
      'The role that runs migrations may not do this; a superuser would have hidden it.',
      'Grant the right beforehand, or name the role with --run-as.',
    ],
    '42601': ['a syntax error', 'The server cannot read a statement of the migration.', 'Correct the statement.'],
    '42701': [
      'a column that is there already',
      'The migration adds a column that the table has.',
      'Drop the statement, or name another column.',
    ],
    '42703': [
      'a column that is not there',
      'The migration names a column that the table does not have at this point.',
      'Correct the name or the order of the statements.',
    ],
    '42704': [
      'an object that is not there',
      'The migration names an object that does not exist at this point.',
      'Make it first, for instance in a prelude.',
    ],
    '42710': ['an object that is there already', 'The migration makes an object that exists.', 'Drop the statement, or guard it.'],
    '42804': [
      'a type that does not match',
      'A value or default cannot be turned into the type of its column by itself.',
      'Say how with USING or a cast, and drop a default before its type changes.',
    ],
    '42883': [
      'a function that is not there',
      'The migration calls a function or operator that does not exist for these types.',
      'Make it first, or cast the arguments.',
    ],
    '42P01': [
      'a relation that is not there',
      'The migration names a table or view that does not exist at this point.',
      'Correct the name or the order; what the platform provides belongs into a prelude.',
    ],
    '42P07': [
      'a relation that is there already',
      'The migration makes a table, index or view that exists.',
      'Drop the statement, or guard it.',
    ],
    '55006': [
      'an object that is in use',
      'Trigger events of deferred constraints are pending on the table that is altered.',
      'Set the constraints IMMEDIATE first, or alter the table in a transaction of its own.',
    ],
    '55P03': ['a lock that was not granted', 'A lock time-out ended the migration.', 'Take the lock when nobody else holds it, and retry.'],
    '55P04': [
      'a new enum label used at once',
      'A label that ALTER TYPE … ADD VALUE has added cannot be used in the same transaction.',
      'Add the label in a migration of its own.',
    ],
    '57014': [
      'a statement that was cancelled',
      'The statement took longer than its time-out.',
      'Work in smaller batches, or raise the time-out on purpose.',
    ],
    P0001: [
      'an exception that the migration raises',
      'A check of the migration itself ends it on legal rows.',
      'Bring the rows into line before the check, or say in a contract that such rows do not occur.',
    ],
  }),
  {
    id: 'zero-loss/row-lost',
    severity: 'error',
    title: 'rows are lost',
    meaning: 'Legal rows are nowhere to be found after the migration, and down does not bring them back.',
    remedy: 'Copy the rows before they are removed, bring them back in down, or declare the discard with a reason.',
  },
  {
    id: 'zero-loss/row-doubled',
    severity: 'error',
    title: 'rows are doubled',
    meaning: 'A legal row is there more than once after the migration, most often by a join that fans out.',
    remedy: 'Join on a key, or remove the copies.',
  },
  {
    id: 'zero-loss/cell-lost',
    severity: 'error',
    title: 'cells are lost',
    meaning: 'The cells of an attribute are nowhere to be found after the migration, and down does not bring them back.',
    remedy: 'Copy the attribute before it is dropped, bring it back in down, or declare the discard with a reason.',
  },
  {
    id: 'zero-loss/cell-altered',
    severity: 'error',
    title: 'cells are altered',
    meaning:
      'Cells arrive, but changed in a way that cannot be undone: truncated, rounded, trimmed, nulled, overwritten, merged; the evidence says how.',
    remedy: 'Use a type and a conversion that keep the values, restore them in down, or declare the alteration with a reason.',
  },
  {
    id: 'quantity-parity/difference',
    severity: 'error',
    title: 'a sum differs',
    meaning: 'A declared measure, or a numeric attribute that is copied or split, does not add up to the same amount after the migration.',
    remedy: 'Look at the key in the evidence: rows were filtered, doubled or rounded on the way.',
  },
  {
    id: 'no-orphans/orphan',
    severity: 'error',
    title: 'references that no longer resolve',
    meaning: 'Rows refer to rows that were there before the migration and are gone after it.',
    remedy: 'Move or remove the referring rows together with what they refer to.',
  },
  {
    id: 'rollback-restores-state/missing',
    severity: 'warning',
    title: 'there is no down',
    meaning: 'Nothing takes the migration back: the way back is a restore from backup.',
    remedy: 'Write a down migration, or say in the runbook how to go back.',
  },
  {
    id: 'rollback-restores-state/fails',
    severity: 'error',
    title: 'down fails',
    meaning: 'The down migration ends with an error on the state that up has left, or once rows were written after up.',
    remedy: 'Correct it; let it deal with rows that only the new schema allows.',
  },
  {
    id: 'rollback-restores-state/data',
    severity: 'error',
    title: 'down does not restore the rows',
    meaning: 'After up and down, rows or cells are not what they were.',
    remedy: 'Keep what up removes, and copy it back in down.',
  },
  {
    id: 'rollback-restores-state/schema',
    severity: 'error',
    title: 'down does not restore the schema',
    meaning:
      'After up and down, an object is missing, left over or different: a column, default, constraint, index, trigger, function, type or policy.',
    remedy: 'Put it back in down as it was, or drop it there.',
  },
  {
    id: 'rollback-restores-state/sequence',
    severity: 'error',
    title: 'down does not restore a sequence',
    meaning: 'After up and down, a sequence continues elsewhere: the next insert may meet a key that is taken.',
    remedy: 'Set the sequence with setval in down.',
  },
  {
    id: 'rollback-restores-state/privilege',
    severity: 'error',
    title: 'down does not restore privileges',
    meaning: 'After up and down, a role may do less or more than before: recreating an object drops its grants.',
    remedy: 'Grant again in down what was granted.',
  },
  {
    id: 'rollback-restores-state/comment',
    severity: 'info',
    title: 'down does not restore a comment',
    meaning: 'After up and down, a comment on an object is missing or different.',
    remedy: 'Set the comment again in down.',
  },
  {
    id: 'round-trip/fails',
    severity: 'error',
    title: 'up fails the second time',
    meaning: 'Up, down, up ends with an error: down leaves something behind that up makes.',
    remedy: 'Drop in down what up makes.',
  },
  {
    id: 'round-trip/data',
    severity: 'error',
    title: 'up gives other rows the second time',
    meaning: 'Up, down, up ends with other rows than up alone.',
    remedy: 'Let down keep what the second up copies again.',
  },
  {
    id: 'round-trip/schema',
    severity: 'error',
    title: 'up gives another schema the second time',
    meaning: 'Up, down, up ends with another catalog than up alone.',
    remedy: 'Take back in down everything that up does.',
  },
  {
    id: 'determinism/random',
    severity: 'warning',
    title: 'values come from chance',
    meaning: 'Two runs on the same rows write different values, because they are drawn at random.',
    remedy: 'Derive the value from the row where two runs must agree.',
  },
  {
    id: 'determinism/clock',
    severity: 'warning',
    title: 'values come from the clock',
    meaning: 'Two runs on the same rows write different values, because they are instants of the run.',
    remedy: 'Derive the value from the row where two runs must agree.',
  },
  {
    id: 'determinism/row-order',
    severity: 'error',
    title: 'the result depends on how the rows happen to lie',
    meaning: 'The same rows in another physical order give other migrated rows: a pick without ORDER BY.',
    remedy: 'Order by a key.',
  },
  {
    id: 'atomicity/partial',
    severity: 'error',
    title: 'a failure leaves half of the migration behind',
    meaning:
      'An error or a killed backend in the middle leaves a state that is neither legacy nor migrated, and running again does not end in the migrated one.',
    remedy: 'Run it in one transaction, or make every statement safe to run again.',
  },
  {
    id: 'access-parity/gained',
    severity: 'error',
    title: 'a role may do more than before',
    meaning:
      'After the migration a role has a right, or reaches rows, that it did not, and no statement of the migration says so: a table rebuilt without its policies, a view that reads as its owner, row security switched off, default privileges.',
    remedy:
      'Revoke it, put the same row security where the rows are now (a view: WITH (security_invoker = true)), or write the GRANT down.',
  },
  {
    id: 'access-parity/lost',
    severity: 'error',
    title: 'a role may do less than before',
    meaning:
      'After the migration a role lacks a right, or does not reach rows, that it had, and no statement of the migration says so: what is made anew has no grants but the default ones.',
    remedy: 'Grant again, and make the policies again, where the rows are now; or write the REVOKE down.',
  },
  {
    id: 'access-parity/bypass',
    severity: 'warning',
    title: 'a view reads past row security',
    meaning: 'A new view shows rows of a table with row security with the rights of its owner, whom the policies do not hold.',
    remedy: 'Make it WITH (security_invoker = true), unless it is meant to show what row security hides.',
  },
  {
    id: 'access-parity/search-path',
    severity: 'warning',
    title: 'a SECURITY DEFINER function trusts the search path of who calls it',
    meaning: 'A function that runs with the rights of its owner does not set search_path: whoever calls it chooses what its names mean.',
    remedy: "Add SET search_path = '' to it and qualify its names.",
  },
  {
    id: 'backward-compatibility/fails',
    severity: 'error',
    title: 'a statement of the old clients fails',
    meaning:
      'A statement that worked on the old schema fails on the new one, or the reverse: it names what is gone, leaves out what is required, or breaks a new rule.',
    remedy: 'Keep the old name and shape (a column beside, a view, a default) until no client needs it, or release the clients first.',
  },
  {
    id: 'backward-compatibility/count',
    severity: 'error',
    title: 'a statement of the old clients reads or writes another number of rows',
    meaning: 'The same statement on the same rows reads, changes or removes more or fewer rows on the new schema.',
    remedy: 'Look at triggers, views, rules and the actions of foreign keys: the old statement must reach the same rows.',
  },
  {
    id: 'backward-compatibility/rows',
    severity: 'error',
    title: 'a statement of the old clients gives other rows',
    meaning: 'The same statement on the same rows answers with other values, or stores other values than before.',
    remedy: 'Keep defaults and what views compute as the clients know them, or release the clients first.',
  },
  {
    id: 'backward-compatibility/type',
    severity: 'warning',
    title: 'old clients get columns of another type',
    meaning:
      'A column or a function that old clients read has another type or another name in the answer, which their drivers may decode otherwise.',
    remedy: 'Try the clients against the new type, or add a column beside the old one.',
  },
  {
    id: 'view-equivalence/sqlstate',
    severity: 'error',
    title: 'the view refuses what the table took, or the other way round',
    meaning:
      'A statement ends with an error on the table or on the view in its place only, or with another SQLSTATE; clients branch on that.',
    remedy: 'Let the error of the table behind the view reach the client, and keep every rule of the old table there.',
  },
  {
    id: 'view-equivalence/constraint',
    severity: 'warning',
    title: 'an error names another constraint',
    meaning: 'A constraint is violated on both, but the error through the view names another one; clients look at the name.',
    remedy: 'Rename the table rather than copy it, or give the constraints their old names.',
  },
  {
    id: 'view-equivalence/columns',
    severity: 'error',
    title: 'the view gives other columns',
    meaning: 'What a statement gives has other columns, in another order or of another type than the table gave.',
    remedy: 'Name the columns of the view one by one, in the order and with the types that the table had.',
  },
  {
    id: 'view-equivalence/row-count',
    severity: 'error',
    title: 'a statement counts other rows through the view',
    meaning: 'The same statement on the same rows reports another number of rows than on the table, or another command.',
    remedy: 'Return NEW from INSTEAD OF triggers, and OLD for DELETE; return NULL only where no row was written.',
  },
  {
    id: 'view-equivalence/rows',
    severity: 'error',
    title: 'a statement gives other rows through the view',
    meaning: 'What a statement reads or RETURNING gives differs from what the table gives: a default, a generated key, a touched column.',
    remedy: 'Put into NEW what was stored (INSERT … RETURNING * INTO NEW), or do without triggers.',
  },
  {
    id: 'view-equivalence/contents',
    severity: 'error',
    title: 'a write through the view leaves other rows',
    meaning: 'After the same statements on the same rows, the table or one that refers to it holds other rows than it would have.',
    remedy: 'Each write must reach the table behind the view as it was meant: keys, defaults, triggers and foreign keys included.',
  },
  {
    id: 'view-equivalence/avoidable',
    severity: 'warning',
    title: 'this view cannot do what another kind of view could',
    meaning: 'Statements that the table took fail on this view, and a view of plain columns of one table without triggers would take them.',
    remedy: 'Let PostgreSQL write through the view by itself where no column is computed; the finding names a remedy for each statement.',
  },
  {
    id: 'view-equivalence/cannot',
    severity: 'info',
    title: 'what PostgreSQL does on no view',
    meaning: 'Statements that the table took and that PostgreSQL refuses on every view; they were left out of the comparison.',
    remedy: 'See that no client sends them, or follow the remedy that the finding names for each.',
  },
  {
    id: 'online-safety/client-fails',
    severity: 'error',
    title: 'a client fails under the migration',
    meaning: 'While the migration runs, or from then on, a statement of the legacy workload fails that does not fail without it.',
    remedy: 'Let clients find the old or the new state at any moment; keep what they use until none of them is left.',
  },
  {
    id: 'online-safety/client-waits',
    severity: 'error',
    title: 'a client waits longer than the budget',
    meaning: 'A statement of the legacy workload waited behind a lock of the migration for longer than the budget allows.',
    remedy: 'Hold strong locks briefly: validate, backfill and build indexes apart from the statement that needs the lock.',
  },
  {
    id: 'online-safety/migration-fails',
    severity: 'error',
    title: 'the migration fails under traffic',
    meaning: 'With clients at work the migration ends with an error, a deadlock for instance, that it does not meet alone.',
    remedy: 'Take the locks in the order in which clients take them, in short transactions, and retry.',
  },
  {
    id: 'online-safety/rewrite',
    severity: 'warning',
    title: 'a table is rewritten under a lock',
    meaning: 'The rows of a relation in use are written to a new file while readers and writers wait: the longer, the more rows there are.',
    remedy: 'Add a column beside the old one, fill it in batches, and swap the two in a transaction that does nothing else.',
  },
  {
    id: 'online-safety/scan',
    severity: 'warning',
    title: 'a table is read as a whole under a lock',
    meaning:
      'All rows of a relation in use are read (for an index, a check, a key) while clients wait: the longer, the more rows there are.',
    remedy: 'Build indexes CONCURRENTLY; add constraints NOT VALID and validate them in a later transaction.',
  },
  {
    id: 'online-safety/held',
    severity: 'warning',
    title: 'a lock is held while other work is done',
    meaning:
      'A statement took a lock that stops clients, and a later one of the same transaction works on many rows before it is released.',
    remedy: 'Commit after the statement that needs the lock, and move rows in a transaction of their own.',
  },
  {
    id: 'online-safety/measured',
    severity: 'info',
    title: 'what was measured under traffic',
    meaning: 'How long the migration took with clients at work, the locks that it held and the longest wait of a client.',
    remedy: 'Compare with the budget; a lock_timeout keeps clients from queueing behind a migration that itself has to wait.',
  },
]

const byId = new Map(rules.map((rule) => [rule.id, rule]))

/** The rule of a finding; a kind that is not in the table (a rare SQLSTATE, an invariant of a newer version) gets one made from its words. */
export function ruleOf({
  invariant,
  kind,
  severity,
}: {
  readonly invariant: string
  readonly kind: string
  readonly severity: Severity
}): Rule {
  const id = `${invariant}/${kind}`
  const known = byId.get(id)
  if (known !== undefined) return known
  return {
    id,
    severity,
    title: invariant === 'applies' ? `up fails with ${kind}` : `${words(invariant)}: ${words(kind)}`,
    meaning:
      invariant === 'applies'
        ? `The migration ends with SQLSTATE ${kind} on a state that the old schema allows.`
        : `The migration violates the invariant "${invariant}"; the finding says how.`,
    remedy: 'The message, its hint and the counterexample show what to mend.',
  }
}

function sqlstates(table: Readonly<Record<string, readonly [title: string, meaning: string, remedy: string]>>): readonly Rule[] {
  return Object.entries(table).map(([sqlstate, [title, meaning, remedy]]) => ({
    id: `applies/${sqlstate}`,
    severity: 'error',
    title: `up fails: ${title}`,
    meaning: `${meaning} (SQLSTATE ${sqlstate})`,
    remedy,
  }))
}

function words(id: string): string {
  return id.replaceAll('-', ' ')
}
