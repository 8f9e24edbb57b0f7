import { setTimeout as pause } from 'node:timers/promises'
import { type Session, StatementError } from '../../postgres/index.ts'
import type { ClientStatement } from './watched.ts'

/** A client's statement that ended. Times are those of `performance.now()`. */
export interface TrafficEvent {
  readonly client: number
  readonly statement: ClientStatement
  readonly startMs: number
  readonly endMs: number
  readonly error: StatementError | undefined
}

/** Clients at work. */
export interface Traffic {
  readonly clients: number
  /** Backends of the clients, in their order. */
  readonly processIds: () => readonly number[]
  /** Everything that ended so far, in the order in which it ended. */
  readonly events: readonly TrafficEvent[]
  /** What a client waits for an answer to; undefined between two statements. */
  readonly current: (client: number) => ClientStatement | undefined
  /** Statements that each client has ended. */
  readonly ended: () => readonly number[]
  /** Until each client has gone once more through all its statements. */
  turn(): Promise<void>
  /** Let each client end its statement, and close the sessions. */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** So long a client thinks between two statements: at full speed four of them leave no processor for the migration. */
const thinkMs = 2
const lookMs = 1

/**
 * Let clients send their statements, each over and over on a session of its own, until they are stopped. A statement that fails is noted and
 * the client goes on; one whose connection was cut connects again.
 *
 * @param open  A new session as a client has it.
 * @param clients  The statements of each client, each sent as one message.
 */
export async function startTraffic(open: () => Promise<Session>, clients: readonly (readonly ClientStatement[])[]): Promise<Traffic> {
  const sessions = await Promise.all(clients.map(open))
  const events: TrafficEvent[] = []
  const current: (ClientStatement | undefined)[] = clients.map(() => undefined)
  const ended = clients.map(() => 0)
  let stopping = false
  let broken: unknown

  const send = async (client: number, statement: ClientStatement): Promise<void> => {
    const startMs = performance.now()
    current[client] = statement
    const error = await answer(sessions[client], statement.sql)
    current[client] = undefined
    events.push({ client, statement, startMs, endMs: performance.now(), error })
    ended[client] = (ended[client] ?? 0) + 1
    if (error === undefined) return
    // A message that begins a transaction leaves it aborted.
    const after = await answer(sessions[client], 'ROLLBACK')
    if (after !== undefined) {
      await sessions[client]?.close()
      sessions[client] = await open()
    }
  }
  const work = async (client: number): Promise<void> => {
    for (;;) {
      for (const statement of clients[client] ?? []) {
        if (stopping) return
        await send(client, statement)
        await pause(thinkMs)
      }
      if ((clients[client] ?? []).length === 0) return
    }
  }
  const working = Promise.all(clients.map((_, client) => work(client))).catch((error: unknown) => {
    broken = error
    stopping = true
  })
  const stop = async (): Promise<void> => {
    stopping = true
    await working
    await Promise.all(sessions.map((each) => each.close()))
    if (broken !== undefined) throw broken
  }
  return {
    clients: clients.length,
    processIds: () => sessions.map((each) => each.processId),
    events,
    current: (client) => current[client],
    ended: () => [...ended],
    async turn() {
      const from = [...ended]
      // One more than its statements: the one under way may have begun before.
      const wanted = clients.map((each, client) => (from[client] ?? 0) + (each.length === 0 ? 0 : each.length + 1))
      while (!stopping && ended.some((count, client) => count < (wanted[client] ?? 0))) await pause(lookMs)
      if (broken !== undefined) throw broken
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

async function answer(session: Session | undefined, sql: string): Promise<StatementError | undefined> {
  try {
    await session?.script(sql)
    return undefined
  } catch (error) {
    if (error instanceof StatementError) return error
    throw error
  }
}
