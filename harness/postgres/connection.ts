import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import type { ClusterAddress, ConnectOptions } from './cluster.ts'
import { rawTypes } from './decode.ts'
import { type Driver, loadDriver } from './driver.ts'
import { StatementError } from './error.ts'
import { freezeWhileEnding } from './interrupt.ts'
import { applicationName } from './run.ts'
import { sendCopy } from './send-copy.ts'
import type { Answered, ScriptOf, Session, StatementResult } from './session.ts'
import { isConnectionLoss, translateError } from './translate.ts'

const CONNECT_TIMEOUT_MS = 10_000
const STATEMENT_TIMEOUT_MS = 60_000
const LOCK_TIMEOUT_MS = 10_000
const CANNOT_CONNECT_NOW = '57P03'
const CRASH_SHUTDOWN = '57P02'
const RECOVERY_MS = 10_000
/** Whoever cuts connections for longer is no server that recovers. */
const CUT_MS = 1_000
const RECOVERY_POLL_MS = 10

/** Who connects to what; the options of `Database.connect`, made concrete. */
export interface ConnectionTarget {
  readonly address: ClusterAddress
  readonly database: string
  readonly user: string
  readonly password: string | undefined
  readonly options?: ConnectOptions | undefined
  /** Idle in the background: the connection alone does not keep the process alive. */
  readonly background?: boolean
}

/**
 * Open one session.
 *
 * @throws {StatementError} `08006` when the server cannot be reached, the server's own code when it refuses.
 */
export async function openSession(target: ConnectionTarget): Promise<Session> {
  const driver = await loadDriver()
  const began = Date.now()
  for (;;) {
    const session = new PgSession(driver, clientConfig(target), target.database, target.background ?? false)
    try {
      await session.open()
      return session
    } catch (error) {
      if (target.background !== true) await freezeWhileEnding()
      if (Date.now() - began > recoveryMs(error)) throw error
      await pause(RECOVERY_POLL_MS)
    }
  }
}

/** A backend was killed, and the server starts all of them anew: it says so, or cuts off those that have just come, and is back in a moment. */
function recoveryMs(error: unknown): number {
  if (!(error instanceof StatementError)) return -1
  if (error.sqlstate === CANNOT_CONNECT_NOW) return RECOVERY_MS
  const { code, message } = (error.cause ?? {}) as { readonly code?: string; readonly message?: string }
  const cut = [CRASH_SHUTDOWN, 'ECONNRESET', 'EPIPE'].includes(code ?? '') || message === 'Connection terminated unexpectedly'
  return cut ? CUT_MS : -1
}

function clientConfig({ address, database, user, password, options = {} }: ConnectionTarget): pg.ClientConfig {
  const settings = {
    statement_timeout: String(options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS),
    lock_timeout: String(options.lockTimeoutMs ?? LOCK_TIMEOUT_MS),
    ...options.settings,
  }
  // Everything is said, so that no PG* variable and no ~/.pgpass of the user decides: '' is a password too.
  const common = {
    database,
    user,
    password: password ?? '',
    application_name: applicationName(address.run),
    options: startupOptions(settings),
    connectionTimeoutMillis: Math.min(options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS, CONNECT_TIMEOUT_MS),
    keepAlive: true,
  }
  if (address.url === undefined) return { ...common, host: address.host, port: address.port, ssl: false }
  return { ...common, connectionString: databaseUrl(address.url, { database, user, password }) }
}

/** The URL with another database and user in it; what stands behind `?` (sslmode and the like) stays. */
export function databaseUrl(
  url: string,
  to: { readonly database: string; readonly user: string; readonly password: string | undefined },
): string {
  const changed = new URL(url)
  changed.pathname = `/${encodeURIComponent(to.database)}`
  changed.username = encodeURIComponent(to.user)
  changed.password = encodeURIComponent(to.password ?? '')
  for (const ours of ['options', 'application_name', 'user', 'password', 'dbname']) changed.searchParams.delete(ours)
  return changed.href
}

