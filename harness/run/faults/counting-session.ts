import type { Session } from '../../postgres/index.ts'

/**
 * A session that does something before its n-th call, for programs, whose statements are not known beforehand. Everything else goes
 * through to the session behind it.
 */
export function countingSession(session: Session, beforeCall: number, work: () => Promise<void>): Session {
  let calls = 0
  const counted = async (): Promise<void> => {
    if (calls++ === beforeCall) await work()
  }
  return {
    database: session.database,
    processId: session.processId,
    query: async (sql, parameters) => counted().then(() => session.query(sql, parameters)),
    answer: async (sql, parameters) => counted().then(() => session.answer(sql, parameters)),
    get inTransaction() {
      return session.inTransaction
    },
    one: async (sql, parameters) => counted().then(() => session.one(sql, parameters)),
    script: async (sql) => counted().then(() => session.script(sql)),
    copyFrom: async (sql, source) => counted().then(() => session.copyFrom(sql, source)),
    async *copyTo(sql) {
      await counted()
      yield* session.copyTo(sql)
    },
    async *cursor(sql, batchRows) {
      await counted()
      yield* session.cursor(sql, batchRows)
    },
    onNotice: (listener) => session.onNotice(listener),
    close: () => session.close(),
    [Symbol.asyncDispose]: () => session.close(),
  }
}
