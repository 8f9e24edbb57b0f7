import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readSources, verifyOn } from '../../../harness/history/index.ts'
import type { VerifyOptions } from '../../../harness/verify/index.ts'
import { useCluster } from '../../../harness/vitest/index.ts'
import { writtenFiles } from './written-history.ts'

const shop = {
  '001_customers.up.sql': 'CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, phone text);',
  '001_customers.down.sql': 'DROP TABLE customers;',
  '002_orders.up.sql':
    'CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, total numeric(10,2) NOT NULL);',
  '002_orders.down.sql': 'DROP TABLE orders;',
}

async function verifyFiles(files: Readonly<Record<string, string>>, options: VerifyOptions = {}) {
  await using written = await writtenFiles(files)
  const { result } = await verifyOn(await useCluster(), await readSources([written.path], options), { runs: 6, ...options }, {})
  return result
}

const verdicts = (result: Awaited<ReturnType<typeof verifyFiles>>) =>
  Object.fromEntries(result.migrations.map((each) => [each.name, each.verdict]))

describe('a history', () => {
  test('of sound steps holds, each verified in the state just before it, and the way back from the end', async () => {
    const result = await verifyFiles({
      ...shop,
      '003_email.up.sql': 'ALTER TABLE customers ADD COLUMN email text;',
      '003_email.down.sql': 'ALTER TABLE customers DROP COLUMN email;',
    })
    expect(result.verdict).toBe('holds')
    expect(result.migrations).toHaveLength(3)
    expect(result.sources[0]).toMatchObject({ format: 'golang-migrate', steps: 3, verified: 3, brokenAt: null })
    expect(result.sources[0]?.endToEnd).toEqual({ steps: 3, verdict: 'holds', because: '' })
  })

  test('names the step that loses a column, and no other', async () => {
    const result = await verifyFiles({
      ...shop,
      '003_no_phone.up.sql': 'ALTER TABLE customers DROP COLUMN phone;',
      '003_no_phone.down.sql': 'ALTER TABLE customers ADD COLUMN phone text;',
      '004_note.up.sql': 'ALTER TABLE orders ADD COLUMN note text;',
      '004_note.down.sql': 'ALTER TABLE orders DROP COLUMN note;',
    })
    const bad = result.migrations.filter((each) => each.verdict === 'violated')
    expect(bad.map((each) => each.name)).toEqual(['003_no_phone.up.sql'])
    expect(bad[0]?.findings.find((each) => each.invariant === 'zero-loss')).toMatchObject({
      kind: 'cell-lost',
      relation: 'public.customers',
      attribute: 'phone',
    })
  })

  test('in which a column is copied at one step and dropped at a later one loses nothing', async () => {
    const result = await verifyFiles({
      '001_a.sql': 'CREATE TABLE people (id bigint PRIMARY KEY, fullname text NOT NULL);',
      '002_copy.sql': 'ALTER TABLE people ADD COLUMN display_name text; UPDATE people SET display_name = fullname;',
      '003_else.sql': 'CREATE INDEX ON people (display_name);',
      '004_drop.sql': 'ALTER TABLE people DROP COLUMN fullname;',
    })
    expect(verdicts(result)['004_drop.sql']).toBe('holds')
    expect(result.migrations[3]?.findings[0]).toMatchObject({ severity: 'info', evidence: { heldBy: 'public.people.display_name' } })
  })

  test('in which only some rows were copied before the column is dropped loses the others', async () => {
    const result = await verifyFiles({
      '001_a.sql': 'CREATE TABLE people (id bigint PRIMARY KEY, fullname text NOT NULL, active boolean NOT NULL);',
      '002_copy.sql': 'ALTER TABLE people ADD COLUMN display_name text; UPDATE people SET display_name = fullname WHERE active;',
      '004_drop.sql': 'ALTER TABLE people DROP COLUMN fullname;',
    })
    expect(verdicts(result)['004_drop.sql']).toBe('violated')
  })

  test('in which the copy is overwritten before the column is dropped loses it', async () => {
    const result = await verifyFiles({
      '001_a.sql': 'CREATE TABLE people (id bigint PRIMARY KEY, fullname text NOT NULL);',
      '002_copy.sql': 'ALTER TABLE people ADD COLUMN display_name text; UPDATE people SET display_name = fullname;',
      '003_else.sql': "UPDATE people SET display_name = 'x';",
      '004_drop.sql': 'ALTER TABLE people DROP COLUMN fullname;',
    })
    expect(verdicts(result)['004_drop.sql']).toBe('violated')
  })

  test('with a step that is no SQL softens what goes missing after it, and says so', async () => {
    const files = {
      'migrations/20240101000000_a/migration.sql': 'CREATE TABLE people (id bigint PRIMARY KEY, fullname text NOT NULL);',
      'migrations/20240102000000_move/migration.ts': 'export default async () => undefined',
      'migrations/20240103000000_drop/migration.sql': 'ALTER TABLE people DROP COLUMN fullname;',
      'migrations/migration_lock.toml': 'provider = "postgresql"\n',
    }
    const result = await verifyFiles(files, { format: 'prisma' })
    expect(result.migrations.map((each) => each.verdict)).toEqual(['holds', 'unknown', 'unknown'])
    expect(result.migrations[2]?.findings[0]).toMatchObject({ severity: 'warning', kind: 'cell-lost' })
    expect(result.migrations[2]?.findings[0]?.message).toContain('20240102000000_move')
  })

  test('that does not apply to an empty database names the first step and statement, and goes on', async () => {
    const result = await verifyFiles({
      ...shop,
      '003_broken.up.sql': 'CREATE TABLE fine (id int);\nALTER TABLE nowhere ADD COLUMN x int;',
      '003_broken.down.sql': 'DROP TABLE fine;',
      '004_follows.up.sql': 'ALTER TABLE nowhere ADD COLUMN y int;',
      '004_follows.down.sql': 'ALTER TABLE nowhere DROP COLUMN y;',
      '005_fine.up.sql': 'ALTER TABLE fine ADD COLUMN z int;',
      '005_fine.down.sql': 'ALTER TABLE fine DROP COLUMN z;',
    })
    expect(result.sources[0]?.brokenAt).toMatchObject({ migration: '003_broken.up.sql', line: 2 })
    expect(result.sources[0]?.brokenAt?.message).toContain('42P01')
    expect(verdicts(result)).toMatchObject({ '003_broken.up.sql': 'unknown', '004_follows.up.sql': 'unknown', '005_fine.up.sql': 'holds' })
    expect(result.migrations[3]?.notChecked.join()).toContain('003_broken.up.sql')
  })

  test('finds downs that run step by step and not from the end', async () => {
    const result = await verifyFiles({
      '001_a.up.sql': 'CREATE TABLE a (id int PRIMARY KEY);',
      '001_a.down.sql': 'DROP TABLE a;',
      '002_b.up.sql': 'CREATE VIEW v AS SELECT id FROM a;',
      '002_b.down.sql': 'SELECT 1;',
    })
    expect(result.sources[0]?.endToEnd).toMatchObject({ verdict: 'violated' })
    expect(result.sources[0]?.endToEnd?.because).toContain('001_a')
    expect(verdicts(result)['001_a.up.sql']).toBe('violated')
  })

  test('a check that the last down makes again as PostgreSQL prints it is restored', async () => {
    const printed = `CHECK (((shade)::text = ANY ((ARRAY['light'::character varying, 'dark'::character varying])::text[])))`
    const result = await verifyFiles({
      '001_a.sql': `CREATE TABLE a (id int PRIMARY KEY, shade varchar(5) CHECK (shade IN ('light', 'dark')));`,
      '002_b.sql': 'ALTER TABLE a DROP CONSTRAINT a_shade_check;',
      '002_b.down.sql': `ALTER TABLE a ADD CONSTRAINT a_shade_check ${printed};`,
    })
    expect(result.sources[0]?.endToEnd).toEqual({ steps: 1, verdict: 'holds', because: '' })
  })

  test('verifies only the steps that are named, in their place', async () => {
    const files = { ...shop, '003_x.up.sql': 'ALTER TABLE orders DROP COLUMN total;', '003_x.down.sql': 'SELECT 1;' }
    const result = await verifyFiles(files, { only: ['003_x.up.sql'] })
    expect(result.migrations.map((each) => each.name)).toEqual(['003_x.up.sql'])
    expect(result.verdict).toBe('violated')
  })

  test('takes verdicts from the cache while nothing that they depend on has changed', async () => {
    await using cache = await writtenFiles({})
    const options = { cacheDirectory: cache.path }
    await using written = await writtenFiles(shop)
    const run = async () =>
      (await verifyOn(await useCluster(), await readSources([written.path], {}), { runs: 6, ...options }, {})).result.sources[0]
    expect(await run()).toMatchObject({ verified: 2, cached: 0 })
    expect(await run()).toMatchObject({ verified: 0, cached: 2 })
    await writeFile(join(written.path, '002_orders.up.sql'), `${shop['002_orders.up.sql']} -- changed`)
    expect(await run()).toMatchObject({ verified: 1, cached: 1 })
    expect((await readdir(cache.path)).length).toBeGreaterThan(0)
  })

  test('stops at the time limit and names what was left out', async () => {
    const result = await verifyFiles(shop, { timeLimitMs: 0 })
    expect(result.verdict).toBe('unknown')
    expect(result.sources[0]?.notes.join()).toContain('time limit')
    expect(result.migrations[1]?.notChecked.join()).toContain('time limit')
  })

  test('with roles of its own verifies on a cluster of its own, twice over', async () => {
    const files = {
      '001_role.sql':
        'CREATE ROLE godwit_spec_reader; CREATE TABLE t (id int PRIMARY KEY, v text); GRANT SELECT ON t TO godwit_spec_reader;',
      '002_more.sql': 'ALTER TABLE t ADD COLUMN w text; GRANT UPDATE (w) ON t TO godwit_spec_reader;',
    }
    expect((await verifyFiles(files)).verdict).toBe('holds')
    expect((await verifyFiles(files)).verdict).toBe('holds')
  })
})
