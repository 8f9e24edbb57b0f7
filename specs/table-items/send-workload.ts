import { type Session, StatementError, withSavepoint } from 'godwit'
import { workload } from '../../fixtures/apps/pos/workload.ts'

/** What one statement of the legacy application answered: its rows, or the SQLSTATE and the constraint. */
export interface Sent {
  readonly name: string
  readonly answer: readonly unknown[] | { readonly sqlstate: string; readonly constraint: string | undefined }
}

/**
 * Send an evening's statements in their order, in an open transaction; one that is refused is undone and the next goes on. The reads without
 * parameters of their own ask for the first room and the first table that there are.
 */
export async function sendWorkload(session: Session): Promise<readonly Sent[]> {
  const first = await session.one<{ room: string | null; table: string | null }>(
    `SELECT (SELECT min("id") FROM "rooms") AS room, (SELECT min("id") FROM "tables") AS table`,
  )
  const sent: Sent[] = []
  for (const entry of workload) {
    if (typeof entry === 'string') throw new Error('every statement has a name')
    const parameters =
      entry.parameters ?? (entry.sql.includes('$1') ? [entry.sql.includes('"roomId" = $1') ? first.room : first.table] : [])
    sent.push({ name: entry.name ?? entry.sql, answer: await answerOf(session, entry.sql, parameters) })
  }
  return sent
}

async function answerOf(session: Session, sql: string, parameters: readonly unknown[]): Promise<Sent['answer']> {
  try {
    return await withSavepoint(session, () => session.query(sql, parameters))
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    return { sqlstate: error.sqlstate, constraint: error.fields.constraint }
  }
}
