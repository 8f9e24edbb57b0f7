import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readSources, verifyOn } from '../../../harness/history/verify.ts'
import type { Cluster, StartedCluster } from '../../../harness/postgres/cluster.ts'
import { startCluster } from '../../../harness/postgres/start.ts'
import { inGate } from '../../in-gate.ts'
import { writtenFiles } from '../history/written-history.ts'

/** One way in which real repositories create a role, by the role's name. */
const ways: Readonly<Record<string, (role: string) => string>> = {
  'CREATE ROLE': (role) => `CREATE ROLE ${role} NOLOGIN`,
  'CREATE USER with a password': (role) => `CREATE USER ${role} WITH LOGIN PASSWORD 'a;b'`,
  'CREATE GROUP': (role) => `CREATE GROUP ${role}`,
  'a DO that looks first': (role) => `DO $$ BEGIN
    -- create role only once
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '${role}') THEN
      CREATE ROLE ${role} LOGIN PASSWORD 'it''s; secret' NOINHERIT;
    END IF;
  END $$`,
  'a DO with EXECUTE': (role) => `DO $do$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '${role}') THEN EXECUTE 'CREATE ROLE ${role} LOGIN PASSWORD ''x'''; END IF;
  END $do$`,
  'a DO that catches what is there already': (role) =>
    `DO $$ BEGIN CREATE ROLE ${role}; EXCEPTION WHEN duplicate_object THEN RAISE NOTICE 'there'; END $$`,
}

let server: StartedCluster
beforeAll(async () => {
  server = await startCluster({ kind: 'embedded' })
})
afterAll(() => server?.stop())

const roleNames = async (cluster: Cluster) => {
  await using database = await cluster.createDatabase()
  await using session = await database.connect()
  return (await session.query<{ name: string }>('SELECT rolname AS name FROM pg_roles ORDER BY 1')).map((each) => each.name)
}

const byUrl = () =>
  startCluster({ kind: 'url', url: `postgres://postgres:${server.address.password}@127.0.0.1:${server.address.port}/postgres` })

async function verifyFiles(files: Readonly<Record<string, string>>, cluster: Cluster = server, runs = 2) {
  await using written = await writtenFiles(files)
  return (await verifyOn(cluster, await readSources([written.path], {}), { runs }, {})).result
}

const outcome = (result: Awaited<ReturnType<typeof verifyFiles>>) =>
  result.migrations.map(({ verdict, rung, findings, disagreements }) => ({
    verdict,
    rung,
    findings: findings.filter((each) => each.severity !== 'info').map((each) => `${each.invariant} ${each.kind} ${each.message}`),
    disagreements,
  }))

const fine = (rung: 'transaction' | 'cluster') => ({ verdict: 'holds', rung, findings: [], disagreements: [] })

const changed = (what: string) => `access-parity ${what} on t: the migration changes role memberships`

describe('a role that is only created', () => {
  test.each(Object.entries(ways))('by %s in a legacy schema', async (way, create) => {
    const role = `spec_legacy_${way.length}`
    const result = await verifyFiles({
      'legacy.sql': `${create(role)}; CREATE TABLE t (id int PRIMARY KEY, v text); GRANT SELECT ON t TO ${role};`,
      'up.sql': `ALTER TABLE t ADD COLUMN w text; GRANT UPDATE (w) ON t TO ${role}`,
      'down.sql': 'ALTER TABLE t DROP COLUMN w',
    })
    expect(outcome(result)).toEqual([fine('transaction')])
    expect(result.sources[0]?.notes.join()).toContain(`The role "${role}"`)
  })

  test.each(inGate(Object.entries(ways), 3))('by %s in a step without a down, with two lanes', async (way, create) => {
    const role = `spec_step_${way.length}`
    const result = await verifyFiles({
      '001_t.sql': 'CREATE TABLE t (id int PRIMARY KEY, v text);',
      '002_role.sql': `${create(role)}; GRANT SELECT ON t TO ${role}`,
      '003_more.sql': `ALTER TABLE t ADD COLUMN w text; GRANT UPDATE (w) ON t TO ${role};`,
      '004_more.sql': 'ALTER TABLE t ADD COLUMN x text;',
    })
    expect(outcome(result)).toEqual(Array.from({ length: 4 }, () => fine('transaction')))
  })

  test('by a DO that looks first in a pair with a down keeps the first rung', async () => {
    const result = await verifyFiles({
      'legacy.sql': 'CREATE TABLE t (id int PRIMARY KEY, v text);',
      'up.sql': `${ways['a DO that looks first']?.('spec_pair')}; GRANT SELECT ON t TO spec_pair`,
      'down.sql': 'REVOKE SELECT ON t FROM spec_pair',
    })
    expect(outcome(result)).toEqual([fine('transaction')])
  })
})

