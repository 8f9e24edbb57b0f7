import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, connect as open, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { WireReader } from '../../../harness/recording/wire.ts'

/** What a client sent at one time, with what had been answered by then. */
interface Turn {
  readonly bytes: Buffer[]
  /** How many answers this connection had received. */
  readonly after: number
  /** How many each of all connections had received. */
  readonly afterAll: readonly number[]
}

interface Connection {
  readonly user: string
  readonly database: string
  readonly options: string
  readonly opened: readonly number[]
  readonly turns: Turn[]
  /** The end of the connection counts as one too. */
  answers: number
  closed: boolean
  errors: number
}

/** Every message of a piece of work, connection by connection. */
export interface Tape {
  readonly connections: readonly Connection[]
  readonly messages: number
  readonly bytes: number
  readonly errors: number
}

/** The server waits for the client: it has answered everything, or wants the rows of COPY. */
const waits = new Set(['Z', 'G'])
const ofDatabases = /\b(CREATE|DROP|ALTER) DATABASE\b/

/** A server on this machine, by its socket. It lets everybody in. */
export interface LocalServer {
  /** The directory of the socket. */
  readonly host: string
  readonly port: number
}

const socketOf = ({ host, port }: LocalServer) => join(host, `.s.PGSQL.${port}`)

/** Keep what the clients of a server send, while `work` uses another one that passes everything on to it. */
export async function recordTape(to: LocalServer, work: (through: LocalServer) => Promise<void>): Promise<Tape> {
  const connections: Connection[] = []
  const sockets = new Set<Socket>()
  const answered = () => connections.map(({ answers }) => answers)
  const server = createServer((client) => {
    const upstream = open(socketOf(to))
    let connection: Connection | undefined
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        if (connection !== undefined && !connection.closed) Object.assign(connection, { closed: true, answers: connection.answers + 1 })
        client.destroy()
        upstream.destroy()
      })
    }
    const [fromClient, fromServer] = [new WireReader(), new WireReader()]
    let ready = false
    client.on('data', (chunk) => {
      upstream.write(chunk)
      if (connection === undefined) {
        const opened = answered()
        connection = { ...startup(chunk), opened, turns: [], closed: false, answers: 0, errors: 0 }
        // A request to cancel has no user, and is no connection.
        if (connection.user !== '') connections.push(connection)
        return
      }
      // Until the server lets the client in, it only proves who it is.
      if (!ready) return
      for (const { bytes } of fromClient.push(chunk)) {
        const last = connection.turns.at(-1)
        if (last?.after === connection.answers) last.bytes.push(bytes)
        else connection.turns.push({ bytes: [bytes], after: connection.answers, afterAll: answered() })
      }
    })
    upstream.on('data', (chunk) => {
      for (const { type } of fromServer.push(chunk)) {
        if (connection === undefined) continue
        if (type === 'E') connection.errors += 1
        if (!waits.has(type)) continue
        ready = true
        connection.answers += 1
      }
      client.write(chunk)
    })
  })
  const through = { host: await mkdtemp(join(tmpdir(), 'godwit-tape-')), port: to.port }
  try {
    server.listen(socketOf(through))
    await once(server, 'listening')
    await work(through)
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
    await rm(through.host, { recursive: true, force: true })
  }
  const sent = connections.flatMap(({ turns }) => turns.flatMap(({ bytes }) => bytes))
  return {
    connections,
    messages: sent.length,
    bytes: sent.reduce((sum, { length }) => sum + length, 0),
    errors: connections.reduce((sum, each) => sum + each.errors, 0),
  }
}

/**
 * Send a tape to a server in the state that the recorded one was in, with the least that a client has to do: no answer is read but for its
 * end. Messages to one database are sent in the recorded order; a connection is opened, and a database is made or dropped, when all was
 * answered that was answered then.
 *
 * @returns Milliseconds, and how many messages the server refused.
 */
export async function replayTape(tape: Tape, to: LocalServer): Promise<{ readonly ms: number; readonly errors: number }> {
  const began = performance.now()
  const answers = tape.connections.map(() => 0)
  let errors = 0
  let waiting: { readonly until: () => boolean; readonly go: () => void }[] = []
  const until = (condition: () => boolean) =>
    condition() ? undefined : new Promise<void>((go) => void waiting.push({ until: condition, go }))
  const noted = () => {
    const go = waiting.filter((each) => each.until())
    if (go.length === 0) return
    waiting = waiting.filter((each) => !go.includes(each))
    for (const each of go) each.go()
  }
  const play = async ({ user, database, options, opened, turns }: Connection, at: number): Promise<void> => {
    await until(() => opened.every((count, of) => (answers[of] ?? 0) >= count))
    const client = new pg.Client({ ...to, user, database, options })
    client.on('error', () => undefined)
    await client.connect()
    const { stream } = (client as unknown as { readonly connection: { readonly stream: Socket } }).connection
    const reader = new WireReader()
    const closed = new Promise<void>((end) => void stream.once('close', () => end()))
    stream.removeAllListeners('data')
    stream.on('data', (chunk: Buffer) => {
      for (const { type } of reader.push(chunk)) {
        if (type === 'E') errors += 1
        if (waits.has(type)) answers[at] = (answers[at] ?? 0) + 1
      }
      noted()
    })
    stream.on('error', () => undefined)
    // One that the server ends has answered all that it will.
    stream.on('close', () => {
      answers[at] = Number.POSITIVE_INFINITY
      noted()
    })
    answers[at] = 1
    noted()
    for (const { bytes, after, afterAll } of turns) {
      await until(() => (answers[at] ?? 0) >= after)
      const alone = bytes.some((each) => ofDatabases.test(each.toString('latin1')))
      await until(() =>
        afterAll.every((count, of) => (answers[of] ?? 0) >= count || !(alone || tape.connections[of]?.database === database)),
      )
      if (stream.destroyed) break
      stream.write(bytes.length === 1 ? (bytes[0] ?? '') : Buffer.concat(bytes))
    }
    if (turns.at(-1)?.bytes.at(-1)?.[0] !== 'X'.charCodeAt(0)) stream.end()
    await closed
  }
  await Promise.all(tape.connections.map(play))
  return { ms: performance.now() - began, errors }
}

/** @see https://www.postgresql.org/docs/current/protocol-message-formats.html (StartupMessage) */
function startup(chunk: Buffer): Pick<Connection, 'user' | 'database' | 'options'> {
  const words = chunk.subarray(8, chunk.readInt32BE(0)).toString('utf8').split('\0')
  const said = (name: string) => words[words.findIndex((word, at) => at % 2 === 0 && word === name) + 1] ?? ''
  return words[0] === 'user' || words.includes('user')
    ? { user: said('user'), database: said('database'), options: said('options') }
    : { user: '', database: '', options: '' }
}
