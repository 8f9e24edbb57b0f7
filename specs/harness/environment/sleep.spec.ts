import { describe, expect, test } from 'vitest'
import { catalogFingerprint } from '../../../harness/catalog/fingerprint.ts'
import { readObjects } from '../../../harness/catalog/read-objects.ts'
import { catalogShape } from '../../../harness/catalog/shape.ts'
import { prepareEnvironment } from '../../../harness/environment/prepare-environment.ts'
import { restoreSleep } from '../../../harness/environment/skip-sleep.ts'
import { readSources, verifyOn } from '../../../harness/history/verify.ts'
import { installedMajors } from '../../../harness/postgres/binaries.ts'
import { startCluster } from '../../../harness/postgres/start.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { writtenFiles } from '../history/written-history.ts'
import { applyIn, scriptsOf } from './apply-in.ts'

const hours = `SELECT pg_sleep(7200), pg_catalog.pg_sleep(7200) IS NOT NULL;
  DO $$ BEGIN PERFORM pg_sleep_for('2 hours'); PERFORM pg_sleep_until(clock_timestamp() + '2 hours'); EXECUTE 'SELECT pg_sleep(7200)'; END $$`

/** How long one statement took, in the server's own words. */
const milliseconds = `SELECT extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000 > 90 AS waited FROM (SELECT pg_sleep(0.1)) AS s`

describe('sleeping', () => {
  test('of a step, a DO, and a procedure that a later step calls is skipped, and said', { timeout: 30_000 }, async () => {
    await using written = await writtenFiles({
      '001_table.sql': 'CREATE TABLE t (id int PRIMARY KEY, v text);',
      '002_batches.sql': `CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN UPDATE t SET v = coalesce(v, ''); PERFORM pg_sleep(7200); END $$;`,
      '003_call.sql': `CALL fill(); ${hours};`,
    })
    const { result } = await verifyOn(await useCluster(), await readSources([written.path], {}), { runs: 3 }, {})
    expect(result.sources[0]?.brokenAt).toBe(null)
    expect(result.migrations[2]?.invariants[0]).toMatchObject({ id: 'applies', verdict: 'holds' })
    expect(result.sources[0]?.notes).toContain(
      `pg_sleep was skipped (${written.path}/002_batches.sql:1, ${written.path}/003_call.sql:1): it returns at once, except in runs under live traffic (--online).`,
    )
  })

  test('of a pair too', { timeout: 30_000 }, async () => {
    await using written = await writtenFiles({ 'legacy.sql': 'CREATE TABLE t (id int);', 'up.sql': hours })
    const { result } = await verifyOn(await useCluster(), await readSources([written.path], {}), { runs: 1 }, {})
    expect(result.verdict).not.toBe('violated')
    expect(result.sources[0]?.notes.join()).toContain('pg_sleep was skipped')
  })

  test('is skipped on every version, unseen by readers of catalogs, and comes back where time is what is looked at', async () => {
    for (const major of installedMajors()) {
      await using cluster = await startCluster({ kind: 'embedded', major })
      const plain = await applyIn(cluster, scriptsOf('CREATE TABLE t (id int)'))
      const atomic = 'CREATE FUNCTION pause() RETURNS void BEGIN ATOMIC SELECT pg_sleep(0.1); END'
      const { template } = await prepareEnvironment(cluster, { scripts: scriptsOf('SELECT pg_sleep(1)') })
      await using database = await cluster.clone(template)
      await using owner = await database.connect({ as: 'owner' })
      await owner.script('CREATE TABLE t (id int)')
      expect((await owner.query(hours.split(';')[0] ?? '')).length).toBe(1)
      expect(await owner.one(milliseconds)).toEqual({ waited: false })
      await using session = await database.connect()
      await using other = await plain.database.connect()
      expect(await catalogFingerprint(session)).toBe(await catalogFingerprint(other))
      expect(await catalogShape(session)).toBe(await catalogShape(other))
      expect(await readObjects(session)).toEqual(await readObjects(other))
      await owner.script(atomic)
      await restoreSleep(session)
      await restoreSleep(session)
      for (const call of ['pg_sleep(0.1)', "pg_sleep_for('0.1 s')", "pg_sleep_until(clock_timestamp() + '0.1 s')", 'pause()'])
        expect(await owner.one(milliseconds.replace('pg_sleep(0.1)', call))).toEqual({ waited: true })
    }
  })

  test('is not skipped where the user is no superuser, and that is said', async () => {
    await using server = await startCluster({ kind: 'embedded' })
    await using database = await server.createDatabase()
    await using session = await database.connect()
    await session.script("CREATE ROLE plain LOGIN CREATEDB PASSWORD 'x'")
    await using cluster = await startCluster({ kind: 'url', url: `postgres://plain:x@127.0.0.1:${server.address.port}/postgres` })
    const { notes } = await prepareEnvironment(cluster, { scripts: scriptsOf('SELECT pg_sleep(0)') })
    expect(notes).toEqual([
      'pg_sleep was not skipped (1.sql:1): only a superuser can do that, and the user of the cluster is none. Each run waits.',
    ])
  })
})
