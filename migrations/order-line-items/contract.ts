import { defineContract } from 'godwit'

/** Each legacy statement through the view, to the same on the bare table: the most that it may cost. */
const statements = {
  'read by key, over the wire': 1.15,
  'read the lines of an order, over the wire': 1.15,
  'join to the products of 1000 lines': 1.05,
  'total of all lines': 1.05,
  insert: 1.1,
  'insert of 1000 rows': 1.1,
  'update by key': 1.1,
  'update of 1000 rows': 1.1,
  'delete by key': 1.1,
}

export default defineContract({
  claims: [
    {
      id: 'OLI-1',
      text: 'There are as many lines as before, through the old name and through the new one.',
      restsOn: [{ measure: 'lines through the old name' }, { spec: 'OLI-1' }],
    },
    {
      id: 'OLI-2',
      text: 'Every line reads the same through the old name, cell by cell.',
      restsOn: [{ invariant: 'zero-loss' }, { spec: 'OLI-2' }],
    },
    {
      id: 'OLI-3',
      text: 'INSERT, UPDATE and DELETE through the old name do what they did on the table.',
      restsOn: [{ invariant: 'view-equivalence' }],
    },
    {
      id: 'OLI-4',
      text: 'Clients of the old name see no error during the migration and never wait longer than the lock budget.',
      restsOn: [{ spec: 'OLI-4' }],
    },
    {
      id: 'OLI-5',
      text: 'No legacy statement gets slower through the view.',
      restsOn: Object.entries(statements).map(([name, most]) => ({ benchmark: `${name}, view to table`, budget: { most } })),
    },
    {
      id: 'OLI-6',
      text: 'Rollback at any time restores the legacy state and keeps the lines written since.',
      restsOn: [{ invariant: 'rollback-restores-state' }, { spec: 'OLI-6' }],
    },
    {
      id: 'OLI-7',
      text: 'One command verifies OLI-1 to OLI-3 on any database and leaves no trace.',
      restsOn: [{ spec: 'OLI-7' }],
    },
    {
      id: 'OLI-8',
      text: 'A program finds the uses of the old name in a code base, shows them, rewrites them and logs each change.',
      restsOn: [{ spec: 'OLI-8' }],
    },
    { id: 'OLI-9', text: 'A backup is taken before the migration, and a quick way back works.', restsOn: [{ spec: 'OLI-9' }] },
    { id: 'OLI-10', text: 'The migration logs its steps and their times.', restsOn: [{ spec: 'OLI-10' }] },

    // The versioned compatibility layer of which this migration is the first case; it has no folder of its own.
    {
      id: 'CV-1',
      text: 'A generator writes the view and its triggers for any table that moved, and the view behaves as the table did.',
      restsOn: [{ spec: 'CV-1' }],
    },
    { id: 'CV-2', text: 'Phase 1 changes no existing data and no existing schema.', restsOn: [{ spec: 'CV-2' }] },
    {
      id: 'CV-3',
      text: 'The database counts who still uses the old name, with which statement, and when it was last used.',
      restsOn: [{ spec: 'CV-3' }],
    },
    {
      id: 'CV-4',
      text: 'The view goes only when nobody uses it any more; otherwise the refusal names the users.',
      restsOn: [{ spec: 'CV-4' }],
    },
    {
      id: 'CV-5',
      text: 'The version of the schema is major, minor or patch by what changed, and the database records it.',
      restsOn: [{ spec: 'CV-5' }],
    },
    { id: 'CV-6', text: 'Code that was compiled for the legacy types still compiles against the view.', restsOn: [{ spec: 'CV-6' }] },
    {
      id: 'CV-7',
      text: 'A live database is compared with what the migrations make of an empty one, and every difference is named.',
      restsOn: [{ spec: 'CV-7' }],
    },
    { id: 'CV-8', text: 'Every change that can break a client is found.', restsOn: [{ spec: 'CV-8' }] },
    {
      id: 'CV-9',
      text: 'Who could see or change which rows before can do so after, and nobody else.',
      restsOn: [{ invariant: 'access-parity' }],
    },
    {
      id: 'CV-10',
      text: 'The events of the migration are logged, and what the views cost is measured.',
      restsOn: [{ spec: 'OLI-10' }, { benchmark: 'read by key, over the wire, view to table', budget: { most: 1.15 } }],
    },
  ],
  measures: [
    {
      name: 'lines through the old name',
      before: 'SELECT order_id::text AS key, count(*)::numeric AS value FROM order_line_items GROUP BY order_id',
      after: 'SELECT order_id::text AS key, count(*)::numeric AS value FROM order_line_items GROUP BY order_id',
    },
    {
      name: 'amount through the new name',
      relation: 'public.order_line_items',
      attribute: 'unit_price',
      before:
        'SELECT order_id::text AS key, sum(quantity * unit_price * (100 - discount)) AS value FROM order_line_items GROUP BY order_id',
      after:
        'SELECT order_id::text AS key, sum(quantity * unit_price * (100 - discount)) AS value FROM order_line_items_v2 GROUP BY order_id',
    },
  ],
})
