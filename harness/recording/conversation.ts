import type { StatementErrorFields } from '../postgres/index.ts'
import type { Sent } from './model.ts'
import { WireFields, type WireMessage } from './wire.ts'

/** Numbers transaction blocks over all connections of a proxy. */
export interface Numbering {
  transactions: number
}

interface Prepared {
  readonly text: string
  readonly types: readonly number[]
}

interface Portal extends Prepared {
  readonly parameters: readonly (string | null | undefined)[]
}

/** What the server has yet to answer: a query, a part of the extended protocol, or the end of a series of such parts. */
type Awaited =
  | { readonly kind: 'query' | 'execute'; readonly sent: Sent }
  | { readonly kind: 'part'; readonly text: string | undefined }
  | { readonly kind: 'sync' }

/**
 * Follows what a client and a server say to each other on one connection, and notes the statements.
 *
 * @see https://www.postgresql.org/docs/current/protocol-flow.html
 */
export class Conversation {
  readonly #connection: number
  readonly #noted: Sent[]
  readonly #numbering: Numbering
  readonly #prepared = new Map<string, Prepared>()
  readonly #portals = new Map<string, Portal>()
  readonly #awaited: Awaited[] = []
  /** Answered since the server was ready last. */
  #answered: Sent[] = []
  #transaction: number | undefined
  #copying: Sent | undefined
  #authenticated = false

  constructor(connection: number, noted: Sent[], numbering: Numbering) {
    this.#connection = connection
    this.#noted = noted
    this.#numbering = numbering
  }

  get inTransaction(): boolean {
    return this.#transaction !== undefined
  }

  /** Settings that the client asks for when it connects, as statements that would make them. */
  began(parameters: Buffer): void {
    const fields = new WireFields(parameters)
    const settings: [string, string][] = []
    while (!fields.atEnd) {
      const name = fields.text()
      if (name === '') break
      settings.push([name, fields.text()])
    }
    for (const [name, value] of settings) {
      if (name === 'options')
        for (const [, key = '', given = ''] of value.matchAll(/(?:-c\s*|--)([\w.]+)=((?:\\.|[^\s\\])*)/g))
          this.#setting(key, given.replace(/\\(.)/g, '$1'))
      else if (!['user', 'database', 'application_name', 'client_encoding', 'replication'].includes(name) && !name.startsWith('_pq_.'))
        this.#setting(name, value)
    }
  }