/** @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-OPTIONS (spaces and backslashes are escaped) */
function startupOptions(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replace(/[\\\s]/g, '\\$&')}`)
    .join(' ')
}

/** What pg's client has and its types do not say. */
interface UntypedClient {
  readonly processID: number
  readonly connection: { on(event: 'commandComplete', listener: () => void): void }
  getTransactionStatus(): 'I' | 'T' | 'E' | null
  ref(): void
  unref(): void
}

class PgSession implements Session {
  readonly #driver: Driver
  readonly #client: pg.Client & UntypedClient
  readonly #background: boolean
  readonly database: string
  #processId = 0
  #broken: StatementError | undefined
  /** Statements that the server has told the end of. */
  #completed = 0
  readonly #ended: Promise<void>
  #queue: Promise<unknown> = Promise.resolve()
  #closed: Promise<void> | undefined

  constructor(driver: Driver, config: pg.ClientConfig, database: string, background: boolean) {
    const client = new driver.Client(config)
    this.#driver = driver
    this.#client = client as pg.Client & UntypedClient
    this.#background = background
    this.database = database
    this.#ended = new Promise((resolve) => client.once('end', () => resolve()))
    this.#client.connection.on('commandComplete', () => {
      this.#completed += 1
    })
    // A backend that is killed while idle reports here and nowhere else; the next statement tells it.
    client.on('error', (error) => {
      this.#broken ??= translateError(error)
    })
  }

  get processId(): number {
    return this.#processId
  }

  async open(): Promise<void> {
    try {
      await this.#client.connect()
    } catch (error) {
      await this.#client.end().catch(() => undefined)
      throw translateError(error)
    }
    this.#processId = this.#client.processID
    if (this.#background) this.#client.unref()
  }

  async query<Row extends object = Record<string, unknown>>(sql: string, parameters: readonly unknown[] = []): Promise<readonly Row[]> {
    return (await this.answer<Row>(sql, parameters)).rows
  }

  async answer<Row extends object = Record<string, unknown>>(sql: string, parameters: readonly unknown[] = []): Promise<Answered<Row>> {
    const config = { text: sql, values: [...parameters], types: this.#driver.decodedTypes, queryMode: 'extended' }
    const { command, rowCount, rows } = await this.#inTurn(() => this.#client.query<Row>(config))
    return { command: command ?? '', rowCount, rows }
  }

  get inTransaction(): boolean {
    return (this.#client.getTransactionStatus() ?? 'I') !== 'I'
  }

  async one<Row extends object = Record<string, unknown>>(sql: string, parameters: readonly unknown[] = []): Promise<Row> {
    const rows = await this.query<Row>(sql, parameters)
    const [row] = rows
    if (row !== undefined && rows.length === 1) return row
    const sqlstate = row === undefined ? '02000' : '21000'
    throw new StatementError({ sqlstate, message: `one row expected, ${rows.length} received`, detail: `The statement was: ${sql}` })
  }

  async script(sql: string | ScriptOf): Promise<readonly StatementResult[]> {
    let before = 0
    const results: unknown = await this.#inTurn(() => {
      before = this.#completed
      const text = typeof sql === 'string' ? sql : sql(this.#client.getTransactionStatus() !== 'I')
      return this.#client.query({ text, rowMode: 'array', types: rawTypes } as const)
    }).catch((error: unknown) => {
      if (error instanceof StatementError) error.completed = this.#completed - before
      throw error
    })
    return (Array.isArray(results) ? (results as RawResult[]) : [results as RawResult]).map(statementResult)
  }

  async copyFrom(sql: string, source: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>): Promise<number> {
    const done = await this.#inTurn(() => sendCopy(this.#client.query(this.#driver.copyFrom(sql)), source))
    // What the source threw is the caller's own, and no statement's error.
    if ('thrown' in done) throw done.thrown
    return done.rowCount
  }

  async *copyTo(sql: string): AsyncIterable<Uint8Array> {
    const release = await this.#claim()
    const stream = this.#client.query(this.#driver.copyTo(sql))
    try {
      yield* stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
    } catch (error) {
      throw this.#translate(error)
    } finally {
      // A reader that stops early leaves rows on the wire, and the protocol has no way to say so but a cancel: read them away.
      if (!stream.readableEnded && !stream.errored) await once(stream.resume(), 'end').catch(() => undefined)
      release()
    }
  }

  async *cursor(sql: string, batchRows: number): AsyncIterable<readonly (readonly (string | null)[])[]> {
    const release = await this.#claim()
    const cursor = this.#client.query(
      new this.#driver.Cursor<(string | null)[]>(sql, [], { rowMode: 'array', types: rawTypes as unknown as pg.CustomTypesConfig }),
    )
    const read = () => this.#unlessEnded(cursor.read(batchRows))
    try {
      for (let rows = await read(); rows.length > 0; rows = await read()) yield rows
    } catch (error) {
      throw this.#translate(error)
    } finally {
      // The server answers to a close; where the connection is lost, nobody does.
      await Promise.race([cursor.close().catch(() => undefined), this.#ended])
      release()
    }
  }

  /**
   * After the last row pg-cursor hears no error any more while it waits for the server to be ready. A listener that goes, and no race with `#ended`:
   * that would keep every batch for as long as the connection lasts.
   */
  #unlessEnded<Answer>(answer: Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const lost = () => reject(new Error('the connection ended before the answer'))
      this.#client.once('end', lost)
      answer.then(resolve, reject).finally(() => this.#client.off('end', lost))
    })
  }

  onNotice(listener: (message: string) => void): void {
    this.#client.on('notice', ({ message }) => listener(message ?? ''))
  }

  close(): Promise<void> {
    if (this.#background && this.#closed === undefined) this.#client.ref()
    this.#closed ??= this.#client.end().catch(() => undefined)
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** One statement after the other: pg's own queue of them is deprecated. */
  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const release = await this.#claim()
    try {
      return await work()
    } catch (error) {
      const translated = this.#translate(error)
      // The background session is what the tidying up itself works with.
      if (!this.#background && isConnectionLoss(translated)) await freezeWhileEnding()
      throw translated
    } finally {
      release()
    }
  }

  async #claim(): Promise<() => void> {
    const before = this.#queue
    let release = (): void => undefined
    this.#queue = new Promise<void>((resolve) => {
      release = resolve
    })
    await before
    if (this.#background) this.#client.ref()
    return () => {
      if (this.#background) this.#client.unref()
      release()
    }
  }

  #translate(error: unknown): StatementError {
    return translateError(error, this.#broken)
  }
}

interface RawResult {
  readonly command: string | null
  readonly rowCount: number | null
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[]
  readonly rows: readonly (readonly (string | null)[])[]
}

function statementResult({ command, rowCount, fields, rows }: RawResult): StatementResult {
  return { command: command ?? '', rowCount, fields: fields.map((field) => ({ name: field.name, typeOid: field.dataTypeID })), rows }
}
