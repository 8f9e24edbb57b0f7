import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectSocket, createServer, type Socket } from 'node:net'
import { EnvironmentError } from '../errors.ts'
import { StatementError } from '../postgres/index.ts'
import { Conversation, errorOf } from './conversation.ts'
import type { Sent } from './model.ts'
import { firstCodes, queryMessage, WireReader } from './wire.ts'

/** What may be done in a client's own session, while it waits. */
export interface Guest {
  /** Whether the client has a transaction open. */
  readonly inTransaction: boolean
  /** Send a text in one message; the client does not see the answer. @throws {StatementError} When the server refuses it. */
  script(sql: string): Promise<void>
}

export interface ProxyOptions {
  /** The database that clients get, whatever name they ask for: a URL with user and password. */
  readonly url: string
  /** Where clients look for a server at a port that cannot be chosen: a loopback address of its own is taken then. */
  readonly port?: number | undefined
  /**
   * Called with each text as soon as it has been answered and before the client may send another one. The client waits until the
   * promise is fulfilled.
   */
  readonly onAnswered?: ((sent: Sent, guest: Guest) => Promise<void>) | undefined
}

/** A server that passes everything on to another one, and notes which statements its clients send. */
export interface RecordingProxy extends AsyncDisposable {
  /** For clients: as the URL that was given, on a port of this process. */
  readonly url: string
  /** What was sent so far, in the order in which it was sent. */
  readonly sent: readonly Sent[]
}

/**
 * Start a recording proxy on loopback. It answers requests for encryption with "no"; a client that insists on it fails.
 *
 * @see https://www.postgresql.org/docs/current/protocol-flow.html
 */
export async function startRecordingProxy({ url, port, onAnswered }: ProxyOptions): Promise<RecordingProxy> {
  const target = new URL(url)
  const sent: Sent[] = []
  const numbering = { transactions: 0 }
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((client) => {
    const upstream = connectSocket({ host: target.hostname.replace(/^\[|\]$/g, ''), port: Number(target.port || 5432) })
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true)
      sockets.add(socket)
      // A side that breaks off ends the other; what was sent until then stays noted.
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    new Passage(client, upstream, new Conversation(connections++, sent, numbering), onAnswered)
  })
  const host = port === undefined ? '127.0.0.1' : ownLoopback()
  server.listen(port ?? 0, host)
  await once(server, 'listening').catch((cause: unknown) => {
    throw new EnvironmentError(`nothing can be received at ${host}, port ${port ?? 'any'}`, {
      hint: port === undefined ? undefined : "Let the tool's configuration read the port from the environment too.",
      cause,
    })
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  const ours = new URL(url)
  ours.hostname = host
  ours.port = String(address.port)
  return {
    url: ours.href,
    sent,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** All of 127.0.0.0/8 is this machine, at least on Linux. */
function ownLoopback(): string {
  return `127.${[0, 0, 0].map(() => randomInt(1, 255)).join('.')}`
}

/** One client and its connection to the server. */
class Passage {
  readonly #client: Socket
  readonly #upstream: Socket
  readonly #conversation: Conversation
  readonly #onAnswered: ProxyOptions['onAnswered']
  readonly #fromClient = new WireReader()
  readonly #fromServer = new WireReader()
  /** Bytes of a first message that has no type byte. */
  #first: Buffer | undefined = Buffer.alloc(0)
  /** What the client sent while it has to wait. */
  #held: Buffer[] | undefined
  #guest: { readonly done: (error?: StatementError) => void; failed: StatementError | undefined } | undefined

  constructor(client: Socket, upstream: Socket, conversation: Conversation, onAnswered: ProxyOptions['onAnswered']) {
    this.#client = client
    this.#upstream = upstream
    this.#conversation = conversation
    this.#onAnswered = onAnswered
    client.on('data', (chunk: Buffer) => this.#sent(chunk))
    upstream.on('data', (chunk: Buffer) => this.#received(chunk))
    client.on('end', () => upstream.end())
    upstream.on('end', () => client.end())
  }

  #sent(chunk: Buffer): void {
    if (this.#held !== undefined) {
      this.#held.push(chunk)
      return
    }
    if (this.#first !== undefined) {
      this.#begin(Buffer.concat([this.#first, chunk]))
      return
    }
    for (const message of this.#fromClient.push(chunk)) {
      this.#conversation.sent(message)
      this.#upstream.write(message.bytes)
    }
  }

  #begin(bytes: Buffer): void {
    this.#first = bytes
    if (bytes.length < 8) return
    const length = bytes.readInt32BE(0)
    if (bytes.length < length) return
    const code = bytes.readInt32BE(4)
    const rest = bytes.subarray(length)
    if (code === firstCodes.ssl || code === firstCodes.gss) {
      this.#client.write('N')
      this.#first = Buffer.alloc(0)
      if (rest.length > 0) this.#begin(rest)
      return
    }
    this.#first = undefined
    this.#upstream.write(bytes.subarray(0, length))
    if (code === firstCodes.cancel) return
    this.#conversation.began(bytes.subarray(8, length))
    if (rest.length > 0) this.#sent(rest)
  }

  #received(chunk: Buffer): void {
    for (const message of this.#fromServer.push(chunk)) {
      if (this.#guest !== undefined) {
        this.#guestAnswer(message.type, message.body)
        continue
      }
      const answered = this.#conversation.received(message)
      this.#client.write(message.bytes)
      if (message.type === 'Z') this.#between(answered)
    }
  }

  /** The client's turn is over, and its next message has not been read yet. */
  #between(answered: readonly Sent[]): void {
    const listener = this.#onAnswered
    if (listener === undefined || answered.length === 0) return
    this.#held = []
    const guest: Guest = { inTransaction: this.#conversation.inTransaction, script: (sql) => this.#asGuest(sql) }
    void (async () => {
      for (const each of answered) await listener(each, guest)
    })()
      .catch((error: unknown) => this.#client.destroy(error instanceof Error ? error : undefined))
      .then(() => {
        const held = this.#held ?? []
        this.#held = undefined
        for (const [at, each] of held.entries()) {
          // What comes first may make the client wait again.
          if (this.#held === undefined) this.#sent(each)
          else (this.#held as Buffer[]).push(...held.slice(at))
          if (this.#held !== undefined) break
        }
      })
  }

  #asGuest(sql: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#guest = { failed: undefined, done: (error) => (error === undefined ? resolve() : reject(error)) }
      this.#upstream.once('close', () => reject(new StatementError({ sqlstate: '08006', message: 'the connection was closed' })))
      this.#upstream.write(queryMessage(sql))
    })
  }

  #guestAnswer(type: string, body: Buffer): void {
    const guest = this.#guest
    if (guest === undefined) return
    if (type === 'E') guest.failed = new StatementError(errorOf(body))
    if (type !== 'Z') return
    this.#guest = undefined
    guest.done(guest.failed)
  }
}
