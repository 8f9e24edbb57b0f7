import { readCatalog } from '../catalog/index.ts'
import { bandedDataset, type PlanMemory, planGeneration, renderInserts } from '../data/index.ts'
import type { CommandSource } from '../formats/index.ts'
import { everyNode, isFields, nodeOf, readHints, type Script, treeText } from '../migration/index.ts'
import { type Database, type Session, StatementError } from '../postgres/index.ts'
import { type Driven, drive, type Recording, type RecordOptions } from './record.ts'
import type { SentStep } from './split-steps.ts'
import { type RecordedStatement, readStatements } from './statements.ts'

/** What a second recording, on rows, tells of a step. */
export type OnRows =
  /** It sent the same. */
  | { readonly kind: 'same' }
  /** What it sends depends on rows. */
  | { readonly kind: 'depends'; readonly because: string }
  /** It was not run on rows. */
  | { readonly kind: 'not-run'; readonly because: string }

/**
 * Let a tool apply its steps once more, on rows: behind each step banded rows are put into its own session, where tables are new or have
 * changed. A step that sends something else than on empty tables, or that reads rows of the user's, depends on rows.
 *
 * @param scripts  What the steps send, by step, for the constants in it.
 */
export async function compareOnRows(
  source: CommandSource,
  recording: Recording,
  scripts: readonly (Script | undefined)[],
  options: RecordOptions,
): Promise<readonly OnRows[]> {
  const { steps } = recording
  const found: OnRows[] = steps.map(({ up }) => {
    const read = up.statements.find((statement) => readsRows(statement))
    return read === undefined
      ? { kind: 'not-run', because: 'it was not reached' }
      : { kind: 'depends', because: `it reads rows: ${read.text}` }
  })
  const complete = steps.filter(({ up }) => up.error === undefined).length
  for (let at = 0; at < complete; ) {
    const driven = await onRows(source, recording, { at, scripts, options })
    for (const [more, sent] of driven.steps.entries()) {
      const [step, before] = [steps[at + more], found[at + more]]
      if (step === undefined || before?.kind === 'depends' || !driven.filled) continue
      found[at + more] = compared(step.up, sent)
    }
    // A step that fails on rows ends the run; those behind it are tried from the state behind it.
    at += Math.max(1, driven.steps.length)
    if (driven.failed === undefined) break
  }
  return found
}

interface OnRowsOptions {
  /** How many steps are there already. */
  readonly at: number
  readonly scripts: readonly (Script | undefined)[]
  readonly options: RecordOptions
}

async function onRows(
  source: CommandSource,
  recording: Recording,
  { at, scripts, options }: OnRowsOptions,
): Promise<Driven & { readonly filled: boolean }> {
  await using database = await options.scratch()
  await using model = await options.scratch()
  await using filler = await Filler.open(model, recording)
  const { bookkeeping } = recording
  let [done, filled] = [at, true]
  if (at > 0) {
    await using session = await database.connect({ as: 'owner' })
    await recording.replay(session, 0, at)
    await filler.advance(0, at)
    const sql = await filler.fill(scripts[at])
    if (sql !== undefined) await session.script(sql)
  }
  const driven = await drive(source, source.up, 'up', {
    database,
    bookkeeping,
    options,
    onAnswered: async (sent, guest) => {
      if (sent.error !== undefined || !filled) return
      const noted = readStatements([sent], bookkeeping).flatMap((statement) => statement.noted?.added ?? [])
      const step = recording.steps[done]
      if (step === undefined || !step.names.some((name) => noted.includes(name))) return
      done += 1
      // What cannot be filled ends the comparison, not the tool.
      filled = await filler.advance(done - 1, done).then(
        () => true,
        () => false,
      )
      const sql = filled ? await filler.fill(scripts[done]) : undefined
      if (sql === undefined) return
      const text = guest.inTransaction
        ? `SAVEPOINT godwit_rows;\n${sql};\nSET CONSTRAINTS ALL IMMEDIATE;\nSET CONSTRAINTS ALL DEFERRED;\nRELEASE SAVEPOINT godwit_rows`
        : sql
      await guest.script(text).catch(async (error: unknown) => {
        filled = false
        if (!(error instanceof StatementError)) throw error
        if (guest.inTransaction) await guest.script('ROLLBACK TO SAVEPOINT godwit_rows; RELEASE SAVEPOINT godwit_rows')
      })
    },
  })
  return { ...driven, filled: done > at || filled }
}

const rowsInEach = 3

