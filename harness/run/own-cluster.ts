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

const memberships = `SELECT pg_get_userbyid(roleid) AS role, pg_get_userbyid(member) AS member, pg_get_userbyid(grantor) AS grantor FROM pg_catalog.pg_auth_members`

/** Remember the roles of a cluster of our own; the function that is returned drops those that a run has made since, and memberships with them. */
export async function rolesOf(cluster: Cluster): Promise<() => Promise<void>> {
  const database = await cluster.createDatabase()
  const list = async () => {
    await using session = await database.connect()
    const names = (await session.query<{ name: string }>('SELECT rolname AS name FROM pg_catalog.pg_roles')).map((each) => each.name)
    return { names, members: await session.query<Membership>(memberships) }
  }
  const known = await list()
  return async () => {
    const now = await list()
    const fresh = now.names.filter((name) => !known.names.includes(name))
    const joined = lacking(now.members, known.members)
    const left = lacking(known.members, now.members).filter(({ role, member }) => now.names.includes(role) && now.names.includes(member))
    if (fresh.length + joined.length + left.length === 0) return
    await using session = await database.connect()
    const statements = [
      ...joined.map(
        (each) =>
          `REVOKE ${quoteIdentifier(each.role)} FROM ${quoteIdentifier(each.member)} GRANTED BY ${quoteIdentifier(each.grantor)} CASCADE`,
      ),
      ...left.map((each) => `GRANT ${quoteIdentifier(each.role)} TO ${quoteIdentifier(each.member)}`),
      ...fresh.map((name) => `DROP ROLE ${quoteIdentifier(name)}`),
    ]
    for (const statement of statements) await session.script(statement)
  }
}

interface Membership {
  readonly role: string
  readonly member: string
  readonly grantor: string
}

function lacking(list: readonly Membership[], other: readonly Membership[]): readonly Membership[] {
  return list.filter((one) => !other.some((each) => each.role === one.role && each.member === one.member))
}
