import { describe, expect, test } from 'vitest'
import { verifyInline } from '../../harness/verify/verify-inline.ts'

async function found(legacy: string, up: string, down?: string): Promise<readonly string[]> {
  const { findings } = await verifyInline(legacy, up, { runs: 10, ...(down === undefined ? {} : { files: { 'down.sql': down } }) })
  const about = findings.filter(({ severity, invariant }) => severity !== 'info' && /definitions-kept|rollback/.test(invariant))
  return about.flatMap(({ severity, invariant, kind, attribute }) =>
    kind === 'missing' ? [] : [`${severity} ${invariant} ${kind} ${attribute}`],
  )
}

describe('NOT NULL', () => {
  const label = 'CREATE TABLE label (id text PRIMARY KEY, name text NOT NULL, task text NOT NULL)'

  test.each([
    "DO $$ BEGIN IF EXISTS (SELECT FROM information_schema.columns WHERE column_name = 'task' AND is_nullable = 'NO') THEN ALTER TABLE label ALTER task DROP NOT NULL; END IF; END $$",
    "DO $$ BEGIN EXECUTE format('ALTER TABLE %I ALTER COLUMN task DROP NOT NULL', 'label'); END $$",
  ])('may go by a statement in a block: %s', async (up) => {
    expect(await found(label, up)).toEqual([])
  })

  test('may be left out in a new table that takes one column', async () => {
    const up = `CREATE TABLE note (id text PRIMARY KEY, label text NOT NULL REFERENCES label (id), task text);
      INSERT INTO note SELECT 'n_' || id, id, task FROM label; ALTER TABLE label DROP COLUMN task`
    expect(await found(label, up)).toEqual([])
  })

  test('may not be left out in the table that takes the place of the old one', async () => {
    const up = `CREATE TABLE label_new (id text PRIMARY KEY, name text NOT NULL, task text);
      INSERT INTO label_new SELECT * FROM label; DROP TABLE label; ALTER TABLE label_new RENAME TO label`
    expect(await found(label, up)).toEqual(['warning definitions-kept not-null task'])
  })
})

test('a body that down writes with other blanks is the same body', async () => {
  const body = (indent: string, name: string) =>
    `CREATE OR REPLACE FUNCTION mark() RETURNS text LANGUAGE plpgsql AS $$\nBEGIN\n${indent}RETURN '${name}';\nEND;\n$$`
  const legacy = `CREATE TABLE t (id int PRIMARY KEY); ${body('    ', 'old')}`
  expect(await found(legacy, body('  ', 'new'), body('  ', 'old'))).toEqual([])
  expect(await found(legacy, body('  ', 'new'), body('  ', 'older'))).toEqual(['error rollback-restores-state schema null'])
})
