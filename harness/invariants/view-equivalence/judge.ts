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
  holds: "a view that has a table's name cannot be told from it by any sequence of statements",
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
    message: `${placeOf(shown)} the view ${shownName(relation)} does not do what the table did: ${words(divergence)}`,
    evidence: {
      legacy: divergence.legacy,
      view: divergence.view,
      statements: sent,
      divergesAt: at,
      sequences: times,
      ...(ignored.length === 0 ? {} : { ignored }),
    },
    hint: hintOf(divergence),
    shown: { sequence: { statements: sent, ignored } },
  }
}

function placeOf({ statements, at }: ShownDivergence): string {
  const statement = statements[at]
  if (statement !== undefined) return `on ${articled(verbOf(statement))}`
  return at < 0 ? 'before any statement' : 'at COMMIT'
}

function articled(verb: string): string {
  return /^[AEIOU]/.test(verb) ? `an ${verb}` : `a ${verb}`
}

function words({ kind, legacy, view, attribute, other, sqlstates }: Divergence): string {
  if (kind === 'sqlstate') {
    const [table, through] = sqlstates
    if (through === undefined) return `the table refuses it with ${table}, the view carries it out`
    return table === undefined
      ? `the table carries it out, the view fails with ${view}`
      : `the table fails with ${table}, the view with ${view}`
  }
  if (kind === 'contents' && other !== undefined) return `afterwards ${other} holds ${view} and not ${legacy}`
  const place = attribute === undefined ? '' : ` in ${attribute}`
  if (kind === 'contents') return `afterwards it holds ${view}, the table ${legacy}; they differ${place === '' ? ' in whole rows' : place}`
  return `it gives ${view}, the table ${legacy}${place === '' ? '' : `; they differ${place}`}`
}

function hintOf({ kind, sqlstates, attribute }: Divergence): string {
  if (kind === 'sqlstate') {
    if (sqlstates[1] === undefined) return 'The rule that the table had must stand on the table behind the view, or in its trigger.'
    if (sqlstates[0] === undefined) return 'A view of plain columns of one table, without triggers, takes every write that the table takes.'
    return 'Clients branch on the SQLSTATE: let the error of the table behind the view reach them.'
  }
  if (kind === 'constraint')
    return 'Clients look at the name of the constraint: rename the table rather than copy it, or rename the constraints.'
  if (kind === 'columns') return 'Name the columns of the view one by one, in the order and with the types that the table had.'
  if (kind === 'row-count') return 'An INSTEAD OF trigger that gives NULL makes the row count 0: return NEW, or OLD for DELETE.'
  if (kind === 'rows')
    return 'RETURNING gives what an INSTEAD OF trigger leaves in NEW: put defaults, keys and what triggers change there (INSERT … RETURNING * INTO NEW).'
  return `Each write must reach the table behind the view as it was meant${attribute === undefined ? '' : `, "${attribute}" too`}: triggers, defaults and keys of the old table have to be there.`
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
        message: `The view ${shownName(relation)} does not do what ${kind === 'avoidable' ? 'the table did, and another kind of view would' : 'no view does'}: ${own.map(shortLimit).join(', ')}`,
        evidence: { limits: own.map(({ what, sqlstate, remedy }) => ({ what, sqlstate, remedy })) },
        hint: own.map(({ what, remedy }) => `${what}: ${remedy}`).join(' '),
        shown: shownLimits(own),
      },
    ]
  })
}

function shownLimits(limits: readonly ViewLimit[]): Shown {
  const statements = limits.flatMap(({ sql }) => (sql === undefined ? [] : [{ sql }]))
  return { clients: { before: statements, after: statements, rows: false } }
}

function shortLimit({ what, sqlstate }: ViewLimit): string {
  return sqlstate === '' ? what : `${what} (${sqlstate})`
}
