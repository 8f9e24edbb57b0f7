import { EnvironmentError } from '../errors.ts'
import type { RungNeed } from '../migration/index.ts'
import { type Cluster, quoteIdentifier, type StartedCluster, startCluster } from '../postgres/index.ts'

/**
 * Rung 3: a cluster for one migration, because what it changes (roles, settings of the server) reaches beyond its database.
 *
 * The owner may make roles there, as whoever runs such a migration must be able to.
 *
 * @returns Undefined where a database of its own is enough.
 * @throws {EnvironmentError} On a cluster given by URL, whose roles are not ours to change.
 */
export async function ownCluster(cluster: Cluster, need: RungNeed): Promise<StartedCluster | undefined> {
  if (need.rung !== 'cluster') return undefined
  if (cluster.kind === 'url') {
    throw new EnvironmentError('this migration changes what all databases of a cluster share', {
      detail: `${need.because}.`,
      hint: 'Leave --postgres out, or name a version: it gets a cluster of its own then.',
    })
  }
  const own = await startCluster({ kind: 'embedded', ...(cluster.kind === 'embedded' ? { major: cluster.version.major } : {}) })
  await using database = await own.createDatabase()
  await using session = await database.connect()
  await session.script(`ALTER ROLE ${quoteIdentifier(own.owner)} CREATEROLE`)
  return own
}

/** Remember the roles of a cluster of our own; the function that is returned drops those that a run has made since. */
export async function rolesOf(cluster: Cluster): Promise<() => Promise<void>> {
  const database = await cluster.createDatabase()
  const list = async () => {
    await using session = await database.connect()
    return (await session.query<{ name: string }>('SELECT rolname AS name FROM pg_catalog.pg_roles')).map((each) => each.name)
  }
  const known = new Set(await list())
  return async () => {
    const fresh = (await list()).filter((name) => !known.has(name))
    if (fresh.length === 0) return
    await using session = await database.connect()
    await session.script(fresh.map((name) => `DROP ROLE ${quoteIdentifier(name)}`).join('; '))
  }
}
