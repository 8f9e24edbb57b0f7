import { type Session, StatementError, type StatementResult } from '../../postgres/index.ts'
import type { Dataset, DatasetTable, SeedReport, Unfilled } from '../dataset.ts'
import type { GenerationPlan } from '../plan/model.ts'
import { type Insert, insertSql, insertsOf, tableName } from './render-inserts.ts'
import { sequenceStatement } from './sequences.ts'

/**
 * Insert a data set: everything in one message; when the server refuses, statement by statement under savepoints, then row by row. A row that
 * is refused is left out and reported; where a trigger refuses, the relation is filled with triggers and foreign keys off, and reported so.
 *
 * Works inside an open transaction and without one (then it commits). Sequences move on by `setval`, which a rollback does not undo.
 *
 * @param session  A superuser's: row security is off for it, and `session_replication_role` may be set.
 * @throws {StatementError} Only when the session is broken or its transaction already aborted (`25P02`).
 */
export async function seedDataset(session: Session, plan: GenerationPlan, dataset: Dataset): Promise<SeedReport> {
  const inserts = insertsOf(plan, dataset)
  if (inserts.length === 0) return { filled: [], unfilled: dataset.unfilled, bypassed: [], dropped: [] }
  const sequences = sequenceStatement(plan, dataset)
  const all = [...inserts.map((insert) => insert.sql), ...(sequences === undefined ? [] : [sequences])].join(';\n')
  const own = await withoutTransaction(session, `SAVEPOINT godwit_seed;\n${all};\nRELEASE SAVEPOINT godwit_seed`)
  if (Array.isArray(own)) return report(dataset, inserts, own.slice(1), session, plan)
  const open = own === 'no transaction'
  if (open) {
    const answers = await attempt(session, `BEGIN;\n${all};\nCOMMIT`)
    if (!(answers instanceof StatementError)) return report(dataset, inserts, answers.slice(1), session, plan)
    await session.script('ROLLBACK')
    await session.script('BEGIN')
  } else await session.script('ROLLBACK TO SAVEPOINT godwit_seed; RELEASE SAVEPOINT godwit_seed')
  const filling = new Filling(session, plan, dataset)
  for (const insert of inserts) await filling.fill(insert)
  if (sequences !== undefined) await filling.under(sequences)
  if (open) await session.script('COMMIT')
  return filling.report()
}

/** The answers, or why there are none: the statements failed, or there is no transaction to set a savepoint in. */
async function withoutTransaction(session: Session, sql: string): Promise<readonly StatementResult[] | 'no transaction' | 'refused'> {
  const answers = await attempt(session, sql)
  if (!(answers instanceof StatementError)) return answers
  return answers.sqlstate === '25P01' ? 'no transaction' : 'refused'
}

async function attempt(session: Session, sql: string): Promise<readonly StatementResult[] | StatementError> {
  try {
    return await session.script(sql)
  } catch (error) {
    if (error instanceof StatementError && !/^(08|57|25P02)/.test(error.sqlstate)) return error
    throw error
  }
}

async function report(
  dataset: Dataset,
  inserts: readonly Insert[],
  answers: readonly StatementResult[],
  session: Session,
  plan: GenerationPlan,
): Promise<SeedReport> {
  const filled: { relation: string; rows: number }[] = []
  const bypassed: { relation: string; because: string }[] = []
  for (const [at, insert] of inserts.entries()) {
    const rowCount = answers[at]?.rowCount ?? 0
    for (const relation of insert.relations) {
      const rows = dataset.tables.get(relation)?.rows.length ?? 0
      const single = insert.relations.length === 1
      filled.push({ relation, rows: single ? rowCount : rows })
      // A BEFORE trigger that answers NULL swallows rows without an error.
      if (single && rowCount === 0 && rows > 0) {
        const table = dataset.tables.get(relation)
        const there = await session.script(`SELECT 1 FROM ${tableName(plan, relation)} LIMIT 1`)
        if (table === undefined || (there[0]?.rows.length ?? 0) > 0) continue
        const forced = await attempt(
          session,
          `SET session_replication_role = replica;\n${insertSql(plan, table)};\nSET session_replication_role = origin`,
        )
        if (forced instanceof StatementError) continue
        filled.pop()
        filled.push({ relation, rows })
        bypassed.push({ relation, because: 'a trigger swallowed the rows' })
      }
    }
  }
  return { filled, unfilled: dataset.unfilled, bypassed, dropped: [] }
}

/** Fills relation by relation inside an open transaction, and remembers what the server refused. */
class Filling {
  readonly #session: Session
  readonly #plan: GenerationPlan
  readonly #dataset: Dataset
  readonly #filled = new Map<string, number>()
  readonly #unfilled: Unfilled[]
  readonly #dropped: (Unfilled & { rows: number })[] = []
  readonly #bypassed: { relation: string; because: string }[] = []

  constructor(session: Session, plan: GenerationPlan, dataset: Dataset) {
    this.#session = session
    this.#plan = plan
    this.#dataset = dataset
    this.#unfilled = [...dataset.unfilled]
  }

  report(): SeedReport {
    const filled = [...this.#filled].map(([relation, rows]) => ({ relation, rows }))
    return { filled, unfilled: this.#unfilled, bypassed: this.#bypassed, dropped: this.#dropped }
  }

  /** Run one statement under a savepoint; the error when it fails. */
  async under(sql: string): Promise<StatementError | undefined> {
    const answer = await attempt(this.#session, `SAVEPOINT godwit_seed;\n${sql};\nRELEASE SAVEPOINT godwit_seed`)
    if (!(answer instanceof StatementError)) return undefined
    await this.#session.script('ROLLBACK TO SAVEPOINT godwit_seed; RELEASE SAVEPOINT godwit_seed')
    return answer
  }

  async fill(insert: Insert): Promise<void> {
    const whole = await this.under(insert.sql)
    if (whole === undefined) {
      for (const relation of insert.relations) this.#filled.set(relation, this.#dataset.tables.get(relation)?.rows.length ?? 0)
      return
    }
    if (raisedByCode(whole) || insert.relations.length > 1) {
      const bypass = await this.under(
        `SET LOCAL session_replication_role = replica;\n${insert.sql};\nSET LOCAL session_replication_role = origin`,
      )
      if (bypass === undefined) {
        for (const relation of insert.relations) {
          this.#filled.set(relation, this.#dataset.tables.get(relation)?.rows.length ?? 0)
          this.#bypassed.push({ relation, because: `${whole.message} (${whole.sqlstate})` })
        }
        return
      }
    }
    for (const relation of insert.relations) {
      const table = this.#dataset.tables.get(relation)
      if (table !== undefined) await this.#fillRows(table)
    }
  }

  async #fillRows(table: DatasetTable): Promise<void> {
    let rows = 0
    let last: StatementError | undefined
    for (const row of table.rows) {
      const error = await this.under(insertSql(this.#plan, table, [row]))
      if (error === undefined) rows++
      else last = error
    }
    if (last === undefined || rows === table.rows.length) {
      this.#filled.set(table.relation, rows)
      return
    }
    const refusal = { relation: table.relation, constraint: last.fields.constraint, sqlstate: last.sqlstate, because: last.message }
    if (rows === 0) this.#unfilled.push(refusal)
    else {
      this.#filled.set(table.relation, rows)
      this.#dropped.push({ ...refusal, rows: table.rows.length - rows })
    }
  }
}

/** Whether a function raised the error, rather than a constraint. */
function raisedByCode(error: StatementError): boolean {
  return /^P0/.test(error.sqlstate) || /PL\/|SQL function/.test(error.fields.context ?? '')
}
