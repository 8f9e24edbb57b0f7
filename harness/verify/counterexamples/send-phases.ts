import { parseScript, type Statement } from '../../migration/index.ts'
import { type Session, StatementError } from '../../postgres/index.ts'
import type { Phase } from './phases.ts'

/** What psql prints for one statement. */
export type Printed =
  | { readonly columns: readonly string[]; readonly rows: readonly (readonly (string | null)[])[]; readonly rowCount: number | null }
  | { readonly sqlstate: string; readonly message: string }

/** By phase and text, what each statement printed. */
export type Seen = ReadonlyMap<string, ReadonlyMap<string, readonly Printed[]>>

/**
 * Send phases as psql sends a file: each over a connection of its own, statement by statement, past every error.
 *
 * @param connect  A fresh connection for a phase.
 * @throws {InputError} When a text cannot be taken apart into statements.
 */
export async function sendPhases(phases: readonly Phase[], connect: (phase: Phase) => Promise<Session>): Promise<Seen> {
  const seen = new Map<string, ReadonlyMap<string, readonly Printed[]>>()
  for (const phase of phases) {
    const { name, sql, asClient } = phase
    if (sql.length === 0) continue
    await using session = await connect(phase)
    const printed = new Map<string, readonly Printed[]>()
    if (asClient) printed.set('', await sendTogether(session, sql))
    else for (const text of sql) printed.set(text, await send(session, parseScript(name, text).statements))
    seen.set(name, printed)
  }
  return seen
}

async function send(session: Session, statements: readonly Statement[]): Promise<readonly Printed[]> {
  const printed: Printed[] = []
  for (const statement of statements) printed.push(...(await sendOne(session, statement)))
  return printed
}

/** With ON_ERROR_ROLLBACK: an error inside a transaction undoes its own statement. */
async function sendTogether(session: Session, texts: readonly string[]): Promise<readonly Printed[]> {
  const printed: Printed[] = []
  for (const statement of texts.flatMap((text) => parseScript('statements', text).statements)) {
    const border = statement.node === 'TransactionStmt'
    if (!border) await session.script('SAVEPOINT godwit_psql')
    const own = await sendOne(session, statement)
    printed.push(...own)
    if (!border) await session.script(own.some(isError) ? 'ROLLBACK TO SAVEPOINT godwit_psql' : 'RELEASE SAVEPOINT godwit_psql')
  }
  return printed
}

async function sendOne(session: Session, { text, copyData }: Statement): Promise<readonly Printed[]> {
  try {
    if (copyData !== undefined) {
      await session.copyFrom(text, [copyData])
      return []
    }
    const results = await session.script(text)
    return results.map(({ fields, rows, rowCount }) => ({ columns: fields.map((each) => each.name), rows, rowCount }))
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    return [{ sqlstate: error.sqlstate, message: error.message }]
  }
}

export function isError(printed: Printed): printed is Extract<Printed, { sqlstate: string }> {
  return 'sqlstate' in printed
}
