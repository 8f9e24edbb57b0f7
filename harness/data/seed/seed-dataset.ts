import {
  quoteIdentifier,
  type ScriptOf,
  type Session,
  StatementError,
  type StatementResult,
  type Tried,
  tryEach,
} from '../../postgres/index.ts'
import type { Dataset, DatasetTable, SeedReport, Unfilled } from '../dataset.ts'
import type { GenerationPlan } from '../plan/model.ts'
import { parentsFirst } from './parents-first.ts'
import { type Insert, insertSql, insertsOf, tableName } from './render-inserts.ts'
import { sequenceStatement } from './sequences.ts'

/**
 * Insert a data set: everything in one message. A statement that the server refuses is sent again row by row under savepoints, and those
 * before and behind it in messages of their own. A row that is refused is left out and reported; where a trigger refuses every row, the
 * relation is filled with triggers and foreign keys off, and reported so.
 * Constraints that are deferred are checked as well, and stay IMMEDIATE for the rest of an open transaction.
 *
 * Works inside an open transaction and without one (then it commits). Sequences move on by `setval`, which a rollback does not undo.
 *
 * @param session  A superuser's: row security is off for it, and `session_replication_role` may be set.
 * @param takesRows  Relations into which generated rows went under the eyes of their triggers before: rows that these refuse now are left out,
 * even if that is all of them.
 * @throws {StatementError} Only when the session is broken or its transaction already aborted (`25P02`).
 */
export async function seedDataset(
  session: Session,
  plan: GenerationPlan,
  dataset: Dataset,
  takesRows: ReadonlySet<string> = new Set(),
): Promise<SeedReport> {
  const inserts = insertsOf(plan, dataset)
  if (inserts.length === 0) return { filled: [], unfilled: dataset.unfilled, bypassed: [], dropped: [] }
  const sequences = sequenceStatement(plan, dataset)
  const all = [...inserts.map((insert) => insert.sql), ...(sequences === undefined ? [] : [sequences]), noneDeferred].join(';\n')
  // Where there is no transaction to set a savepoint in, this is one of our own.
  let open = false
  const answers = await attempt(session, (inTransaction) => {
    open = !inTransaction
    return open ? `BEGIN;\n${all}` : underSavepoint(all)
  })
  const filling = new Filling(session, plan, dataset, takesRows)
  if (answers instanceof StatementError) {
    // The statement that begins the transaction, or sets the savepoint, went through.
    await filling.fillInTime(
      inserts,
      answers.completed === undefined ? undefined : answers.completed - 1,
      open ? 'ROLLBACK; BEGIN' : undoSavepoint,
    )
    if (sequences !== undefined) await filling.under(sequences)
  } else for (const [at, insert] of inserts.entries()) await filling.filled(insert, answers[at + 1]?.rowCount ?? 0)
  if (open) await session.script('COMMIT')
  return filling.report()
}

const noneDeferred = 'SET CONSTRAINTS ALL IMMEDIATE'
const underSavepoint = (sql: string) => `SAVEPOINT godwit_seed;\n${sql};\nRELEASE SAVEPOINT godwit_seed`
const undoSavepoint = 'ROLLBACK TO SAVEPOINT godwit_seed; RELEASE SAVEPOINT godwit_seed'

async function attempt(session: Session, sql: string | ScriptOf): Promise<readonly StatementResult[] | StatementError> {
  try {
    return await session.script(sql)
  } catch (error) {
    if (error instanceof StatementError && !/^(08|57|25P02)/.test(error.sqlstate)) return error
    throw error
  }
}

/** Fills relation by relation inside an open transaction, and remembers what the server refused. */
class Filling {
  readonly #session: Session
  readonly #plan: GenerationPlan
  readonly #dataset: Dataset
  readonly #takesRows: ReadonlySet<string>
  readonly #filled = new Map<string, number>()
  readonly #unfilled: Unfilled[]
  readonly #dropped: (Unfilled & { rows: number })[] = []
  readonly #bypassed: { relation: string; because: string }[] = []

