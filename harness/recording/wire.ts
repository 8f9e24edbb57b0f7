/** One message of the frontend/backend protocol, cut into its parts. */
export interface WireMessage {
  /** The type byte as a character. */
  readonly type: string
  /** Without type and length. */
  readonly body: Buffer
  /** The message as it was received. */
  readonly bytes: Buffer
}

/**
 * Cuts a stream of bytes into messages.
 *
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export class WireReader {
  #pending: Buffer = Buffer.alloc(0)

  /** The messages that are complete with these bytes; the rest waits for more. */
  push(chunk: Buffer): readonly WireMessage[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    const messages: WireMessage[] = []
    while (this.#pending.length >= 5) {
      const end = 1 + this.#pending.readInt32BE(1)
      if (this.#pending.length < end) break
      const bytes = this.#pending.subarray(0, end)
      messages.push({ type: String.fromCharCode(bytes[0] ?? 0), body: bytes.subarray(5), bytes })
      this.#pending = this.#pending.subarray(end)
    }
    return messages
  }

  /** What has come of a message that is not complete yet; it counts as read. */
  rest(): Buffer {
    const rest = this.#pending
    this.#pending = Buffer.alloc(0)
    return rest
  }
}

/** Reads the fields of one message's body in order. */
export class WireFields {
  #at = 0
  readonly #body: Buffer

  constructor(body: Buffer) {
    this.#body = body
  }

  get atEnd(): boolean {
    return this.#at >= this.#body.length
  }

  byte(): number {
    return this.#body.readUInt8(this.#at++)
  }

  int16(): number {
    this.#at += 2
    return this.#body.readInt16BE(this.#at - 2)
  }

  int32(): number {
    this.#at += 4
    return this.#body.readInt32BE(this.#at - 4)
  }

  text(): string {
    const end = this.#body.indexOf(0, this.#at)
    const text = this.#body.toString('utf8', this.#at, end)
    this.#at = end + 1
    return text
  }

  bytes(length: number): Buffer {
    this.#at += length
    return this.#body.subarray(this.#at - length, this.#at)
  }
}

/** A simple query, as a client sends it. */
export function queryMessage(sql: string): Buffer {
  const text = Buffer.from(`${sql}\0`)
  const head = Buffer.alloc(5)
  head.write('Q')
  head.writeInt32BE(text.length + 4, 1)
  return Buffer.concat([head, text])
}

/** Codes that stand in the place of a protocol version in a client's first message. */
export const firstCodes = { cancel: 80877102, ssl: 80877103, gss: 80877104 } as const
