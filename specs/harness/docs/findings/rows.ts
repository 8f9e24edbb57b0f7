import type { Examples } from './example.ts'

const contacts = 'CREATE TABLE contacts (id integer PRIMARY KEY, name text, fax text);'

export const zeroLoss: Examples = {
  'row-lost': {
    legacy: 'CREATE TABLE visits (id integer PRIMARY KEY, page text, seen_on date);',
    bad: { up: `DELETE FROM visits WHERE seen_on < '2020-01-01';` },
    good: {
      up: `CREATE TABLE old_visits (LIKE visits INCLUDING ALL);
WITH moved AS (DELETE FROM visits WHERE seen_on < '2020-01-01' RETURNING *)
INSERT INTO old_visits SELECT * FROM moved;`,
      down: `INSERT INTO visits SELECT * FROM old_visits;
DROP TABLE old_visits;`,
    },
  },
  'row-doubled': {
    legacy: 'CREATE TABLE visits (page text NOT NULL, seen_on date NOT NULL, visitor text);',
    bad: {
      up: `CREATE TABLE page_visits (page text NOT NULL, seen_on date NOT NULL, visitor text);
INSERT INTO page_visits SELECT page, seen_on, visitor FROM visits;
INSERT INTO page_visits SELECT page, seen_on, visitor FROM visits WHERE visitor IS NOT NULL;
DROP TABLE visits;`,
    },
    good: {
      up: `CREATE TABLE page_visits (page text NOT NULL, seen_on date NOT NULL, visitor text);
INSERT INTO page_visits SELECT page, seen_on, visitor FROM visits;
DROP TABLE visits;`,
    },
  },
  'cell-lost': {
    legacy: contacts,
    bad: { up: 'ALTER TABLE contacts DROP COLUMN fax;' },
    good: {
      up: `CREATE TABLE contact_fax (contact_id integer PRIMARY KEY REFERENCES contacts ON DELETE CASCADE, fax text NOT NULL);
INSERT INTO contact_fax SELECT id, fax FROM contacts WHERE fax IS NOT NULL;
ALTER TABLE contacts DROP COLUMN fax;`,
    },
  },
  'cell-altered': {
    legacy: 'CREATE TABLE orders (id integer PRIMARY KEY, total numeric(12, 4));',
    bad: { up: 'ALTER TABLE orders ALTER COLUMN total TYPE numeric(12, 2);' },
    good: { up: 'ALTER TABLE orders ALTER COLUMN total TYPE numeric(14, 4);' },
  },
  'copy-incomplete': {
    legacy: contacts,
    bad: {
      up: `CREATE TABLE people (id integer PRIMARY KEY, name text NOT NULL, fax text);
INSERT INTO people SELECT id, name, fax FROM contacts WHERE name IS NOT NULL;`,
    },
    good: {
      up: `CREATE TABLE people (id integer PRIMARY KEY, name text, fax text);
INSERT INTO people SELECT id, name, fax FROM contacts;`,
    },
  },
}

export const quantityParity: Examples = {
  difference: {
    legacy: 'CREATE TABLE pledges (id integer PRIMARY KEY, amount numeric(10, 2));',
    contract: `import { defineContract } from 'godwit'

export default defineContract({
  measures: [
    {
      name: 'pledged amount',
      before: 'SELECT id AS key, coalesce(amount, 0) AS value FROM pledges',
      after:
        'SELECT p.id AS key, coalesce(sum(i.due), 0) AS value FROM pledges AS p LEFT JOIN instalments AS i ON i.pledge_id = p.id GROUP BY p.id',
    },
  ],
})`,
    bad: {
      up: `CREATE TABLE instalments (pledge_id integer REFERENCES pledges, number integer, due numeric(10, 2), PRIMARY KEY (pledge_id, number));
INSERT INTO instalments
SELECT p.id, n, trunc(p.amount / 2, 2) FROM pledges AS p CROSS JOIN generate_series(1, 2) AS n WHERE p.amount IS NOT NULL;`,
    },
    good: {
      up: `CREATE TABLE instalments (pledge_id integer REFERENCES pledges, number integer, due numeric(10, 2), PRIMARY KEY (pledge_id, number));
INSERT INTO instalments
SELECT p.id, n, CASE n WHEN 1 THEN trunc(p.amount / 2, 2) ELSE p.amount - trunc(p.amount / 2, 2) END
FROM pledges AS p CROSS JOIN generate_series(1, 2) AS n WHERE p.amount IS NOT NULL;`,
    },
  },
}

const tasks = 'CREATE TABLE tasks (id integer PRIMARY KEY, state text);'
const taskMetric = (metric: string) => `import { defineContract } from 'godwit'

export default defineContract({
  metrics: [
    ${metric},
  ],
})`

export const metricsKept: Examples = {
  'below-minimum': {
    legacy: tasks,
    contract: taskMetric(`{ name: 'tasks in a queue', sql: 'SELECT count(*) FROM queues WHERE name IS NOT NULL', min: 1 }`),
    bad: {
      up: `CREATE TABLE queues (name text);
INSERT INTO queues SELECT min(state) FROM tasks;`,
    },
    good: {
      up: `CREATE TABLE queues (name text);
INSERT INTO queues SELECT coalesce(min(state), 'open') FROM tasks;`,
    },
  },
  'above-maximum': {
    legacy: tasks,
    contract: taskMetric(`{ name: 'tasks that are twice in the queue', sql: 'SELECT count(*) - count(DISTINCT id) FROM queue', max: 0 }`),
    bad: {
      up: `CREATE TABLE queue (id integer REFERENCES tasks);
INSERT INTO queue SELECT id FROM tasks WHERE state IS DISTINCT FROM 'done';
INSERT INTO queue SELECT id FROM tasks WHERE state IS NULL;`,
    },
    good: {
      up: `CREATE TABLE queue (id integer REFERENCES tasks);
INSERT INTO queue SELECT id FROM tasks WHERE state <> 'done';
INSERT INTO queue SELECT id FROM tasks WHERE state IS NULL;`,
    },
  },
  changed: {
    legacy: tasks,
    contract: taskMetric(`{
      name: 'open tasks',
      before: "SELECT count(*) FROM tasks WHERE state IS DISTINCT FROM 'done'",
      sql: 'SELECT count(*) FROM queue',
      unchanged: true,
    }`),
    bad: {
      up: `CREATE TABLE queue (id integer REFERENCES tasks);
INSERT INTO queue SELECT id FROM tasks WHERE state <> 'done';`,
    },
    good: {
      up: `CREATE TABLE queue (id integer REFERENCES tasks);
INSERT INTO queue SELECT id FROM tasks WHERE state IS DISTINCT FROM 'done';`,
    },
  },
}

const shelves = `CREATE TABLE shelves (code text PRIMARY KEY);
CREATE TABLE volumes (id integer PRIMARY KEY, shelf_code text CONSTRAINT volumes_shelf_fkey REFERENCES shelves);`

export const noOrphans: Examples = {
  orphan: {
    legacy: shelves,
    bad: {
      up: `ALTER TABLE volumes DROP CONSTRAINT volumes_shelf_fkey;
UPDATE shelves SET code = 'S-' || code;`,
    },
    good: {
      up: `ALTER TABLE volumes DROP CONSTRAINT volumes_shelf_fkey;
UPDATE shelves SET code = 'S-' || code;
UPDATE volumes SET shelf_code = 'S-' || shelf_code;
ALTER TABLE volumes ADD CONSTRAINT volumes_shelf_fkey FOREIGN KEY (shelf_code) REFERENCES shelves;`,
    },
  },
}
