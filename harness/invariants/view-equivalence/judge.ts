import type { Knowledge } from '../../lineage/index.ts'
import { shownName } from '../../postgres/index.ts'
import type { Finding, Shown, ShownSequence, Verdict } from '../../result/index.ts'
import type { Invariant } from '../invariant.ts'
import { objectOf, verbOf } from './divergence.ts'
import type { Divergence, EquivalenceObservation, ShownDivergence, ViewLimit } from './model.ts'
import { lockstepSequences } from './observe-equivalence.ts'
import { rules } from './rules.ts'

/**
 * A view in the place of a table cannot be told from it, by any sequence of statements.
 *
 * Kinds: `sqlstate` (an error on one side only, or another one), `constraint` (the error names another constraint: warning), `columns`,
 * `row-count`, `rows` (what a statement gives, RETURNING too), `contents` (what is stored afterwards); `avoidable` for what this view
 * cannot do and another kind of view could (warning), `cannot` for what PostgreSQL does on no view (info), each once for a view.
 */
export const viewEquivalence: Invariant<EquivalenceObservation> = {
  id: 'view-equivalence',
  holds: 'a view with the name of an old table answers every sequence of statements as the table did',
  violation: 'the view does not do what the table did',
  rules,
  looks: lockstepSequences,
  judge(seen: EquivalenceObservation, { locate }: Pick<Knowledge, 'locate'>): Verdict {
    const saw = { relations: 1, rows: seen.rows, cells: seen.cells, runs: seen.sequences }
    const findings = [...seen.divergences.map((shown) => divergenceFinding(seen.relation, shown, locate)), ...limitFindings(seen, locate)]
    const [worst, ...rest] = findings.filter((each) => each.severity !== 'info')
    const notes = findings.filter((each) => each.severity === 'info')
    if (worst !== undefined) return { outcome: 'violated', findings: [worst, ...rest, ...notes], saw }
    if (seen.because !== undefined || seen.changes === 0)
      return { outcome: 'unknown', because: seen.because ?? `no statement changed a row of ${seen.relation}`, saw, notes }
    return { outcome: 'holds', saw, notes }
  },
}

/** Where the SQL that makes the view stands. */
type Locate = (relation: string) => { readonly file: string; readonly line: number } | undefined

function divergenceFinding(relation: string, shown: ShownDivergence, locate: Locate): Finding {
  const { divergence, statements, at, times, ignored } = shown
  const statement = statements[at]
  const sent: ShownSequence['statements'] = statements.map(({ form, parts, copyData }) => ({
    form,
    parts,
    ...(copyData === undefined ? {} : { copyData }),
  }))
  return {
    invariant: 'view-equivalence',
    seenOnClone: true,
    kind: divergence.kind,
    severity: divergence.kind === 'constraint' ? 'warning' : 'error',
    known: 'observed',
    relation,
    attribute: divergence.attribute,
    object: objectOf(divergence, statement),
    ...locate(relation),
    message: sentenceOf(relation, shown),
    evidence: {
      legacy: divergence.legacy,
      view: divergence.view,
      statements: sent,
      divergesAt: at,
      sequences: times,
      ...(ignored.length === 0 ? {} : { ignored }),
    },
    hint: hintOf(relation, divergence),
    shown: { sequence: { statements: sent, ignored } },
  }
}

/** `UPDATE on the view accounts fails with 23502 (…). On the old table it succeeded.` */
function sentenceOf(relation: string, { divergence, statements, at }: ShownDivergence): string {
  const { kind, legacy, view, attribute, other, sqlstates } = divergence
  const name = shownName(relation)
  const statement = statements[at]
  if (statement === undefined) {
    const when = at < 0 ? 'Before any statement' : 'At COMMIT'
    return `${when} the view ${name} gives ${view}; the old table gave ${legacy}`
  }
  const verb = verbOf(statement)
  const subject = `${verb} on the view ${name}`
  if (kind === 'sqlstate') {
    const [table, through] = sqlstates
    if (through === undefined) return `${subject} succeeds; on the old table it failed with ${table}`
    return `${subject} fails with ${view}; on the old table it ${table === undefined ? 'succeeded' : `failed with ${table}`}`
  }
  if (kind === 'constraint') return `The error of ${subject} names the constraint ${view} instead of ${legacy}`
  const where = attribute === undefined || kind === 'columns' ? '' : `. The difference is in ${attribute}`
  if (kind === 'contents')
    return `After ${subject}, ${other === undefined ? 'the table behind it' : shownName(other)} has ${view}; with the old table it had ${legacy}${where}`
  return `${subject} ${kind === 'row-count' ? 'reports' : 'returns'} ${view}; the old table ${kind === 'row-count' ? 'reported' : 'returned'} ${legacy}${where}`
}

