import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { PostgreSqlContainer, StartedPostgreSqlContainer } from '@testcontainers/postgresql'
import { EnvironmentError } from '../errors.ts'
import type { ClusterAddress } from './cluster.ts'
import { SUPERUSER } from './data-directory.ts'
import { superuserSession } from './databases.ts'
import { moveIn } from './guest.ts'
import { identifyProcess, type ProcessIdentity, processState } from './process-identity.ts'
import { newRun } from './run.ts'
import { throwawayServerSettings } from './settings.ts'
import type { StartedServer, StartOptions } from './started-server.ts'
import { loadTestcontainers, requireTestcontainers } from './testcontainers.ts'

const OWNER_LABEL = 'dev.godwit.owner'
const DATABASE = 'postgres'
/** A container that another machine, or a process we cannot see, has started on this engine is left alone for so long. */
const ELSEWHERE_MS = 24 * 3600_000

/**
 * Start a container by Testcontainers, from any image that is used as the official one: `POSTGRES_PASSWORD`, port 5432.
 *
 * @throws {EnvironmentError} when Testcontainers is not installed, there is no engine, no such image, or the server in it does not come up.
 */
export async function startContainer(image: string, options: StartOptions): Promise<StartedServer> {
  const { PostgreSqlContainer } = await requireTestcontainers()
  const engine = await containerEngine()
  if (engine === undefined)
    throw new EnvironmentError('no container engine answers', {
      hint: 'Start Docker, or set DOCKER_HOST, or leave --postgres out to use the embedded binaries.',
    })
  await sweepContainers(engine)
  await withoutReaperWhereAbsent(engine)
  options.clock.lap('find')
  const container = await startTunedOrPlain(() => new PostgreSqlContainer(image), image, engine, options)
  options.clock.lap('start')
  const stop = async (): Promise<void> => {
    await container.stop({ timeout: 0, remove: true, removeVolumes: true })
  }
  try {
    const session = await superuserSession(addressOf(container), DATABASE, { statementTimeoutMs: 0 }, true)
    const { address } = await moveIn(session, addressOf(container)).finally(() => session.close())
    options.clock.lap('connect')
    return { address, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Some images take no `postgres -c …`, or no data directory elsewhere: those are started as they are. */
async function startTunedOrPlain(
  make: () => PostgreSqlContainer,
  image: string,
  engine: Engine,
  options: StartOptions,
): Promise<StartedPostgreSqlContainer> {
  try {
    return await basic(make(), options)
      .withCommand(['postgres', ...settingsOfAnyVersion(options)])
      .withEnvironment({ PGDATA: '/godwit/data' })
      .withTmpFs({ '/godwit': 'rw' })
      .start()
  } catch (tuned) {
    if (!(await isThere(engine, image))) throw failed(image, tuned, `See that "docker pull ${image}" works here.`)
    try {
      return await basic(make(), options).start()
    } catch (plain) {
      throw failed(
        image,
        plain,
        'See what "docker run" says of the image: it is used as the official one, with POSTGRES_PASSWORD and port 5432.',
      )
    }
  }
}

function basic(container: PostgreSqlContainer, { startupTimeoutMs }: StartOptions): PostgreSqlContainer {
  return container
    .withUsername(SUPERUSER)
    .withPassword(randomBytes(18).toString('hex'))
    .withDatabase(DATABASE)
    .withLabels({ [OWNER_LABEL]: JSON.stringify({ ...identifyProcess(process.pid), host: hostname() }) })
    .withStartupTimeout(startupTimeoutMs)
}

/** The version is not known yet; those of the oldest are known to all. */
function settingsOfAnyVersion({ settings }: StartOptions): readonly string[] {
  return Object.entries({ ...throwawayServerSettings(0), ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

async function isThere(engine: Engine, image: string): Promise<boolean> {
  return engine.container.dockerode
    .getImage(image)
    .inspect()
    .then(
      () => true,
      () => false,
    )
}

function failed(image: string, cause: unknown, hint: string): EnvironmentError {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new EnvironmentError(`no cluster from image "${image}"`, { detail: message.split('\n').slice(0, 3).join(' ').trim(), hint, cause })
}

function addressOf(container: StartedPostgreSqlContainer): ClusterAddress {
  const [host, port] = [container.getHost(), container.getPort()]
  return {
    kind: 'container',
    host,
    port,
    user: SUPERUSER,
    password: container.getPassword(),
    database: DATABASE,
    version: { text: '', major: 0 },
    owner: SUPERUSER,
    superuser: true,
    run: newRun(),
    tcpHost: host,
  }
}

type Engine = Awaited<ReturnType<typeof import('testcontainers')['getContainerRuntimeClient']>>

/** undefined where none answers, or Testcontainers is not installed. */
export async function containerEngine(): Promise<Engine | undefined> {
  const testcontainers = await loadTestcontainers()
  return testcontainers?.getContainerRuntimeClient().catch(() => undefined)
}

/** Testcontainers' own sweeper is an image too, which many machines cannot pull; our labels do without it. */
async function withoutReaperWhereAbsent(engine: Engine): Promise<void> {
  if (process.env.TESTCONTAINERS_RYUK_DISABLED !== undefined) return
  const name = process.env.RYUK_CONTAINER_IMAGE ?? 'testcontainers/ryuk'
  const images = await engine.container.dockerode.listImages()
  if (!images.some(({ RepoTags }) => RepoTags?.some((tag) => tag.startsWith(name)))) process.env.TESTCONTAINERS_RYUK_DISABLED = 'true'
}

/**
 * Remove the containers of runs whose process is gone.
 *
 * @returns their ids.
 */
export async function sweepContainers(engine: Engine): Promise<readonly string[]> {
  const { dockerode } = engine.container
  const ours = await dockerode.listContainers({ all: true, filters: { label: [OWNER_LABEL] } })
  const left = ours.filter(({ Labels, Created }) => isLeft(Labels[OWNER_LABEL], Date.now() - Created * 1000)).map(({ Id }) => Id)
  // Another run may sweep the same at this moment.
  await Promise.all(
    left.map((id) =>
      dockerode
        .getContainer(id)
        .remove({ force: true, v: true })
        .catch(() => undefined),
    ),
  )
  return left
}

function isLeft(label: string | undefined, ageMs: number): boolean {
  try {
    const owner = JSON.parse(label ?? '') as ProcessIdentity & { readonly host: string }
    const state = owner.host === hostname() ? processState(owner) : 'elsewhere'
    return state === 'dead' || (state === 'elsewhere' && ageMs > ELSEWHERE_MS)
  } catch {
    return false
  }
}
