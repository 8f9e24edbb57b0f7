import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFromStream, to as copyToStream } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import { CommandError, sqlstateOf } from './errors.ts'

/** What the migration writes through; the session that the harness hands to `up.ts` is one too. */
export interface Writer {
  query<Row extends object = Record<string, unknown>>(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]>
  /** One message, any number of statements. */
  script(sql: string): Promise<unknown>
  copyFrom(sql: string, source: Iterable<string>): Promise<number>
}

/** A connection of our own: it reads by cursor, and writes. */
export interface Connection extends Writer, AsyncDisposable {
  /** Cells as texts, at most `rows` at a time, while the server sends as many more. Wants an open transaction. */
  cursor(sql: string, parameters: readonly unknown[], rows: number): AsyncIterable<readonly (readonly (string | null)[])[]>
  copyTo(sql: string): Readable
  /** Another connection to the same database, as the same role. */
  another(): Promise<Connection>
  /** Cut the connection, whatever it is doing. */
  destroy(): void
}

const asText = { getTypeParser: () => (text: string) => text }

/**
 * Connect.
 *
 * @throws {CommandError} When the server cannot be reached or refuses; the URL, which may hold a password, is not repeated.
 */
export async function openConnection(url: string): Promise<Connection> {
  const client = newClient(url)
  const ended = new Promise<void>((resolve) => client.once('end', () => resolve()))
  // A backend that is killed while idle reports here; the next statement tells it.
  client.on('error', () => undefined)
  try {
    await client.connect()
    // As pg_dump does: rows that row security hides are an error, not left out.
    await client.query('SET row_security = off')
  } catch (cause) {
    const why = sqlstateOf(cause) ?? (cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer')
    throw new CommandError(3, `cannot connect to the database (${why})`, { cause, hint: 'Check --database, or DATABASE_URL.' })
  }
  return {
    query: async <Row extends object>(sql: string, parameters: readonly unknown[] = []) =>
      (await client.query<Row>(sql, [...parameters])).rows,
    script: (sql) => client.query(sql),
    async copyFrom(sql, source) {
      const stream = client.query(copyFromStream(sql))
      await pipeline(Readable.from(source, { objectMode: true }), stream)
      return stream.rowCount
    },
    copyTo: (sql) => client.query(copyToStream(sql)),
    another: () => openConnection(url),
    async *cursor(sql, parameters, rows) {
      const cursor = client.query(
        new Cursor<(string | null)[]>(sql, [...parameters], { rowMode: 'array', types: asText as unknown as pg.CustomTypesConfig }),
      )
      const next = () => {
        const read = unlessEnded(client, cursor.read(rows))
        // Whoever awaits it hears its error.
        read.catch(() => undefined)
        return read
      }
      let coming = next()
      try {
        for (let read = await coming; read.length > 0; read = await coming) {
          coming = next()
          yield read
        }
      } finally {
        await coming.catch(() => undefined)
        // The server answers to a close; where the connection is lost, nobody does.
        await Promise.race([cursor.close().catch(() => undefined), ended])
      }
    },
    destroy: () => {
      ;(client as pg.Client & { readonly connection: { readonly stream: { destroy(): void } } }).connection.stream.destroy()
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.race([client.end().catch(() => undefined), ended])
    },
  }
}

/**
 * After the last row pg-cursor hears no error any more while it waits for the server to be ready. The listener goes with the answer: a promise that
 * lasts as long as the connection would keep every batch.
 */
function unlessEnded<Answer>(client: pg.Client, answer: Promise<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const lost = () => reject(new Error('the connection ended before the answer'))
    client.once('end', lost)
    answer.then(resolve, reject).finally(() => client.off('end', lost))
  })
}

function newClient(url: string): pg.Client {
  try {
    return new pg.Client({ connectionString: url, application_name: 'kv-to-tables', connectionTimeoutMillis: 10_000, keepAlive: true })
  } catch (cause) {
    throw new CommandError(2, 'the database URL cannot be read', { cause, hint: 'Write postgres://USER@HOST/DATABASE.' })
  }
}
