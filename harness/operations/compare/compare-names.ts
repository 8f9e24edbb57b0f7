import { readCatalog } from '../../catalog/index.ts'
import { EnvironmentError } from '../../errors.ts'
import { compareHistories } from '../../invariants/index.ts'
import {
  type OpenedDatabase,
  openDatabase,
  pathOf,
  type RelationName,
  type Session,
  shownName,
  withTransaction,
} from '../../postgres/index.ts'
import { cancelOnAbort } from '../ready/ask.ts'
import { withRefusals } from '../ready/refusal.ts'
import { type Cells, compareCells } from './cells.ts'
import { type ComparedPair, pairOf } from './pair.ts'
import { type Reach, reachOf } from './reach.ts'
import { runSequence } from './run-sequence.ts'
import { isOnlyOfTables, sequencesFor } from './statements.ts'
import { throwAwayRows } from './throw-away-rows.ts'

export interface CompareNamesOptions {
  readonly url: string
  /** The table, and the view or table that took its place, as SQL names them. */
  readonly names: readonly [table: string, other: string]
  /** Send statements too; false only reads. */
  readonly statements: boolean
  readonly signal: AbortSignal
  /** Gets a line for people before statements are sent. */
  readonly say: (line: string) => void
  /** Awaited before each statement of a client, with the process id of the session that sends it. */
  readonly onStatement?: (processId: number) => Promise<void>
}

/** A statement to which both gave another answer. */
export interface DifferentAnswer {
  readonly form: string
  /** In what they differ: the SQLSTATE, the row count, the rows that were returned or stored, … */
  readonly kind: string
  /** The statements before it, and itself last, as sent to the table. */
  readonly statements: readonly string[]
  readonly table: string
  readonly other: string
}

export interface ComparedNames {
  readonly place: string
  readonly table: string
  readonly other: string
  /** Columns that the other one lacks. */
  readonly lacking: readonly string[]
  readonly cells: Cells
  /** How many statements were compared. */
  readonly statements: number
  readonly answers: readonly DifferentAnswer[]
  /** What was not compared, and why. */
  readonly notCompared: readonly string[]
  readonly same: boolean
}

/**
 * Compare a table with what took its place: rows, cell by cell; then what both answer to the same statements, on rows that are taken back.
 *
 * @throws {InputError} where a name is not there.
 * @throws {EnvironmentError} where the server does not answer, or statements could leave a trace: they are not tried then.
 */
