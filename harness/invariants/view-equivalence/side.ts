import type { Catalog, Relation } from '../../catalog/index.ts'
import type { Statement, StatementClient } from '../../data/index.ts'
import { pinSettings, quoteIdentifier, quoteName, type Session, StatementError, type StatementResult } from '../../postgres/index.ts'
import type { Answer, AnswerTable, History as StatementHistory } from './model.ts'

export interface SideOptions {
  /** Whose statements they are; undefined for the session's own user. */
  readonly role: string | undefined
  /** The catalog of this side, for its sequences. */
  readonly catalog: Catalog
  /** Relations whose rows are read after each statement, as the legacy catalog knows them. */
  readonly read: readonly (readonly [path: string, relation: Relation])[]
}

/** How far the sequences are moved on for the run that tells what varies. */
const further = 17

/** A table or the view in its place, with a database of its own: carries out sequences of statements and takes them back. */
export class Side {
  readonly #session: Session
  readonly #options: SideOptions
  readonly #asClient: string
  readonly #asHarness: string
  readonly #contents: readonly string[]

  constructor(session: Session, options: SideOptions) {
    this.#session = session
    this.#options = options
    const { role } = options
    this.#asClient = role === undefined ? 'SELECT' : `SET LOCAL SESSION AUTHORIZATION ${quoteIdentifier(role)}`
    this.#asHarness = role === undefined ? 'SELECT' : 'SET LOCAL SESSION AUTHORIZATION DEFAULT'
    this.#contents = options.read.map(([, relation]) => {
      const columns = relation.attributes.map((each) => quoteIdentifier(each.name))
      return `SELECT ${columns.join(', ')} FROM ${quoteName(relation)}`
    })
  }

  /**
   * Begin a transaction that takes statements, each under a savepoint, and rolls back all of them when it is disposed of.
   *
   * @throws {StatementError} When the rows cannot be read before any statement.
   */
  async begin({ ahead = false, beside }: BeginOptions = {}): Promise<SideRun> {
    const session = this.#session
    const sequences = this.#options.catalog.sequences.map((each) => ({ name: quoteName(each), cache: each.cache }))
    const begin = [
      'BEGIN',
      // Storage of this transaction's own: what nextval takes comes back with the rollback.
      ...sequences.map(({ name, cache }) => `ALTER SEQUENCE ${name} CACHE ${cache}`),
      ...(ahead
        ? sequences.map(
            ({ name }) =>
              `DO $$ BEGIN PERFORM nextval('${name.replaceAll("'", "''")}') FROM generate_series(1, ${further}); EXCEPTION WHEN OTHERS THEN NULL; END $$`,
          )
        : []),
      ...settings,
    ]
    try {
      const begun = await session.script([...begin, ...this.#contents, this.#asClient].join(';\n'))
      return new SideRun({
        initial: this.#tables(begun.slice(begin.length)),
        answer: (statement, before) => this.#answer(statement, before),
        end: () => this.#end(),
        beside,
      })
    } catch (error) {
      await this.#end()
      throw error
    }
  }

  /** Carry out statements and take them back. */
  async run(statements: readonly Statement[], options: BeginOptions = {}): Promise<StatementHistory> {
    await using run = await this.begin(options)
    for (const statement of statements) await run.send(statement)
    return await run.history()
  }

  async #end(): Promise<void> {
    await this.#session.script('ROLLBACK; DEALLOCATE ALL; DISCARD SEQUENCES; DISCARD TEMP')
  }

  async #answer(statement: Statement, before: ReadonlyMap<string, AnswerTable>): Promise<Answer> {
    const session = this.#session
    try {
      const after = [this.#asHarness, ...this.#contents, this.#asClient, 'RELEASE SAVEPOINT godwit_statement']
      if (statement.copyData !== undefined) {
        await session.script('SAVEPOINT godwit_statement')
        const rowCount = await session.copyFrom(statement.parts[0] ?? '', [statement.copyData])
        const read = await session.script(after.join(';\n'))
        return { error: undefined, results: [{ command: 'COPY', rowCount, fields: [], rows: [] }], contents: this.#tables(read.slice(1)) }
      }
      const read = await session.script(['SAVEPOINT godwit_statement', ...statement.parts, ...after].join(';\n'))
      const results = read.slice(1, 1 + statement.parts.length)
      return { error: undefined, results, contents: this.#tables(read.slice(2 + statement.parts.length)) }
    } catch (error) {
      if (!(error instanceof StatementError)) throw error
      await session.script('ROLLBACK TO SAVEPOINT godwit_statement; RELEASE SAVEPOINT godwit_statement')
      const { sqlstate, message, constraint } = error.fields
      return { error: { sqlstate, message, constraint }, results: [], contents: before }
    }
  }

  #tables(results: readonly StatementResult[]): ReadonlyMap<string, AnswerTable> {
    return new Map(
      this.#options.read.map(([path, relation], at) => [
        path,
        { attributes: relation.attributes.map((each) => each.name), rows: results[at]?.rows ?? [] },
      ]),
    )
  }
}

/** One transaction on one side, and what it answered so far. */
export class SideRun implements StatementClient, AsyncDisposable {
  readonly #answers: Answer[] = []
  readonly #statements: Statement[] = []
  readonly #with: SideRunWith

  constructor(given: SideRunWith) {
    this.#with = given
  }

  /** What was sent. */
  get statements(): readonly Statement[] {
    return this.#statements
  }

  /** SQLSTATE of the last answer, if it was an error. */
  get lastError(): string | undefined {
    return this.#answers.at(-1)?.error?.sqlstate
  }

  expects(): boolean {
    const { beside } = this.#with
    return beside === undefined || beside.lastError === this.lastError
  }

  async send(statement: Statement): Promise<void> {
    this.#statements.push(statement)
    await this.#take(statement)
  }

  /** All answers, and one to what would be checked at COMMIT. */
  async history(): Promise<StatementHistory> {
    await this.#take(atCommit)
    return { initial: this.#with.initial, answers: this.#answers }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#with.end()
  }

  async #take(statement: Statement): Promise<void> {
    this.#answers.push(await this.#with.answer(statement, this.#answers.at(-1)?.contents ?? this.#with.initial))
  }
}

interface SideRunWith {
  readonly initial: ReadonlyMap<string, AnswerTable>
  readonly answer: (statement: Statement, before: ReadonlyMap<string, AnswerTable>) => Promise<Answer>
  readonly end: () => Promise<void>
  readonly beside: SideRun | undefined
}

interface BeginOptions {
  /** With the sequences further on, for what varies. */
  readonly ahead?: boolean | undefined
  /** The other side: nothing more is expected once their answers are other ones. */
  readonly beside?: SideRun | undefined
}

/** What would be checked at COMMIT. */
const atCommit: Statement = { form: 'select', parts: ['SET CONSTRAINTS ALL IMMEDIATE'] }

/** Equal texts for equal values; no statement holds the run up. What clients resolve names by stays theirs. */
const settings = [
  ...Object.entries(pinSettings).filter(([name]) => name !== 'search_path' && name !== 'row_security'),
  ['lock_timeout', '5s'],
  ['statement_timeout', '20s'],
].map(([name, value]) => `SET LOCAL ${name} = '${value}'`)