  #setting(name: string, value: string): void {
    const sent = this.#note({ text: `SELECT pg_catalog.set_config($1, $2, false)`, parameters: [name, value], types: [] })
    sent.completed = 1
  }

  #note({ text, parameters, types }: Prepared & Pick<Portal, 'parameters'>): Sent {
    const sent: Sent = {
      connection: this.#connection,
      text,
      parameters,
      parameterTypes: types,
      transaction: this.#transaction,
      copyData: undefined,
      completed: 0,
      error: undefined,
      transactionAfter: this.#transaction,
    }
    this.#noted.push(sent)
    return sent
  }

  /** A message of the client's. */
  sent({ type, body }: WireMessage): void {
    const fields = new WireFields(body)
    switch (type) {
      case 'Q':
        this.#awaited.push({ kind: 'query', sent: this.#note({ text: fields.text(), parameters: [], types: [] }) })
        break
      case 'P': {
        const name = fields.text()
        const text = fields.text()
        const types = Array.from({ length: fields.int16() }, () => fields.int32())
        this.#prepared.set(name, { text, types })
        this.#awaited.push({ kind: 'part', text })
        break
      }
      case 'B':
        this.#bind(fields)
        break
      case 'E': {
        const portal = this.#portals.get(fields.text())
        const sent = this.#note(portal ?? { text: '', parameters: [], types: [] })
        this.#awaited.push({ kind: 'execute', sent })
        break
      }
      case 'D':
      case 'C':
        this.#awaited.push({ kind: 'part', text: undefined })
        break
      case 'S':
        this.#awaited.push({ kind: 'sync' })
        break
      case 'd':
        if (this.#copying !== undefined) this.#copying.copyData = (this.#copying.copyData ?? '') + body.toString('utf8')
        break
      case 'c':
      case 'f':
        this.#copying = undefined
        break
      default:
    }
  }

  #bind(fields: WireFields): void {
    const portal = fields.text()
    const prepared = this.#prepared.get(fields.text()) ?? { text: '', types: [] }
    const formats = Array.from({ length: fields.int16() }, () => fields.int16())
    const parameters = Array.from({ length: fields.int16() }, (_, at) => {
      const length = fields.int32()
      const value = length < 0 ? undefined : fields.bytes(length)
      const format = formats.length === 1 ? formats[0] : formats[at]
      if (value === undefined) return null
      return format === 1 ? undefined : value.toString('utf8')
    })
    this.#portals.set(portal, { ...prepared, parameters })
    this.#awaited.push({ kind: 'part', text: prepared.text })
  }

  /**
   * A message of the server's.
   *
   * @returns What was answered since the server was ready last, if it is ready now.
   */
  received({ type, body }: WireMessage): readonly Sent[] {
    if (!this.#authenticated) {
      this.#authenticated = type === 'Z'
      return []
    }
    const [head] = this.#awaited
    switch (type) {
      case 'C':
      case 'I':
      case 's':
        if (head?.kind !== 'query' && head?.kind !== 'execute') break
        head.sent.completed += 1
        if (head.kind === 'execute') this.#answer()
        break
      case 'G':
        this.#copying = head?.kind === 'query' || head?.kind === 'execute' ? head.sent : undefined
        break
      case '1':
      case '2':
      case '3':
      case 'n':
      case 'T':
        // The description of rows belongs to a query, or answers a part of its own.
        if (head?.kind === 'part') this.#awaited.shift()
        break
      case 'E':
        this.#fail(errorOf(body))
        break
      case 'Z':
        return this.#ready(String.fromCharCode(body[0] ?? 0))
      default:
    }
    return []
  }

  #answer(): void {
    const [head] = this.#awaited
    if (head?.kind === 'query' || head?.kind === 'execute') this.#answered.push(head.sent)
    this.#awaited.shift()
  }

  /** After an error the server passes over everything up to the next end of a series. */
  #fail(error: StatementErrorFields): void {
    this.#copying = undefined
    const [head] = this.#awaited
    if (head?.kind === 'query') {
      head.sent.error = error
      return
    }
    const failed =
      head?.kind === 'execute'
        ? head.sent
        : this.#note({ text: (head?.kind === 'part' ? head.text : undefined) ?? '', parameters: [], types: [] })
    failed.error = error
    this.#answered.push(failed)
    while (this.#awaited.length > 0 && this.#awaited[0]?.kind !== 'sync') {
      const passed = this.#awaited.shift()
      // Noted when it was sent, and never run.
      if (passed?.kind === 'execute' && passed.sent !== failed) this.#noted.splice(this.#noted.indexOf(passed.sent), 1)
    }
  }

  #ready(status: string): readonly Sent[] {
    if (this.#awaited[0]?.kind === 'query') this.#answer()
    else if (this.#awaited[0]?.kind === 'sync') this.#awaited.shift()
    if (status === 'I') this.#transaction = undefined
    else this.#transaction ??= this.#numbering.transactions++
    const answered = this.#answered
    this.#answered = []
    for (const each of answered) each.transactionAfter = this.#transaction
    return answered
  }
}

/** @see https://www.postgresql.org/docs/current/protocol-error-fields.html */
export function errorOf(body: Buffer): StatementErrorFields {
  const fields = new WireFields(body)
  const said = new Map<string, string>()
  while (!fields.atEnd) {
    const code = fields.byte()
    if (code === 0) break
    said.set(String.fromCharCode(code), fields.text())
  }
  const position = said.get('P')
  return {
    sqlstate: said.get('C') ?? 'XX000',
    message: said.get('M') ?? '',
    detail: said.get('D'),
    hint: said.get('H'),
    position: position === undefined ? undefined : Number(position),
    context: said.get('W'),
    schema: said.get('s'),
    table: said.get('t'),
    column: said.get('c'),
    constraint: said.get('n'),
    dataType: said.get('d'),
  }
}
