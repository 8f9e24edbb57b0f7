import { EnvironmentError } from '../errors.ts'
import { neededRung, type RungNeed, type Script, type Step } from '../migration/index.ts'
import { type Cluster, installedMajors, quoteIdentifier, type StartedCluster, startCluster } from '../postgres/index.ts'
import { adaptScript, noAdaptation } from './environment/adapt-script.ts'
import { namesForeignDatabase } from './environment/database-statements.ts'
import { roleScriptsOf } from './environment/index.ts'
import { sharedRoles } from './environment/shared-roles.ts'

/** Everything that a verification applies. */
export interface Applied {
  /** Applied once, before everything else. */
  readonly legacy: readonly Script[]
  readonly steps: readonly { readonly up: Step; readonly down: Step | undefined }[]
}

/** Scripts of steps that are reverted and applied again. */
export function repeatedScripts(steps: Applied['steps']): ReadonlySet<Script> {
  return new Set(steps.flatMap(({ up, down }) => (down === undefined ? [] : [up, down].flatMap(scriptOf))))
}

/**
 * The first statement that wants a cluster of its own, when the roles that all databases can share are made beforehand. A legacy schema is
 * asked about roles alone: what else it says to the whole cluster is left out, or refused as it was.
 */
export function clusterNeed(cluster: Pick<Cluster, 'superuser'>, { legacy, steps }: Applied): RungNeed {
  const scripts = [...legacy, ...steps.flatMap(({ up, down }) => [up, down].flatMap(scriptOf))]
  const roles = cluster.superuser ? sharedRoles(roleScriptsOf({ scripts, repeated: repeatedScripts(steps) })) : []
  const adaptation = { ...noAdaptation, sharedRoles: new Set(roles.map((each) => each.name)) }
  const onRoles = legacy.map((script) => ({
    ...script,
    statements: script.statements.filter(
      (each) => /\b(create|alter|drop)\s+(role|user|group)\b/i.test(each.text) && !namesForeignDatabase(each),
    ),
  }))
  for (const script of [...onRoles, ...steps.flatMap(({ up, down }) => [up, down].flatMap(scriptOf))]) {
    const need = neededRung({ kind: 'sql', script: adaptScript(script, adaptation) })
    if (need.rung === 'cluster') return need
  }
  return { rung: 'transaction', because: '' }
}

function scriptOf(step: Step | undefined): readonly Script[] {
  return step?.kind === 'sql' ? [step.script] : []
}

/**
 * Rung 3: a cluster for one migration, because what it changes (roles, settings of the server) reaches beyond its database.
 *
 * The owner may make roles there, as whoever runs such a migration must be able to.
 *
 * @returns Undefined where a database of its own is enough.
 * @throws {EnvironmentError} On a cluster given by URL whose version is not installed here: its roles are not ours to change.
 */
export async function ownCluster(cluster: Cluster, need: RungNeed): Promise<StartedCluster | undefined> {
  if (need.rung !== 'cluster') return undefined
  const { major } = cluster.version
  const installed = installedMajors().includes(major)
  if (cluster.kind === 'url' && !installed) {
    throw new EnvironmentError('this migration changes what all databases of a cluster share', {
      detail: `${need.because}. The roles and settings of a server given by URL are not ours to change, and PostgreSQL ${major} is not installed here to stand in for it.`,
      hint: 'Leave --postgres out, or name a version: it gets a cluster of its own then.',
    })
  }
  const own = await startCluster({ kind: 'embedded', ...(installed ? { major } : {}) })
  await using database = await own.createDatabase()
  await using session = await database.connect()
  await session.script(`ALTER ROLE ${quoteIdentifier(own.owner)} CREATEROLE`)
  return own
}

/** Said where a migration was verified on another server than the one that was asked for. */
export function ownClusterNotes(cluster: Cluster, own: Cluster | undefined, need: RungNeed): readonly string[] {
  if (own === undefined || cluster.kind === 'embedded') return []
  const asked = cluster.kind === 'url' ? 'the server given by URL, whose roles and settings are not ours to change' : 'the container'
  return [`Verified on an embedded PostgreSQL ${own.version.text} in place of ${asked}: ${need.because}.`]
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
