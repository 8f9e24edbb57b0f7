import { userInfo } from 'node:os'
import { EnvironmentError, InputError } from '../errors.ts'
import type { ClusterAddress } from './cluster.ts'
import { superuserSession } from './databases.ts'
import { StatementError } from './error.ts'
import { type Guest, moveIn } from './guest.ts'
import { refusedByPooler, refuseForgetful } from './pooler.ts'
import { refuseProduction } from './production.ts'
import { newRun } from './run.ts'
import type { Session } from './session.ts'
import type { StartedServer, StartOptions } from './started-server.ts'

const DEFAULT_PORT = 5432

/**
 * Move into a server that somebody else runs: databases and a role of our own in it, removed when we leave.
 *
 * @throws {EnvironmentError} when it does not answer, is too old, gives no right to make databases, or looks like production. The message
 * names host and port, never the password.
 */
export async function useUrl(url: string, options: StartOptions): Promise<StartedServer> {
  const guess = addressOf(url)
  const session = await answer(guess, options)
  options.clock.lap('connect')
  let guest: Guest
  try {
    if (!options.allowAnyServer) await refuseProduction(session, placeOf(guess))
    guest = await moveIn(session, guess)
  } catch (error) {
    await session.close()
    throw error instanceof StatementError ? refused(guess, error) : error
  }
  options.clock.lap('prepare')
  return {
    address: guest.address,
    async stop() {
      await guest.leave()
      await session.close()
    },
  }
}

/** @throws {InputError} when the URL cannot be read. */
export function addressOf(text: string): ClusterAddress {
  // libpq allows an empty host, for a socket that `?host=` names; URL does not.
  const readable = text.replace(/^(postgres(?:ql)?:\/\/(?:[^/?#]*@)?)(?=[/?#]|$)/, '$1localhost')
  if (!URL.canParse(readable))
    throw new InputError('the cluster URL cannot be read', { hint: 'Special characters in the password are to be percent-encoded.' })
  const url = new URL(readable)
  const database = decodeURIComponent(url.pathname.slice(1)) || 'postgres'
  const user = decodeURIComponent(url.username) || process.env.PGUSER || userInfo().username
  const password = decodeURIComponent(url.password) || process.env.PGPASSWORD
  const host = url.searchParams.get('host') ?? url.hostname
  const port = Number(url.searchParams.get('port') ?? (url.port || DEFAULT_PORT))
  const unknown = { version: { text: '', major: 0 }, owner: user, superuser: false }
  return { kind: 'url', host, port, user, password, database, ...unknown, run: newRun(), url: readable }
}

async function answer(address: ClusterAddress, options: StartOptions): Promise<Session> {
  try {
    // This session lasts as long as the run does: its application name tells others that our databases are in use.
    const own = { [ownSetting]: address.run ?? 'on' }
    const asked = { connectTimeoutMs: options.startupTimeoutMs, statementTimeoutMs: 0, settings: own }
    const session = await superuserSession(address, address.database, asked, true)
    await refuseForgetful(session, placeOf(address), own)
    return session
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    throw refusedByPooler(error, placeOf(address)) ?? refused(address, error)
  }
}

/** Known to no server, so that none has it by its configuration. */
const ownSetting = 'godwit.run'

const embeddedInstead = 'Check the address and the rights of the user, or leave --postgres out to use the embedded binaries.'

/** What to say of a server that does not answer, or refuses us. */
export function refused(address: ClusterAddress, error: StatementError, hint = embeddedInstead): EnvironmentError {
  return new EnvironmentError(`cannot use the server at ${placeOf(address)}`, {
    detail: `${error.message} (${error.sqlstate}).`,
    hint,
    cause: error,
  })
}

/** Without user and password. */
export function placeOf({ host, port }: ClusterAddress): string {
  return `${host}:${port}`
}
