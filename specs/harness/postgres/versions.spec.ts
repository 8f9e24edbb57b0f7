import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { durableServerSettings, installedMajors, StatementError, startCluster } from '../../../harness/postgres/index.ts'

describe('embedded cluster', () => {
  test.each(installedMajors())('of version %i starts, says its version and stops', async (major) => {
    const cluster = await startCluster({ kind: 'embedded', major })
    expect(cluster).toMatchObject({
      kind: 'embedded',
      superuser: true,
      owner: 'godwit_owner',
      version: { major, text: expect.stringMatching(`^${major}\\.\\d+$`) },
    })
    expect(Object.keys(cluster.startTimings)).toEqual(['find', 'initdb', 'start', 'connect'])
    await using database = await cluster.createDatabase()
    await using session = await database.connect()
    expect(await session.one(`SELECT current_setting('fsync') AS fsync, current_setting('TimeZone') AS zone`)).toEqual({
      fsync: 'off',
      zone: 'UTC',
    })
    await session.close()
    await cluster.stop()
    expect(existsSync(dirname(cluster.address.host))).toBe(false)
  })

  test('takes settings of its own', async () => {
    await using cluster = await startCluster(
      { kind: 'embedded' },
      { settings: { fsync: 'on', wal_level: 'logical', max_wal_senders: '2' } },
    )
    await using database = await cluster.createDatabase()
    await using session = await database.connect()
    expect(await session.one(`SELECT current_setting('fsync') AS fsync, current_setting('wal_level') AS wal`)).toEqual({
      fsync: 'on',
      wal: 'logical',
    })
  })

  test('comes back after one of its backends was killed, with what was committed', async () => {
    await using cluster = await startCluster({ kind: 'embedded' }, { settings: durableServerSettings })
    await using database = await cluster.createDatabase()
    const victim = await database.connect()
    await victim.script('CREATE TABLE kept AS SELECT 1 AS x')
    process.kill(victim.processId, 'SIGKILL')
    await expect(victim.query('SELECT 1')).rejects.toBeInstanceOf(StatementError)
    // The server may take a session before it notices, and cuts it off then.
    const kept = async () => {
      await using session = await database.connect()
      return await session.one('SELECT x FROM kept')
    }
    expect(await vi.waitUntil(() => kept().catch(() => undefined), { timeout: 20_000 })).toEqual({ x: 1 })
    await using another = await cluster.createDatabase()
    expect(another.name).not.toBe(database.name)
  })

  test('that cannot start says what the server said, and leaves nothing', async () => {
    await expect(startCluster({ kind: 'embedded' }, { settings: { wal_level: 'nonsense' } })).rejects.toMatchObject({
      exitCode: 3,
      detail: expect.stringContaining('invalid value for parameter "wal_level"'),
    })
  })

  test('that is given up before it began is not started', async () => {
    await expect(startCluster({ kind: 'embedded' }, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/)
  })
})
