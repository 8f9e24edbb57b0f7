import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { StartedPostgreSqlContainer } from '@testcontainers/postgresql'
import { openSession } from '../../../harness/postgres/connection.ts'
import { containerEngine } from '../../../harness/postgres/container.ts'
import type { ClusterAddress, Database } from '../../../harness/postgres/index.ts'
import { identifyProcess } from '../../../harness/postgres/process-identity.ts'
import { throwawayServerSettings } from '../../../harness/postgres/settings.ts'

/** A container whose one database is put back from a Testcontainers snapshot. */
export interface SnapshotContainer extends AsyncDisposable {
  readonly database: Database
  readonly container: StartedPostgreSqlContainer
}

const usual = 'godwit/postgres:15-debian'

/** The image to measure with, or why there is none. */
export async function measurableImage(): Promise<{ readonly image: string } | { readonly because: string }> {
  const engine = await containerEngine()
  if (engine === undefined) return { because: 'no container engine answers' }
  const image = process.env.GODWIT_TEST_CONTAINER_IMAGE ?? usual
  const there = await engine.container.dockerode
    .getImage(image)
    .inspect()
    .then(
      () => true,
      () => false,
    )
  return there ? { image } : { because: `the engine has no image ${image}` }
}

/**
 * Start it with the same settings, and on the same kind of memory, as a cluster of our own: what is compared is the way back to the
 * legacy state, not fsync.
 */
export async function startSnapshotContainer(image: string): Promise<SnapshotContainer> {
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql')
  // Its sweeper is an image that many machines cannot pull.
  process.env.TESTCONTAINERS_RYUK_DISABLED ??= 'true'
  const settings = Object.entries(throwawayServerSettings(0)).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const container = await new PostgreSqlContainer(image)
    .withUsername('postgres')
    .withPassword(randomBytes(9).toString('hex'))
    .withDatabase('legacy')
    .withCommand(['postgres', ...settings])
    .withEnvironment({ PGDATA: '/bench/data' })
    .withTmpFs({ '/bench': 'rw' })
    // By which the next container cluster sweeps what a killed benchmark leaves.
    .withLabels({ 'dev.godwit.owner': JSON.stringify({ ...identifyProcess(process.pid), host: hostname() }) })
    .start()
  const address: ClusterAddress = {
    kind: 'container',
    host: container.getHost(),
    port: container.getPort(),
    user: container.getUsername(),
    password: container.getPassword(),
    database: 'postgres',
    version: { text: '', major: 0 },
    owner: container.getUsername(),
    superuser: true,
  }
  const drop = async () => undefined
  const database: Database = {
    name: container.getDatabase(),
    connect: (options) =>
      openSession({ address, database: container.getDatabase(), user: address.user, password: address.password, options }),
    url: () => container.getConnectionUri(),
    drop,
    [Symbol.asyncDispose]: drop,
  }
  const stop = async () => {
    await container.stop({ timeout: 0, remove: true, removeVolumes: true })
  }
  return { database, container, [Symbol.asyncDispose]: stop }
}
