import { createHash, randomBytes } from 'node:crypto'
import { EnvironmentError } from '../errors.ts'
import type { Cluster, ClusterAddress, ConnectOptions, Database, Template } from './cluster.ts'
import { databaseUrl, openSession } from './connection.ts'
import { StatementError } from './error.ts'
import { freezeWhileEnding } from './interrupt.ts'
import { quoteIdentifier, quoteLiteral } from './name.ts'
import type { Session } from './session.ts'
import { isConnectionLoss } from './translate.ts'

/** All databases and roles that the harness makes begin with it. */
export const DATABASE_PREFIX = 'godwit_'
/** Copying the files of a whole database, or waiting for a template that another process builds. */
const CREATE_TIMEOUT_MS = 300_000
const SOURCE_IN_USE = '55006'
const SOURCE_IN_USE_TRIES = 100
const SHARED_ROW_TRIES = 20

/** A cluster's databases, and the one session through which this process makes and drops them. */
export interface DatabaseFactory extends Pick<Cluster, 'createDatabase' | 'template' | 'clone'> {
  /** Run statements on the background session, opened anew where it broke. */
  administer(sql: string): Promise<void>
  readonly session: () => Promise<Session>
  close(): Promise<void>
}

/** @param address  Of a server that answers; nothing is sent before the first call. */
export function databaseFactory(address: ClusterAddress): DatabaseFactory {
  const templates = new Map<string, Promise<Template>>()
  const run = address.run ?? 'x'
  // FILE_COPY forces checkpoints: right on a server of our own on tmpfs, rude on somebody else's.
  const strategy = address.kind === 'url' ? '' : ' STRATEGY file_copy'
  let opened: Promise<Session> | undefined
  let closed = false

  const session = (): Promise<Session> => {
    const opening = opened ?? superuserSession(address, address.database, { statementTimeoutMs: CREATE_TIMEOUT_MS }, true)
    opened = opening
    // One that could not be opened is not kept.
    opening.catch(() => {
      if (opened === opening) opened = undefined
    })
    return opening
  }

  const administer = async (sql: string): Promise<void> => {
    if (closed) await freezeWhileEnding()
    const send = () => whileSharedRowsChange(async () => (await session()).query(sql))
    try {
      await send()
    } catch (error) {
      if (!(error instanceof StatementError) || !isConnectionLoss(error)) throw error
      await freezeWhileEnding()
      opened = undefined
      await send()
    }
  }

  const create = async (source: string): Promise<Database> => {
    const name = `${DATABASE_PREFIX}${run}_${randomBytes(6).toString('hex')}`
    const sql = `CREATE DATABASE ${name} OWNER ${quoteIdentifier(address.owner)} TEMPLATE ${quoteIdentifier(source)}${strategy}`
    await whileSourceInUse(() => administer(sql))
    return madeDatabase(address, name, async () => {
      // A cluster that was given back has taken its databases along.
      if (!closed) await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    })
  }

  const build = async (name: string, work: (database: Database) => Promise<void>): Promise<Template> => {
    await using lock = await superuserSession(address, address.database, { statementTimeoutMs: CREATE_TIMEOUT_MS, lockTimeoutMs: 0 })
    // Another process that wants the same template waits here until it is made.
    await lock.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [name])
    const found = await lock.query<{ complete: boolean }>(
      'SELECT datistemplate AND NOT datallowconn AS complete FROM pg_database WHERE datname = $1',
      [name],
    )
    if (found[0]?.complete) return { name }
    if (found.length > 0) await lock.query(`DROP DATABASE ${name} WITH (FORCE)`)
    await lock.query(`CREATE DATABASE ${name} OWNER ${quoteIdentifier(address.owner)} TEMPLATE template0${strategy}`)
    try {
      await work(madeDatabase(address, name, async () => undefined))
    } catch (error) {
      await lock.query(`DROP DATABASE ${name} WITH (FORCE)`)
      throw error
    }
    // In this order a reader never takes a half-made one for complete; nobody can connect from here on, so clones never wait.
    await lock.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`)
    await lock.query('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1', [name])
    await lock.query(`ALTER DATABASE ${name} IS_TEMPLATE true`)
    return { name }
  }

  return {
    administer,
    session,
    createDatabase: () => create('template0'),
    template(key, work) {
      const name = `${DATABASE_PREFIX}${run}_t_${createHash('sha256').update(key).digest('hex').slice(0, 16)}`
      const made = templates.get(name) ?? build(name, work)
      templates.set(name, made)
      // A build that failed is tried again by the next caller.
      made.catch(() => templates.delete(name))
      return made
    },
    clone: (template) => create(template.name),
    async close() {
      closed = true
      const session = await opened?.catch(() => undefined)
      opened = undefined
      await session?.close()
    },
  }
}

/** A session of the harness's own user. */
export function superuserSession(
  address: ClusterAddress,
  database: string,
  options?: ConnectOptions,
  background = false,
): Promise<Session> {
  return openSession({ address, database, user: address.user, password: address.password, options, background })
}

async function whileSourceInUse(work: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      const again = error instanceof StatementError && error.sqlstate === SOURCE_IN_USE && tries < SOURCE_IN_USE_TRIES
      if (!again) throw error
      // The server itself has waited five seconds for the other sessions before it said so: no pause is needed.
    }
  }
}

/**
 * Do again what another session came in between of: catalogs that all databases share (`pg_authid`, `pg_shdepend`) have no locks that wait, and
 * the server refuses the later change of a row (XX000, `simple_heap_update` and `simple_heap_delete` of its source).
 */
export async function whileSharedRowsChange<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      const again = error instanceof StatementError && error.sqlstate === 'XX000' && /^tuple concurrently /.test(error.message)
      if (!again || tries >= SHARED_ROW_TRIES) throw error
    }
  }
}

function madeDatabase(address: ClusterAddress, name: string, remove: () => Promise<void>): Database {
  let dropped: Promise<void> | undefined
  const drop = (): Promise<void> => {
    dropped ??= remove()
    return dropped
  }
  return {
    name,
    connect: (options = {}) => connectAs(address, name, options),
    url: ({ as } = {}) => toolUrl(address, name, as),
    drop,
    [Symbol.asyncDispose]: drop,
  }
}

async function connectAs(address: ClusterAddress, database: string, options: ConnectOptions): Promise<Session> {
  const as = options.as ?? 'superuser'
  const role = as === 'superuser' ? address.user : as === 'owner' ? address.owner : as.role
  if (role === address.user) return superuserSession(address, database, options)
  if (role === address.owner && address.ownerPassword !== undefined)
    return openSession({ address, database, user: role, password: address.ownerPassword, options })
  // A role that may not log in, or whose password nobody knows, is put on at the start, so that RESET ROLE comes back to it.
  return superuserSession(address, database, { ...options, settings: { ...options.settings, role } })
}

function toolUrl(address: ClusterAddress, database: string, as: ConnectOptions['as']): string {
  const owner = as === 'owner'
  if (typeof as === 'object' && as.role !== address.user && as.role !== address.owner)
    throw new EnvironmentError(`no URL for role ${quoteLiteral(as.role)}`, {
      detail: 'The harness knows the password of its own roles only.',
    })
  const user = owner ? address.owner : address.user
  const password = owner ? address.ownerPassword : address.password
  const base = address.url ?? socketOrLoopback(address)
  return databaseUrl(base, { database, user, password })
}

function socketOrLoopback({ host, port, tcpHost }: ClusterAddress): string {
  return tcpHost === undefined ? `postgresql://localhost:${port}/?host=${encodeURIComponent(host)}` : `postgresql://${tcpHost}:${port}/`
}
