import { expect, test } from 'vitest'
import { mayChangeDefinitions } from '../../../harness/invariants/definitions-kept/may-change-definitions.ts'
import { parseScript } from '../../../harness/migration/index.ts'

const may = (sql: string) => mayChangeDefinitions({ kind: 'sql', script: parseScript('up.sql', sql) })

test.each([
  'CREATE TABLE a (id int); CREATE INDEX ON a (id)',
  'ALTER TABLE a ADD COLUMN b int NOT NULL DEFAULT 0, ADD CONSTRAINT c CHECK (b > 0), ALTER COLUMN b SET NOT NULL',
  'ALTER TABLE a VALIDATE CONSTRAINT c',
  'CREATE VIEW v AS SELECT 1; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
  'UPDATE a SET b = 1; SELECT 1',
])('%s only adds', (sql) => {
  expect(may(sql)).toBe(false)
})

test.each([
  'ALTER TABLE a ADD COLUMN b int, DROP COLUMN c',
  'ALTER TABLE a ALTER COLUMN b TYPE bigint',
  'ALTER TABLE a ALTER COLUMN b DROP NOT NULL',
  'ALTER TABLE a DISABLE TRIGGER ALL',
  'CREATE OR REPLACE VIEW v AS SELECT 1',
  'CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
  'DROP INDEX i',
  'DO $$ BEGIN DROP INDEX i; END $$',
  'SELECT drop_it()',
])('%s may take something away', (sql) => {
  expect(may(sql)).toBe(true)
})