describe('runs at the same time on one cluster', () => {
  test('that create the same role do not disturb one another', async () => {
    const pair = (way: string) => ({
      'legacy.sql': `${ways[way]?.('spec_same')}; CREATE TABLE t (id int PRIMARY KEY, v text); GRANT SELECT ON t TO spec_same;`,
      'up.sql': 'ALTER TABLE t ADD COLUMN w text; GRANT UPDATE (w) ON t TO spec_same',
      'down.sql': 'ALTER TABLE t DROP COLUMN w',
    })
    const all = await Promise.all(['CREATE ROLE', 'a DO that looks first', 'CREATE ROLE'].map((way) => verifyFiles(pair(way))))
    expect(all.flatMap(outcome)).toEqual(all.map(() => fine('transaction')))
  })
})

describe('a role that is created and changed or dropped', () => {
  test('by down is back in the state before', async () => {
    const result = await verifyFiles({
      'legacy.sql': 'CREATE TABLE t (id int PRIMARY KEY, v text);',
      'up.sql': 'CREATE ROLE spec_dropped; GRANT SELECT ON t TO spec_dropped; ALTER ROLE spec_dropped SET statement_timeout = 1000',
      'down.sql': 'DROP OWNED BY spec_dropped; DROP ROLE IF EXISTS spec_dropped',
    })
    expect(outcome(result)).toEqual([fine('cluster')])
  })

  test.each([15, 16, 17])('and dropped by down on PostgreSQL %i', async (major) => {
    await using cluster = await startCluster({ kind: 'embedded', major })
    const result = await verifyFiles(
      {
        'legacy.sql': 'CREATE ROLE spec_kept; ALTER ROLE spec_kept NOINHERIT; CREATE TABLE t (id int PRIMARY KEY, v text);',
        'up.sql': 'CREATE ROLE spec_dropped; GRANT spec_kept TO spec_dropped; GRANT SELECT ON t TO spec_kept; ALTER ROLE spec_kept INHERIT',
        'down.sql': 'REVOKE SELECT ON t FROM spec_kept; DROP ROLE spec_dropped; ALTER ROLE spec_kept NOINHERIT',
      },
      cluster,
    )
    expect(result.migrations[0]).toMatchObject({ rung: 'cluster', verdict: 'holds', disagreements: [] })
  })

  test('that down forgets makes the second up fail', async () => {
    const result = await verifyFiles({
      'legacy.sql': 'CREATE TABLE t (id int PRIMARY KEY, v text);',
      'up.sql': 'CREATE ROLE spec_forgotten; GRANT SELECT ON t TO spec_forgotten',
      'down.sql': 'REVOKE SELECT ON t FROM spec_forgotten',
    })
    expect(result.migrations[0]?.rung).toBe('cluster')
    expect(result.migrations[0]?.verdict).toBe('violated')
    expect(outcome(result)[0]?.findings.join()).toContain('already exists')
  })

  test('after a legacy schema made and used it', async () => {
    const result = await verifyFiles({
      'legacy.sql': `CREATE ROLE spec_old; CREATE ROLE spec_group; GRANT spec_group TO spec_old; CREATE TABLE t (id int PRIMARY KEY, v text); GRANT SELECT ON t TO spec_old;`,
      'up.sql': 'ALTER ROLE spec_old NOINHERIT; REVOKE spec_group FROM spec_old; DROP OWNED BY spec_old; DROP ROLE spec_old',
      'down.sql': 'CREATE ROLE spec_old; GRANT spec_group TO spec_old; GRANT SELECT ON t TO spec_old',
    })
    expect(outcome(result)).toEqual([{ ...fine('cluster'), findings: [changed('lost Role spec_old loses SELECT')] }])
  })

  test('in a history whose later steps use it', async () => {
    const result = await verifyFiles({
      '001_t.up.sql': 'CREATE TABLE t (id int PRIMARY KEY, v text);',
      '001_t.down.sql': 'DROP TABLE t;',
      '002_role.up.sql': 'CREATE ROLE spec_user; CREATE ROLE spec_team; GRANT spec_team TO spec_user; GRANT SELECT ON t TO spec_team;',
      '002_role.down.sql': 'REVOKE SELECT ON t FROM spec_team; DROP ROLE spec_user; DROP ROLE spec_team;',
      '003_w.up.sql': 'ALTER TABLE t ADD COLUMN w text; GRANT UPDATE (w) ON t TO spec_team;',
      '003_w.down.sql': 'ALTER TABLE t DROP COLUMN w;',
      '004_gone.up.sql': 'REVOKE ALL ON t FROM spec_team; REVOKE ALL (w) ON t FROM spec_team; DROP ROLE spec_user;',
      '004_gone.down.sql': 'CREATE ROLE spec_user; GRANT spec_team TO spec_user; GRANT SELECT, UPDATE (w) ON t TO spec_team;',
    })
    expect(outcome(result)).toEqual([
      fine('transaction'),
      { ...fine('cluster'), findings: [changed('gained Role spec_user gains SELECT')] },
      fine('transaction'),
      { ...fine('cluster'), findings: [changed('lost Role spec_user loses SELECT, UPDATE (w)')] },
    ])
    expect(result.sources[0]?.endToEnd).toMatchObject({ verdict: 'holds' })
  })
})

