import type { Edit } from './edit.ts'

const up = 'migrations/order-line-items/up.sql'
const down = 'migrations/order-line-items/down.sql'
const program = 'migrations/order-line-items/migrate.ts'

const from = '    FROM order_line_items_v2;\n'
const renamed = 'ALTER TABLE order_line_items RENAME TO order_line_items_v2;'
const back = 'ALTER TABLE order_line_items_v2 RENAME TO order_line_items;'

export const orderLineItems: readonly Edit[] = [
  { claim: 'OLI-9', file: down, find: back, replace: `${back} UPDATE order_line_items SET notes = trim(notes);` },
  { claim: 'OLI-9', file: down, find: back, replace: `${back} DELETE FROM order_line_items WHERE notes IS NULL;` },
  { claim: 'OLI-1', file: up, find: from, replace: '    FROM order_line_items_v2 WHERE discount < 100;\n', test: 'any legacy table' },
  { claim: 'OLI-1', file: up, find: from, replace: '    FROM order_line_items_v2 LIMIT 2;\n', test: 'any legacy table' },
  {
    claim: 'OLI-1',
    file: up,
    find: renamed,
    replace: `${renamed} DELETE FROM order_line_items_v2 WHERE notes IS NULL;`,
    test: 'any legacy table',
  },

  {
    claim: 'OLI-2',
    file: up,
    find: 'discount, notes, created_at',
    replace: 'discount, lower(notes) AS notes, created_at',
    test: 'any legacy row',
  },
  {
    claim: 'OLI-2',
    file: up,
    find: 'quantity, unit_price,',
    replace: 'quantity, round(unit_price, 1)::numeric(12, 2) AS unit_price,',
    test: 'any legacy row',
  },
  { claim: 'OLI-2', file: up, find: 'created_at, updated_at\n', replace: 'updated_at, created_at\n', test: 'any legacy row' },
  { claim: 'OLI-2', file: up, find: renamed, replace: `${renamed} UPDATE order_line_items_v2 SET notes = notes;`, test: 'any legacy row' },

  {
    claim: 'OLI-3',
    file: up,
    find: `adrelid = 'order_line_items_v2'::regclass AND attgenerated = ''`,
    replace: 'false',
    test: 'no sequence',
  },
  {
    claim: 'OLI-3',
    file: up,
    find: 'discount, notes, created_at',
    replace: 'discount, coalesce(notes) AS notes, created_at',
    test: 'no sequence',
  },

  { claim: 'OLI-4', file: up, find: `SET LOCAL lock_timeout = '1s';`, replace: `SET LOCAL lock_timeout = '4s';`, test: 'stops up for' },
  { claim: 'OLI-4', file: down, find: `SET LOCAL lock_timeout = '1s';`, replace: `SET LOCAL lock_timeout = '4s';`, test: 'stops down for' },

  { claim: 'OLI-6', file: down, find: 'DROP TABLE order_line_items_migration_log;', replace: '', test: 'restores owners' },
  {
    claim: 'OLI-6',
    file: down,
    find: back,
    replace: `DELETE FROM order_line_items_v2 WHERE created_at = now(); ${back}`,
    test: 'at any time',
  },
  {
    claim: 'OLI-6',
    file: down,
    find: back,
    replace: `${back} ALTER TABLE order_line_items DISABLE TRIGGER order_line_items_touch;`,
    test: 'at any time',
  },
  {
    claim: 'OLI-6',
    file: down,
    find: `'WITH (' || array_to_string(dependent.reloptions, ', ') || ')'`,
    replace: `''`,
    test: 'views that were made',
  },
  {
    claim: 'OLI-6',
    file: down,
    find: 'DROP VIEW order_line_items_leaving;',
    replace: 'DROP VIEW order_line_items_leaving CASCADE;',
    test: 'cannot be put in again',
  },

  {
    claim: 'OLI-10',
    file: up,
    find: `VALUES ('1 lock', began, 1000 * extract`,
    replace: `VALUES ('1 lock', began, extract`,
    test: 'the time of a step',
  },
  { claim: 'OLI-10', file: up, find: `RAISE NOTICE 'order_line_items: 1 lock';`, replace: '', test: 'logs its steps' },
  {
    claim: 'OLI-10',
    file: down,
    find: 'step.step, step.started_at, step.milliseconds',
    replace: 'step.step, began, step.milliseconds',
    test: 'the time of a step',
  },
  { claim: 'OLI-10', file: program, find: `failure ?? 'applied'`, replace: `'applied'`, test: 'each attempt' },
  { claim: 'OLI-10', file: program, find: `    steps.push(message)\n`, replace: '', test: 'each attempt' },

  {
    claim: 'CV-2',
    file: up,
    find: renamed,
    replace: `${renamed} ALTER TABLE order_line_items_v2 ALTER COLUMN notes SET DEFAULT '';`,
    test: 'any legacy data',
  },
  {
    claim: 'CV-2',
    file: up,
    find: renamed,
    replace: `${renamed} UPDATE order_line_items_v2 SET notes = trim(notes);`,
    test: 'any legacy data',
  },
  {
    claim: 'CV-2',
    file: up,
    find: renamed,
    replace: `${renamed} ALTER TABLE order_line_items_v2 ALTER COLUMN updated_at DROP NOT NULL;`,
    test: 'any legacy data',
  },
  {
    claim: 'CV-2',
    file: up,
    find: renamed,
    replace: `${renamed} ALTER TABLE order_line_items_v2 DISABLE TRIGGER order_line_items_touch;`,
    test: 'any legacy data',
  },
  {
    claim: 'CV-2',
    file: up,
    find: renamed,
    replace: `${renamed} ALTER INDEX order_line_items_order_id_idx RENAME TO order_line_items_v2_order_id_idx;`,
    test: 'in one point',
  },
  {
    claim: 'CV-2',
    file: up,
    find: renamed,
    replace: `${renamed} DROP POLICY order_line_items_read ON order_line_items_v2;`,
    test: 'any legacy data',
  },

  { claim: 'CV-9', file: up, find: 'security_invoker = true', replace: 'security_invoker = false', test: 'who could see' },
  {
    claim: 'CV-9',
    file: up,
    find: `'GRANT %s ON order_line_items TO %s%s', privilege_type`,
    replace: `'GRANT %s ON order_line_items TO %s', privilege_type`,
    test: 'each role',
  },
  {
    claim: 'CV-9',
    file: up,
    find: `'order_line_items'::regclass\n`,
    replace: `'order_line_items'::regclass AND false\n`,
    test: 'each role',
  },
  { claim: 'CV-9', file: up, find: 'OWNER TO %I', replace: 'OWNER TO CURRENT_USER --%I', test: 'owns the view' },
  { claim: 'CV-9', file: up, find: 'AND NOT attisdropped', replace: 'AND attisdropped', test: 'each role' },

  {
    claim: 'OLI-7',
    file: up,
    find: 'FROM order_line_items_v2;\n',
    replace: 'FROM order_line_items_v2 WHERE quantity < 5;\n',
    test: 'one command finds',
  },
  {
    claim: 'OLI-7',
    file: up,
    find: "attgenerated = ''",
    replace: "attgenerated = 'x'",
    test: 'one command finds',
  },

  {
    claim: 'OLI-8',
    file: 'harness/operations/references/sql/scope.ts',
    find: '(scope.withQueries.has(name) || isWithQuery(scope.parent, name))',
    replace: 'isWithQuery(scope.parent, name)',
    test: 'answers the same',
  },
  {
    claim: 'OLI-8',
    file: 'harness/operations/references/find-references.ts',
    find: ' && !migrations.has(file))',
    replace: ')',
    test: 'it rewrites them',
  },
  {
    claim: 'OLI-8',
    file: 'harness/operations/references/find-references.ts',
    find: 'await writeFile(join(root, file), after)',
    replace: 'void after',
    test: 'it rewrites them',
  },
  {
    claim: 'CV-1',
    file: 'harness/operations/compat/render-up.ts',
    find: '    ...renderDefaults(plan),\n',
    replace: '',
    test: 'what is generated',
  },
  {
    claim: 'CV-1',
    file: 'harness/operations/compat/render-trigger.ts',
    find: 'RETURN OLD;',
    replace: 'RETURN NULL;',
    test: 'what is generated',
  },
]
