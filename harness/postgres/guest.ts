import { randomBytes } from 'node:crypto'
import { EnvironmentError } from '../errors.ts'
import type { ClusterAddress } from './cluster.ts'
import { openSession } from './connection.ts'
import { DATABASE_PREFIX, superuserSession } from './databases.ts'
import { StatementError } from './error.ts'
import { dropMadeRoles } from './made-roles.ts'
import { quoteIdentifier, quoteLiteral } from './name.ts'
import { applicationName } from './run.ts'
import { supportedVersion } from './server-version.ts'
import type { Session } from './session.ts'
import { isConnectionLoss } from './translate.ts'

const OWNER = `${DATABASE_PREFIX}owner`

/** What the harness has made for itself in a server that it did not make. */
export interface Guest {
  readonly address: ClusterAddress
  /** Removes this run's databases and role. */
  leave(): Promise<void>
}

interface Rights {
  readonly version: string
  readonly superuser: boolean
  readonly createDatabases: boolean
  readonly createRoles: boolean
}

/**
 * Look at what the user may do, sweep what dead runs have left, and make the role that owns the databases.
 *
 * @param session  Stays open as long as the run lasts: it shows others that the run is alive.
 * @param guess    What is known of the server before it was asked.
 * @throws {EnvironmentError} when the server is too old or the user may not make databases.
 */
export async function moveIn(session: Session, guess: ClusterAddress): Promise<Guest> {
  const rights = await session.one<Rights>(
    `SELECT current_setting('server_version') AS version, rolsuper AS superuser, rolcreatedb AS "createDatabases", rolcreaterole AS "createRoles"
       FROM pg_roles WHERE rolname = current_user`,
  )
  const version = supportedVersion(rights.version)
  if (!rights.superuser && !rights.createDatabases)
    throw new EnvironmentError(`user ${quoteIdentifier(guess.user)} may not create databases`, {
      hint: `Let a superuser run: ALTER ROLE ${quoteIdentifier(guess.user)} CREATEDB`,
    })
  await sweepGuests(session)
  const known: ClusterAddress = { ...guess, version, superuser: rights.superuser, owner: guess.user, ownerPassword: guess.password }
  const address = rights.superuser || rights.createRoles ? await withOwner(session, known) : known
  return { address, leave: () => leave(session, address) }
}

/** A role for each run on a shared server, so that runs at once do not change each other's password. */
async function withOwner(session: Session, known: ClusterAddress): Promise<ClusterAddress> {
  const owner = known.kind === 'url' ? `${OWNER}_${known.run}` : OWNER
  const ownerPassword = randomBytes(18).toString('base64url')
  await session.script(
    `CREATE ROLE ${owner} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD ${quoteLiteral(ownerPassword)};
     ${known.superuser ? '' : `GRANT ${owner} TO CURRENT_USER`}`,
  )
  const address = { ...known, owner, ownerPassword }
  try {
    const trial = await openSession({ address, database: address.database, user: owner, password: ownerPassword })
    await trial.close()
    return address
  } catch (error) {
    // Not every server lets a new role in by password: it is then put on by SET ROLE.
    if (error instanceof StatementError) return { ...address, ownerPassword: undefined }
    throw error
  }
}

async function leave(session: Session, address: ClusterAddress): Promise<void> {
  try {
    await removeRun(session, address)
  } catch (error) {
    if (!(error instanceof StatementError) || !isConnectionLoss(error)) throw error
    await using another = await superuserSession(address, address.database)
    await removeRun(another, address)
  }
}

async function removeRun(session: Session, { run, owner, user }: ClusterAddress): Promise<void> {
  const mine = await session.query<{ name: string }>('SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)', [
    `${DATABASE_PREFIX}${run}_`,
  ])
  // A worker may drop its own at this moment.
  for (const { name } of mine) await unlessInUse(dropDatabase(session, name, ' WITH (FORCE)'))
  if (owner !== user) await dropOwner(session, owner)
  await dropMadeRoles(session)
}

/**
 * Remove the databases and roles of runs that have no session any more, on whichever machine they ran.
 *
 * Without FORCE: a run that has lost the session that shows it is alive still works in its databases.
 */
async function sweepGuests(session: Session): Promise<void> {
  const alive = `SELECT application_name FROM pg_stat_activity WHERE starts_with(application_name, '${applicationName('')}')`
  const databases = await session.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database
      WHERE datname ~ '^${DATABASE_PREFIX}[0-9a-f]{8}_' AND pg_has_role(datdba, 'MEMBER')
        AND '${applicationName('')}' || substr(datname, ${DATABASE_PREFIX.length + 1}, 8) NOT IN (${alive})`,
  )
  for (const { name } of databases) await unlessInUse(dropDatabase(session, name, ''))
  const roles = await session.query<{ name: string }>(
    `SELECT rolname AS name FROM pg_roles
      WHERE rolname ~ '^${OWNER}_[0-9a-f]{8}$' AND '${applicationName('')}' || right(rolname, 8) NOT IN (${alive})`,
  )
  for (const { name } of roles) await unlessInUse(dropOwner(session, name))
  await dropMadeRoles(session)
}

/** Rights on parameters of the server would keep it; a role that is gone already is none to revoke them from. */
async function dropOwner(session: Session, owner: string): Promise<void> {
  const [found] = await session.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [owner])
  if (found === undefined) return
  await session.query(`DROP OWNED BY ${quoteIdentifier(owner)}`)
  await session.query(`DROP ROLE IF EXISTS ${quoteIdentifier(owner)}`)
}

async function dropDatabase(session: Session, name: string, how: string): Promise<void> {
  const quoted = quoteIdentifier(name)
  await session.query(`ALTER DATABASE ${quoted} IS_TEMPLATE false`)
  await session.query(`DROP DATABASE IF EXISTS ${quoted}${how}`)
}

/** What is in use (55006, 2BP01), not ours (42501) or swept by another run at this moment (3D000) stays. */
async function unlessInUse(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof StatementError) || !['55006', '2BP01', '42501', '3D000', '42704', 'XX000'].includes(error.sqlstate)) throw error
  }
}