export async function compareNames(options: CompareNamesOptions): Promise<ComparedNames> {
  const { url, names, signal, say } = options
  const database = await openDatabase(url)
  await using session = await database.connect({ writes: options.statements })
  using _ = cancelOnAbort(database, session, signal)
  return await withRefusals(`${names.join(' and ')} cannot be compared in ${database.place}`, async () => {
    const catalog = await readCatalog(session)
    const pair = await pairOf(session, catalog, names)
    const [table, other] = [shownName(pathOf(pair.table)), shownName(pathOf(pair.other))]
    const { path } = await session.one<{ path: string }>(`SELECT current_setting('search_path') AS path`)
    const cells = await withTransaction(session, () => compareCells(session, pair, path), 'ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const nothing = { statements: 0, answers: [], notCompared: ['statements: only rows were asked for'] }
    const sent = options.statements
      ? await compareStatements({ session, database, pair, signal, say, onStatement: options.onStatement })
      : nothing
    const same = cells.different === 0 && cells.rows[0] === cells.rows[1] && pair.lacking.length === 0 && sent.answers.length === 0
    return { place: database.place, table, other, lacking: pair.lacking, cells, ...sent, same }
  })
}

interface Sending {
  readonly session: Session
  readonly database: OpenedDatabase
  readonly pair: ComparedPair
  readonly signal: AbortSignal
  readonly say: (line: string) => void
  readonly onStatement: CompareNamesOptions['onStatement']
}

type Sent = Pick<ComparedNames, 'statements' | 'answers' | 'notCompared'>

async function compareStatements({ session, database, pair, signal, say, onStatement }: Sending): Promise<Sent> {
  const reach = await reachOf(session, [String(pair.table.oid), String(pair.other.oid)])
  refuseOutside(pair, reach)
  const sequences = await sequencesOf(session, reach)
  const noKey = pair.key.length === 0 ? 'the table has no key by which throw-away rows could be found again' : undefined
  const made = await withTransaction(session, () => throwAwayRows(session, pair), 'ISOLATION LEVEL REPEATABLE READ READ ONLY')
  const because = noKey ?? made.because
  const rows = because === undefined ? made.rows : []
  say(`sends     statements on throw-away rows, each few in a transaction that is rolled back${waitsText(sequences)}`)
  const answers: DifferentAnswer[] = []
  let statements = 0
  const before = onStatement === undefined ? undefined : () => onStatement(session.processId)
  for (const sequence of sequencesFor(pair, rows, database.version.major)) {
    signal.throwIfAborted()
    const run = { pair, rows, sequences, onStatement: before }
    const table = await runSequence(session, sequence, { ...run, through: pair.table, ahead: false })
    const again = await runSequence(session, sequence, { ...run, through: pair.table, ahead: true })
    const other = await runSequence(session, sequence, { ...run, through: pair.other, ahead: false })
    statements += sequence.length
    const constraints = new Set([...pair.table.constraints, ...pair.other.constraints].map(({ name }) => name))
    const compared = compareHistories(table, other, again, {
      relation: pathOf(pair.table),
      ignore: new Set(pair.lacking),
      constraints,
      anyViolation: false,
    })
    if (compared.outcome !== 'diverges') continue
    const sent = sequence.slice(0, Math.max(0, compared.at) + 1)
    const { kind, attribute, legacy, view } = compared.divergence
    answers.push({
      form: sent.at(-1)?.form ?? 'commit',
      kind: attribute === undefined ? kind : `${kind} of ${attribute}`,
      statements: sent.map((each) => each.sql(shownName(pathOf(pair.table)))),
      table: legacy,
      other: view,
    })
  }
  const identities = pair.columns.filter((each) => isOnlyOfTables(pair, each))
  const notCompared = [
    ...(because === undefined ? [] : [`INSERT, UPDATE and DELETE of rows: ${because}`]),
    ...identities.map(
      ({ name }) => `UPDATE … SET ${name} = DEFAULT: PostgreSQL takes it for an identity column of a table, and on no view`,
    ),
  ]
  return { statements, answers, notCompared }
}

function refuseOutside({ table, other }: ComparedPair, { outside }: Reach): void {
  if (outside.length === 0) return
  throw new EnvironmentError(
    `statements on ${shownName(pathOf(table))} and ${shownName(pathOf(other))} could leave a trace: they are not tried`,
    {
      detail: outside.map((each) => `${each}.`).join('\n'),
      hint: '--rows compares the rows only, and writes nothing. Or compare on a copy without these triggers.',
    },
  )
}

interface OwnedSequence extends RelationName {
  readonly cache: number
  readonly owned: boolean
}

/** Sequences from which statements may take a key: of the reached tables; of all tables where programs run that may write anywhere. */
async function sequencesOf(session: Session, { programs, relations }: Reach): Promise<readonly OwnedSequence[]> {
  const found = await session.query<OwnedSequence>(
    `SELECT n.nspname AS schema, c.relname AS name, s.seqcache::float8 AS cache, pg_has_role(c.relowner, 'USAGE') AS owned
       FROM pg_sequence AS s JOIN pg_class AS c ON c.oid = s.seqrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE $1 OR EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refobjid = ANY ($2::oid[]) AND d.deptype IN ('a', 'i'))
         OR EXISTS (SELECT FROM pg_depend AS d JOIN pg_attrdef AS a ON a.oid = d.objid
                     WHERE d.classid = 'pg_attrdef'::regclass AND d.refobjid = c.oid AND a.adrelid = ANY ($2::oid[]))
      ORDER BY 1, 2`,
    [programs, [...relations]],
  )
  const other = found.find(({ owned }) => !owned)
  if (other === undefined) return found
  throw new EnvironmentError(`the role does not own the sequence ${shownName(pathOf(other))}`, {
    detail: 'A key that a statement takes from it would be lost: a rollback does not bring it back. Nothing was tried.',
    hint: '--rows compares the rows only. Or run it as the owner of the tables.',
  })
}

function waitsText(sequences: readonly OwnedSequence[]): string {
  if (sequences.length === 0) return ''
  return `; meanwhile others wait who take a key from ${sequences
    .slice(0, 5)
    .map((each) => shownName(pathOf(each)))
    .join(', ')}${sequences.length > 5 ? ', …' : ''}`
}
