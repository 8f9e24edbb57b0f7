import { once } from 'node:events'
import type { Socket } from 'node:net'
import pg from 'pg'
import { type WireMessage, WireReader } from '../../../harness/recording/wire.ts'

/** A message of a client's: its type, and texts that end in a zero byte, 16-bit or 32-bit numbers, or bytes. */
export function message(
  type: string,
  ...parts: readonly (string | { readonly int16: number } | { readonly int32: number } | Buffer)[]
): Buffer {
  const body = Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'string') return Buffer.from(`${part}\0`)
      if (Buffer.isBuffer(part)) return part
      const number = Buffer.alloc('int16' in part ? 2 : 4)
      if ('int16' in part) number.writeInt16BE(part.int16)
      else number.writeInt32BE(part.int32)
      return number
    }),
  )
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

export const query = (sql: string) => message('Q', sql)
export const parse = (sql: string) => message('P', '', sql, { int16: 0 })
export const execute = () => message('E', '', { int32: 0 })
export const sync = () => message('S')

/** A value in the text format; `null` is NULL. */
export function bind(...values: readonly (string | null)[]): Buffer {
  const written = values.flatMap((value) => (value === null ? [{ int32: -1 }] : [{ int32: Buffer.byteLength(value) }, Buffer.from(value)]))
  return message('B', '', '', { int16: 0 }, { int16: values.length }, ...written, { int16: 0 })
}

/** A connection on which a spec says each message itself. */
export class WireClient implements AsyncDisposable {
  readonly #socket: Socket
  readonly #received: WireMessage[] = []
  #more: () => void = () => undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    const reader = new WireReader()
    socket.removeAllListeners('data')
    socket.on('data', (chunk: Buffer) => {
      this.#received.push(...reader.push(chunk))
      this.#more()
    })
  }

  /** Connects as a client of pg does, and takes its socket. */
  static async open(url: string): Promise<WireClient> {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => undefined)
    await client.connect()
    return new WireClient((client as unknown as { connection: { stream: Socket } }).connection.stream)
  }

  /** Sends all of it at once, and waits until the server was ready so many times. Returns the types of what it answered. */
  async say(messages: readonly Buffer[], ready = 1): Promise<string> {
    const from = this.#received.length
    this.#socket.write(Buffer.concat(messages))
    const said = () => this.#received.slice(from).map(({ type }) => type)
    while (said().filter((type) => type === 'Z' || type === 'G').length < ready)
      await new Promise<void>((resolve) => {
        this.#more = resolve
      })
    return said().join('')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, 'close')
    this.#socket.end(message('X'))
    await closed
  }
}