function hintOf(relation: string, { kind, sqlstates, view, attribute }: Divergence): string | undefined {
  if (kind === 'sqlstate') {
    if (sqlstates[1] === undefined) return 'Put the rule of the old table on the table behind the view, or into its trigger.'
    if (sqlstates[0] === undefined) return failureHint(relation, view, sqlstates[1])
    return 'Clients branch on the SQLSTATE: let the error of the table behind the view reach them.'
  }
  if (kind === 'constraint')
    return 'Clients look at the name of the constraint: keep the old names of constraints on the table behind the view.'
  if (kind === 'columns') return 'Name the columns of the view one by one, in the order and with the types of the old table.'
  if (kind === 'row-count') return 'An INSTEAD OF trigger that returns NULL makes the row count 0: return NEW, or OLD for DELETE.'
  if (kind === 'rows')
    return 'RETURNING shows what an INSTEAD OF trigger leaves in NEW: put defaults, keys and values of triggers there (INSERT … RETURNING * INTO NEW).'
  return `Compare the triggers, defaults and keys of the table behind the view with those of the old table${attribute === undefined ? '' : `, for "${attribute}"`}.`
}

/** What a view that refuses a write lacks, where the error tells. */
function failureHint(relation: string, error: string, sqlstate: string): string | undefined {
  const column = /^23502 \(null value in column "([^"]+)"/.exec(error)?.[1]
  if (column !== undefined)
    return `Give the view the default of the table too: ALTER VIEW ${shownName(relation)} ALTER COLUMN ${column} SET DEFAULT …;`
  if (sqlstate === '55000' || sqlstate === '0A000')
    return 'Make the view from columns of one table without expressions, so that PostgreSQL can write through it; or add an INSTEAD OF trigger.'
  return sqlstate === '42501' ? `Grant the role of the client the rights on the table behind ${shownName(relation)}.` : undefined
}

function limitFindings({ relation, limits }: EquivalenceObservation, locate: Locate): readonly Finding[] {
  return (['avoidable', 'cannot'] as const).flatMap((kind): readonly Finding[] => {
    const own = limits.filter((each) => each.avoidable === (kind === 'avoidable'))
    if (own.length === 0) return []
    return [
      {
        invariant: 'view-equivalence',
        kind,
        severity: kind === 'avoidable' ? 'warning' : 'info',
        known: 'observed',
        relation,
        ...locate(relation),
        message: limitSentence(relation, kind, own),
        evidence: { limits: own.map(({ what, sqlstate, remedy }) => ({ what, sqlstate, remedy })) },
        hint: own.map(({ what, remedy }) => `${what}: ${remedy}`).join(' '),
        shown: shownLimits(own),
      },
    ]
  })
}

function limitSentence(relation: string, kind: 'avoidable' | 'cannot', limits: readonly ViewLimit[]): string {
  const name = shownName(relation)
  const list = limits.map(shortLimit).join(', ')
  return kind === 'avoidable'
    ? `The table ${name} supported statements that the view in its place refuses, and another kind of view would support: ${list}`
    : `The table ${name} supported statements that PostgreSQL refuses on every view: ${list}`
}

function shownLimits(limits: readonly ViewLimit[]): Shown {
  const statements = limits.flatMap(({ sql }) => (sql === undefined ? [] : [{ sql }]))
  return { clients: { before: statements, after: statements, rows: false } }
}

function shortLimit({ what, sqlstate }: ViewLimit): string {
  return sqlstate === '' ? what : `${what} (${sqlstate})`
}
