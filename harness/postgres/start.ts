import { EnvironmentError } from '../errors.ts'
import type { Cluster, ClusterAddress, ClusterRequest, JoinedCluster, StartedCluster } from './cluster.ts'
import { startContainer } from './container.ts'
import { type DatabaseFactory, databaseFactory } from './databases.ts'
import { loadDriver } from './driver.ts'
import { startEmbedded } from './embedded.ts'
import { beforeInterrupt, freezeWhileEnding } from './interrupt.ts'
import { StageClock, type StartedServer, type StartOptions } from './started-server.ts'
import { useUrl } from './url.ts'

const STARTUP_TIMEOUT_MS = 60_000

export interface StartClusterOptions {
  /** Default 60 000. */
  readonly startupTimeoutMs?: number
  readonly signal?: AbortSignal
  /** Server settings for a cluster of our own, e.g. `{ fsync: 'on' }` when a crash is the subject; ignored for a URL. */
  readonly settings?: Readonly<Record<string, string>>
  /** Keep an embedded server's data on a disk, and not in shared memory (default false). */
  readonly onDisk?: boolean
  /** Use a URL's server although it looks like production (default false). */
  readonly allowAnyServer?: boolean
}

/**
 * Start (or, for a URL, move into) a cluster. What earlier runs left behind is swept first; what this one makes is gone after `stop`,
 * after SIGINT, SIGTERM or SIGHUP, and, where the process is killed, at the latest when the next one starts.
 *
 * @throws {InputError} for a version that is not installed.
 * @throws {EnvironmentError} when there is no way to get the cluster; for a URL also when it looks like production.
 */
export async function startCluster(request: ClusterRequest, options: StartClusterOptions = {}): Promise<StartedCluster> {
  options.signal?.throwIfAborted()
  const clock = new StageClock()
  const starting = startServer(request, {
    startupTimeoutMs: options.startupTimeoutMs ?? STARTUP_TIMEOUT_MS,
    signal: options.signal,
    settings: options.settings ?? {},
    onDisk: options.onDisk ?? false,
    allowAnyServer: options.allowAnyServer ?? false,
    clock,
  })
  // While the server starts; whoever opens the first session waits for it, and is told what goes wrong.
  loadDriver().catch(() => undefined)
  // From here on, so that a signal in the middle of the start leaves nothing either.
  const forgetStart = beforeInterrupt(() => starting.then((server) => server.stop()))
  const server = await starting.finally(forgetStart)
  await freezeWhileEnding()
  const databases = databaseFactory(server.address)
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopped ??= databases
      .close()
      .then(() => server.stop())
      .finally(forget)
    return stopped
  }
  const forget = beforeInterrupt(stop)
  const crash = async (): Promise<void> => {
    if (server.crash === undefined)
      throw new EnvironmentError('only an embedded server can be killed', { hint: 'Leave --postgres out, or name a version.' })
    await server.crash()
  }
  const { address } = server
  return { ...clusterOf(address, databases), startTimings: clock.laps, address, stop, crash, [Symbol.asyncDispose]: stop }
}

/** Work in a cluster that another process started; nothing is sent before the first database is asked for. */
export async function joinCluster(address: ClusterAddress): Promise<JoinedCluster> {
  const databases = databaseFactory(address)
  const leave = (): Promise<void> => databases.close()
  return { ...clusterOf(address, databases), leave, [Symbol.asyncDispose]: leave }
}

async function startServer(request: ClusterRequest, options: StartOptions): Promise<StartedServer> {
  switch (request.kind) {
    case 'embedded':
      return startEmbedded(request.major, options)
    case 'container':
      return startContainer(request.image, options)
    case 'url':
      return useUrl(request.url, options)
  }
}

function clusterOf({ kind, version, owner, superuser }: ClusterAddress, databases: DatabaseFactory): Cluster {
  const { createDatabase, template, clone } = databases
  return { kind, version, owner, superuser, createDatabase, template, clone }
}