describe('a server given by URL', () => {
  const legacy = 'CREATE TABLE t (id int PRIMARY KEY, v text);'

  test('keeps no role, also after a failure', async () => {
    const before = await roleNames(server)
    const cluster = await byUrl()
    await verifyFiles({ 'legacy.sql': `CREATE ROLE spec_url; ${legacy}`, 'up.sql': 'GRANT SELECT ON t TO spec_url' }, cluster)
    await expect(
      verifyFiles({ 'legacy.sql': `CREATE ROLE spec_url_failed; ${legacy} SELECT 1 / 0;`, 'up.sql': 'SELECT 1' }, cluster),
    ).rejects.toThrow('division by zero')
    expect(await roleNames(server)).toContain('spec_url')
    await cluster.stop()
    expect(await roleNames(server)).toEqual(before)
  })

  test('is not touched by what changes its roles: another one stands in for it, and that is said', async () => {
    const before = await roleNames(server)
    await using cluster = await byUrl()
    const result = await verifyFiles(
      { 'legacy.sql': legacy, 'up.sql': 'CREATE ROLE spec_away', 'down.sql': 'DROP ROLE spec_away' },
      cluster,
    )
    expect(outcome(result)).toEqual([fine('cluster')])
    expect(result.sources[0]?.notes[0]).toMatch(
      /^Verified on an embedded PostgreSQL \S+ in place of the server given by URL, whose roles and settings are not ours to change: roles belong to the whole cluster \(.*up\.sql:1\)\.$/,
    )
    expect((await roleNames(server)).filter((each) => !each.startsWith('godwit_'))).toEqual(
      before.filter((each) => !each.startsWith('godwit_')),
    )
  })
})
