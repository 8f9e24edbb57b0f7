import type { Catalog, Relation } from '../../catalog/index.ts'
import type { Statement } from '../../data/index.ts'
import type { Answer, AnswerTable, StatementHistory } from '../../invariant/index.ts'
import { pinSettings, quoteIdentifier, quoteName, type Session, StatementError, type StatementResult } from '../../postgres/index.ts'

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
   * Carry out statements one by one in a transaction, each under a savepoint, and roll all of it back.
   *
   * @param ahead  With the sequences further on, for what varies.
   * @throws {StatementError} When the rows cannot be read before any statement.
   */
  async run(statements: readonly Statement[], ahead = false): Promise<StatementHistory> {
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
      const initial = this.#tables(begun.slice(begin.length))
      const answers: Answer[] = []
      let contents = initial
      for (const statement of [...statements, atCommit]) {
        const answer = await this.#answer(statement, contents)
        contents = answer.contents
        answers.push(answer)
      }
      return { initial, answers }
    } finally {
      await session.script('ROLLBACK; DEALLOCATE ALL; DISCARD SEQUENCES; DISCARD TEMP')
    }
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

/** What would be checked at COMMIT. */
const atCommit: Statement = { form: 'select', parts: ['SET CONSTRAINTS ALL IMMEDIATE'] }

/** Equal texts for equal values; no statement holds the run up. What clients resolve names by stays theirs. */
const settings = [
  ...Object.entries(pinSettings).filter(([name]) => name !== 'search_path' && name !== 'row_security'),
  ['lock_timeout', '5s'],
  ['statement_timeout', '20s'],
].map(([name, value]) => `SET LOCAL ${name} = '${value}'`)