/** A database that goes through the recorded steps with rows, and tells which rows the next one gets. */
class Filler implements AsyncDisposable {
  readonly #session: Session
  readonly #recording: Recording
  readonly #memory: PlanMemory = new Map()
  #shapes: ReadonlyMap<string, string> = new Map()
  #seed = 1

  private constructor(session: Session, recording: Recording) {
    this.#session = session
    this.#recording = recording
  }

  static async open(database: Database, recording: Recording): Promise<Filler> {
    return new Filler(await database.connect(), recording)
  }

  /** @throws {StatementError} Where a step fails on the rows. */
  async advance(from: number, to: number): Promise<void> {
    await this.#recording.replay(this.#session, from, to)
  }

  /** Put rows into the relations that are new or have changed; the same as SQL. */
  async fill(next: Script | undefined): Promise<string | undefined> {
    const catalog = await readCatalog(this.#session)
    const own = this.#recording.bookkeeping.tables
    const shapes = new Map(
      [...catalog.relations].flatMap(([path, relation]) =>
        relation.kind !== 'table' || own.has(relation.name)
          ? []
          : [[path, JSON.stringify(relation.attributes.map(({ name, type }) => [name, type]))] as const],
      ),
    )
    const relations = [...shapes].flatMap(([path, shape]) => (this.#shapes.get(path) === shape ? [] : [path]))
    this.#shapes = shapes
    if (relations.length === 0) return undefined
    const hints = readHints(next === undefined ? [] : [next], catalog)
    const plan = await planGeneration(this.#session, catalog, hints, this.#memory, { relations })
    const sql = renderInserts(plan, bandedDataset(plan, { seed: this.#seed++, rows: rowsInEach, variant: 1, relations })).trim()
    if (sql === '') return undefined
    const answered = await this.#session.script(`BEGIN; ${sql} COMMIT`).then(
      () => true,
      () => false,
    )
    if (!answered) await this.#session.script('ROLLBACK')
    return answered ? sql.replace(/;\s*$/, '') : undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.close()
  }
}

/** Whether a statement tells its program something about rows of the user's. */
export function readsRows({ role, parsed }: RecordedStatement): boolean {
  const node = nodeOf(parsed?.tree)
  if (node === undefined) return false
  if (role === 'migration' && node.name !== 'SelectStmt') {
    const copiesOut = node.name === 'CopyStmt' && node.fields.is_from !== true
    return copiesOut || Array.isArray(node.fields.returningList) || isFields(node.fields.returningClause)
  }
  // A SELECT that calls what may change something is a part of the migration, and answers all the same.
  if (role !== 'reading' && role !== 'migration') return false
  const nodes = [...everyNode(node.fields)]
  const own = new Set(nodes.flatMap(({ name, fields }) => (name === 'CommonTableExpr' ? [fields.ctename] : [])))
  return nodes.some(
    ({ name, fields }) =>
      name === 'RangeVar' &&
      !/^(pg_catalog|information_schema)$/.test(String(fields.schemaname ?? '')) &&
      !/^pg_/.test(String(fields.relname)) &&
      !(fields.schemaname === undefined && own.has(fields.relname)),
  )
}

function compared(recorded: SentStep, sent: SentStep): OnRows {
  const [before, now] = [migrationOf(recorded), migrationOf(sent)]
  // What comes behind the statement that fails on rows was not sent.
  const wanted = sent.error === undefined ? before : before.slice(0, now.length)
  const at = wanted.findIndex((statement, index) => shapeOf(statement) !== shapeOf(now[index]))
  const differs = at >= 0 ? at : now.length > wanted.length ? wanted.length : -1
  if (differs >= 0)
    return {
      kind: 'depends',
      because: `on rows it sends ${now[differs] === undefined ? 'nothing more' : `"${now[differs]?.text}"`} in the place of "${wanted[differs]?.text ?? 'nothing'}"`,
    }
  return { kind: 'same' }
}

function migrationOf({ statements }: SentStep): readonly RecordedStatement[] {
  return statements.filter(({ role }) => role === 'migration')
}

/** A statement without what a clock or a random number gives. */
function shapeOf(statement: RecordedStatement | undefined): string | undefined {
  if (statement === undefined) return undefined
  const text = statement.parsed === undefined ? statement.text : treeText(statement.parsed.tree)
  return text
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(Z|[+-]\d\d(:?\d\d)?)?/g, '<time>')
    .replaceAll(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/gi, '<uuid>')
    .replaceAll(/\b1[6-9]\d{8}(\d{3})?\b/g, '<time>')
}
