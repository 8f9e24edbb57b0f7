import { execFileSync } from 'node:child_process'
import { appendFileSync, chownSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { serverAccount } from '../harness/postgres/account.ts'
import { requireInstallation, runnableBinaries } from '../harness/postgres/binaries.ts'
import { openSession } from '../harness/postgres/connection.ts'
import type { Session, StartedCluster } from '../harness/postgres/index.ts'
import { makeRunDirectory } from '../harness/postgres/run-directory.ts'
import { startServerProcess } from '../harness/postgres/server-process.ts'
import { throwawayServerSettings } from '../harness/postgres/settings.ts'

/** For the cluster that a standby is to follow. */
export const primarySettings = { wal_level: 'replica', max_wal_senders: '4', wal_keep_size: '1GB', synchronous_commit: 'on' }

/** A server that follows another one by streaming replication, and answers reads. */
export interface Standby extends AsyncDisposable {
  /** A superuser's session on a database of that name. */
  connect(database: string): Promise<Session>
}

/**
 * Copy a running server's data as a base backup, and start a standby on the copy.
 *
 * @param delay  How long replay waits for a reader before it cancels him: `max_standby_streaming_delay`.
 * @see https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP
 */
export async function startStandby({ address }: StartedCluster, delay: string): Promise<Standby> {
  const { major } = address.version
  const directory = makeRunDirectory()
  const data = join(directory, 'data')
  await using session = await openSession({ address, database: address.database, user: address.user, password: address.password })
  appendFileSync(join(dirname(address.host), 'data', 'pg_hba.conf'), 'local replication all scram-sha-256\n')
  await session.script('SELECT pg_reload_conf()')
  await session.script(`SELECT pg_backup_start('standby', true)`)
  // Owners and modes as they are: the server refuses others.
  execFileSync('cp', ['-a', join(dirname(address.host), 'data'), data])
  const [stopped] = await session.script('SELECT labelfile FROM pg_backup_stop(false)')
  for (const left of ['postmaster.pid', 'postmaster.opts']) rmSync(join(data, left), { force: true })
  const account = serverAccount()
  for (const [file, text] of [
    ['backup_label', stopped?.rows[0]?.[0] ?? ''],
    ['standby.signal', ''],
  ] as const) {
    writeFileSync(join(data, file), text)
    if (account !== undefined) chownSync(join(data, file), account.uid, account.gid)
  }
  const primary = `host=${address.host} port=${address.port} user=${address.user} password=${address.password}`
  const settings = { ...throwawayServerSettings(major), ...primarySettings, primary_conninfo: primary, max_standby_streaming_delay: delay }
  const { port } = address
  const server = await startServerProcess(
    runnableBinaries(requireInstallation(major)),
    { directory, port, listen: undefined, settings },
    60_000,
  )
  const own = { ...address, host: join(directory, 'socket'), tcpHost: undefined }
  return {
    connect: (database) => openSession({ address: own, database, user: address.user, password: address.password }),
    async [Symbol.asyncDispose]() {
      await server.stop()
      rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}
