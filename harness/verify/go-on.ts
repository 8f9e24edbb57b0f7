import { type Failure, type Migration, parseScript, type Statement } from '../migration/index.ts'
import { type FindingResult, judgeMigration, type MigrationResult } from '../result/index.ts'
import type { Confirmed } from './confirm.ts'
import type { MigrationContext, VerifiedMigration } from './context.ts'
import type { Inquiry } from './inquiry.ts'

/** So often the failures that are known by then are corrected. */
const mostCorrections = 3
/** Places that a sentence names. */
const mostNamed = 3
/** What it takes to see a loss that each row shows. */
const runsOnceCorrected = 20

/** What rows show once a failure is out of the way; what comes of clients and of the way back is asked when it is corrected. */
const judgedOnceCorrected: ReadonlySet<string> = new Set(['zero-loss', 'quantity-parity', 'no-orphans', 'applies'])

const movesRows = new Set([
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'SelectStmt',
  'CopyStmt',
  'CreateTableAsStmt',
  'DoStmt',
  'CallStmt',
])

/** A migration as if statements that fail on any row had been corrected. */
export interface Correction {
  readonly migration: Migration
  /** Where those statements stand. */
  readonly places: readonly string[]
}

/**
 * The migration without the failures that no row of a relation gets past: a new attribute may be NULL, any other statement is left out.
 * Undefined where there is none, or where what is left cannot be read.
 *
 * @param most  So many of them at once.
 */
export function correct(
  { migration, judging, context }: Inquiry,
  confirmed: readonly Confirmed[],
  most = Number.POSITIVE_INFINITY,
): Correction | undefined {
  if ((context.corrections ?? 0) >= mostCorrections) return undefined
  const failures = confirmed.flatMap(({ finding, observation }) => {
    const certain = finding.relation !== undefined && judging.passedWith(finding.relation) === 0
    return finding.invariant === 'applies' && finding.severity !== 'info' && certain ? (observation?.failure ?? []) : []
  })
  let made: Correction = { migration, places: [] }
  for (const failure of failures.toSorted((left, right) => left.index - right.index)) {
    if (made.places.length >= most) break
    made = without(made, failure) ?? made
  }
  return made.places.length === 0 ? undefined : made
}

/** The context of looking at a corrected migration: shorter, and without rows saved earlier. */
export function contextOnceCorrected(context: MigrationContext): MigrationContext {
  return {
    ...context,
    corrections: (context.corrections ?? 0) + 1,
    options: { ...context.options, saved: undefined, online: undefined, isolation: undefined },
    depth: (legacy) => {
      const depth = context.depth(legacy)
      return { ...depth, runs: Math.min(depth.runs, runsOnceCorrected), repeats: false, faults: 'none', wanted: judgedOnceCorrected }
    },
  }
}

/** A result with what follows once a statement is corrected: no verdict on the statement, and no finding that is there already. */
export function withWhatFollows(
  result: MigrationResult,
  { result: followed, broken }: Pick<VerifiedMigration, 'result' | 'broken'>,
  { places }: Correction,
  failOn: Parameters<typeof judgeMigration>[2],
): MigrationResult {
  const subject = ({ invariant, relation, attribute }: FindingResult) => JSON.stringify([invariant, relation, attribute])
  const known = new Set(result.findings.map(subject))
  const [statement, corrected] =
    places.length === 1 ? ['this statement', `${places[0]} is corrected`] : ['these statements', `${listed(places)} are corrected`]
  if (broken !== undefined) {
    const because = `what happens once ${corrected} was not tested: the migration fails without ${statement} (${broken.message})`
    return { ...result, notChecked: [...result.notChecked, because] }
  }
  const follows = followed.findings
    .filter((each) => each.severity !== 'info' && isOfRows(each) && !known.has(subject(each)))
    .map((each): FindingResult => ({ ...each, counterexample: null, message: `${each.message}; this follows once ${corrected}` }))
  const ids = new Set([...result.findings, ...follows].map(({ id }) => id))
  const linked = follows.map((each) => (each.cause !== null && !ids.has(each.cause) ? { ...each, cause: null } : each))
  const notChecked = `what happens once ${corrected} was tested in ${followed.runs} runs, for losses and failures only`
  return judgeMigration({ ...result, notChecked: [...result.notChecked, notChecked] }, [...result.findings, ...linked], failOn)
}

/** What a statement that is left out may cause by itself is no finding: what is not there (class 42) above all. */
function isOfRows({ invariant, kind }: FindingResult): boolean {
  return judgedOnceCorrected.has(invariant) && (invariant !== 'applies' || /^2[23]/.test(kind))
}

function listed(places: readonly string[]): string {
  const more = places.length - mostNamed
  return more > 0 ? `${places.slice(0, mostNamed).join(', ')} and ${more} more` : `${places.slice(0, -1).join(', ')} and ${places.at(-1)}`
}

function without({ migration, places }: Correction, failure: Failure): Correction | undefined {
  if (migration.up.kind !== 'sql' || failure.statement === undefined) return undefined
  const { script } = migration.up
  const { offset, text: failing } = failure.statement
  // One that was corrected already has another text, or is not there.
  const statement = script.statements.find((each) => each.offset === offset && each.text === failing)
  // Without what moves rows, everything after it would look like a loss.
  if (statement === undefined || movesRows.has(statement.node)) return undefined
  for (const text of [...(failure.sqlstate === '23502' ? [nullable(statement)] : []), statement.text.replaceAll(/[^\n]/g, ' ')]) {
    if (text === statement.text) continue
    const whole = script.text.slice(0, statement.offset) + text + script.text.slice(statement.offset + statement.text.length)
    try {
      const corrected = parseScript(script.file, whole, { mode: script.mode })
      const place = `${statement.file}:${statement.line}`
      return { migration: { ...migration, up: { kind: 'sql', script: corrected } }, places: [...places, place] }
    } catch {
      // What is left of the statement may be no SQL: then it is left out as a whole.
    }
  }
  return undefined
}

/** `ADD COLUMN … NOT NULL` and `SET NOT NULL` without their NOT NULL, as long as before. */
function nullable({ text, node }: Statement): string {
  if (node !== 'AlterTableStmt') return text
  const kept = text.replaceAll(/\bSET(\s+)NOT(\s+NULL)\b/gi, 'DROP$1NOT$2')
  return kept.replaceAll(/(?<!\bDROP\s+)(?<!\bIS\s+)\bNOT\s+NULL\b/gi, (found) => found.replaceAll(/[^\n]/g, ' '))
}