  constructor(session: Session, plan: GenerationPlan, dataset: Dataset, takesRows: ReadonlySet<string>) {
    this.#session = session
    this.#plan = plan
    this.#dataset = dataset
    this.#takesRows = takesRows
    this.#unfilled = [...dataset.unfilled]
  }

  report(): SeedReport {
    const filled = [...this.#filled].map(([relation, rows]) => ({ relation, rows }))
    return { filled, unfilled: this.#unfilled, bypassed: this.#bypassed, dropped: this.#dropped }
  }

  /** Run statements under a savepoint; their answers, or the error when one fails. */
  async under(sql: string): Promise<readonly StatementResult[] | StatementError> {
    const answers = await attempt(this.#session, underSavepoint(sql))
    if (!(answers instanceof StatementError)) return answers.slice(1)
    await this.#session.script(undoSavepoint)
    return answers
  }

  /**
   * Fill, and check what is deferred. A constraint that refuses only then does not say which rows to leave out: the relations are filled
   * once more with that constraint checked at each statement, and, where this does not help or a trigger refuses, with all of them.
   *
   * @param refused  As for `fillAround`.
   * @param undo  Undoes what was sent before.
   */
  async fillInTime(inserts: readonly Insert[], refused: number | undefined, undo: string): Promise<void> {
    const immediate = new Set<string>()
    let begin = `${undo}; SAVEPOINT godwit_fill`
    for (;;) {
      await this.#session.script(begin)
      await this.fillAround(inserts, refused)
      const late = await attempt(this.#session, `${noneDeferred}; RELEASE SAVEPOINT godwit_fill`)
      if (!(late instanceof StatementError)) return
      this.#forget()
      const { schema, constraint } = late.fields
      const name =
        schema === undefined || constraint === undefined ? undefined : `${quoteIdentifier(schema)}.${quoteIdentifier(constraint)}`
      const isKnown = name === undefined || immediate.has(name)
      if (name !== undefined) immediate.add(name)
      begin = `ROLLBACK TO SAVEPOINT godwit_fill; ${isKnown ? noneDeferred : `SET CONSTRAINTS ${[...immediate].join(', ')} IMMEDIATE`}`
    }
  }

  #forget(): void {
    this.#filled.clear()
    this.#unfilled.splice(0, this.#unfilled.length, ...this.#dataset.unfilled)
    this.#dropped.length = 0
    this.#bypassed.length = 0
  }

  /** @param refused  Which of them the server refused when they were sent together; undefined where that is not known. */
  async fillAround(inserts: readonly Insert[], refused: number | undefined): Promise<void> {
    if (refused === undefined) {
      for (const insert of inserts) await this.fill(insert)
      return
    }
    await this.#fillTogether(inserts.slice(0, refused))
    const [insert, ...rest] = inserts.slice(refused)
    if (insert !== undefined) await this.fill(insert)
    await this.#fillTogether(rest)
  }

  async #fillTogether(inserts: readonly Insert[]): Promise<void> {
    if (inserts.length === 0) return
    const answers = await this.under(inserts.map(({ sql }) => sql).join(';\n'))
    if (answers instanceof StatementError)
      return this.fillAround(inserts, answers.completed === undefined ? undefined : answers.completed - 1)
    for (const [at, insert] of inserts.entries()) await this.filled(insert, answers[at]?.rowCount ?? 0)
  }

  async fill(insert: Insert): Promise<void> {
    const whole = await this.under(insert.sql)
    if (!(whole instanceof StatementError)) return this.filled(insert, whole[0]?.rowCount ?? 0)
    const because = `${whole.message} (${whole.sqlstate})`
    if (insert.relations.length > 1 && (await this.#bypass(insert, because))) return
    for (const relation of insert.relations) {
      const table = this.#dataset.tables.get(relation)
      if (table === undefined) continue
      const refusal = await this.#fillRows(parentsFirst(this.#plan.relations.get(relation), table))
      // Rows that a trigger refuses are none that the schema allows, as long as it lets others in.
      const bypass = insert.relations.length === 1 && raisedByCode(whole) && !this.#takesRows.has(relation)
      if (refusal !== undefined && !(bypass && (await this.#bypass(insert, because)))) this.#unfilled.push(refusal)
    }
  }

  /** Note an INSERT that went through; a BEFORE trigger that answers NULL swallows rows without an error. */
  async filled(insert: Insert, rowCount: number): Promise<void> {
    const [only] = insert.relations
    const rows = (relation: string) => this.#dataset.tables.get(relation)?.rows.length ?? 0
    if (insert.relations.length !== 1 || only === undefined) {
      for (const relation of insert.relations) this.#filled.set(relation, rows(relation))
      return
    }
    const swallowed = { relation: only, constraint: undefined, sqlstate: undefined, because: 'a trigger swallowed the rows' }
    if (rowCount === 0) {
      const [there] = await this.#session.script(`SELECT 1 FROM ${tableName(this.#plan, only)} LIMIT 1`)
      // Rows that a trigger sent to a child table are there all the same.
      if (there?.rows.length === 0) {
        if (!(await this.#bypass(insert, swallowed.because))) this.#unfilled.push(swallowed)
        return
      }
    } else if (rowCount < rows(only)) this.#dropped.push({ ...swallowed, rows: rows(only) - rowCount })
    this.#filled.set(only, rowCount > 0 ? rowCount : rows(only))
  }

  /** Insert with triggers and foreign keys off: legal all the same, as the keys were matched in memory. */
  async #bypass(insert: Insert, because: string): Promise<boolean> {
    const answer = await this.under(
      `SET LOCAL session_replication_role = replica;\n${insert.sql};\nSET LOCAL session_replication_role = origin`,
    )
    if (answer instanceof StatementError) return false
    for (const relation of insert.relations) {
      this.#filled.set(relation, this.#dataset.tables.get(relation)?.rows.length ?? 0)
      this.#bypassed.push({ relation, because })
    }
    return true
  }

  /** Send statements of which some may be refused: in one message where the database has PL/pgSQL. */
  async #eachAlone(statements: readonly string[]): Promise<readonly Tried[]> {
    await this.#session.script('SAVEPOINT godwit_seed')
    try {
      const tried = await tryEach(this.#session, statements, { keep: true })
      await this.#session.script('RELEASE SAVEPOINT godwit_seed')
      return tried
    } catch (error) {
      if (!(error instanceof StatementError) || error.sqlstate !== undefinedObject) throw error
      await this.#session.script(undoSavepoint)
    }
    const tried: Tried[] = []
    for (const statement of statements) {
      const answer = await this.under(statement)
      if (!(answer instanceof StatementError)) tried.push({ outcome: 'accepted' })
      else {
        const { sqlstate, message, fields } = answer
        tried.push({ outcome: 'refused', sqlstate, message, constraint: fields.constraint ?? '' })
      }
    }
    return tried
  }

  /** @returns Why no row went in; undefined where one did. */
  async #fillRows(table: DatasetTable): Promise<Unfilled | undefined> {
    let rows = 0
    let last: (Tried & { readonly outcome: 'refused' }) | undefined
    for (const answer of await this.#eachAlone(table.rows.map((row) => insertSql(this.#plan, table, [row])))) {
      if (answer.outcome === 'refused') last = answer
      else rows++
    }
    if (rows > 0) this.#filled.set(table.relation, rows)
    if (last === undefined) return undefined
    const constraint = last.sqlstate === notNull || last.constraint === '' ? undefined : last.constraint
    const refusal = { relation: table.relation, constraint, sqlstate: last.sqlstate, because: last.message }
    if (rows === 0) return refusal
    this.#dropped.push({ ...refusal, rows: table.rows.length - rows })
    return undefined
  }
}

const notNull = '23502'
/** There is no such language. */
const undefinedObject = '42704'

/** Whether a function raised the error, rather than a constraint. */
function raisedByCode(error: StatementError): boolean {
  return /^P0/.test(error.sqlstate) || /PL\/|SQL function/.test(error.fields.context ?? '')
}
