import type { Knowledge } from '../../lineage/index.ts'
import { keyAttributes, matchRows, showCell } from '../../lineage/index.ts'
import type { Failure } from '../../migration/index.ts'
import { shownName } from '../../postgres/index.ts'
import type { Finding, Verdict } from '../../result/index.ts'
import { type Focus, outcomeAfter, type RunObservation, revertedOf, type Wrote, writtenIn } from '../../run/index.ts'
import type { RelationRows, SnapshotDifference } from '../../snapshot/index.ts'
import { blameLegacy } from '../applies/judge.ts'
import type { Invariant } from '../invariant.ts'
import { rules } from './rules.ts'

/**
 * After `up`, `down` everything is as it was: catalog, sequences, privileges, comments, and every cell. Rows written between the two are
 * followed: whether `down` still runs with them.
 *
 * Kinds: `missing` (no down), `fails`, `data`, `schema` (with the object), `sequence`, `privilege`, `comment`.
 */
export const rollbackRestoresState: Invariant = {
  id: 'rollback-restores-state',
  holds: '`up`, `down` leaves what was there before: data, schema, grants, comments, sequences',
  violation: 'going back does not restore what was there',
  rules,
  looks: { everyRun: ['up', 'down'] },
  judge(run: RunObservation, knowledge: Knowledge): Verdict {
    const saw = { relations: 0, rows: 0, cells: 0, runs: 1 }
    if (!knowledge.hasDown)
      return knowledge.downsUsed === false
        ? { outcome: 'not-applicable', because: 'this history has no downs: the way back is a restore from backup' }
        : { outcome: 'violated', findings: [missing()], saw }
    if (run.migrated === undefined)
      return {
        outcome: 'unknown',
        because: 'the migration fails on the data sets with which it could be checked',
        saw: { ...saw, runs: 0 },
      }
    const findings: Finding[] = []
    const reverted = revertedOf(run)
    const written = writtenIn(run)
    const afterWrites = outcomeAfter(run, ['up', 'write', 'down'])
    if (reverted?.outcome === 'failed') findings.push(fails(run, knowledge, reverted.failure, undefined))
    if (reverted?.outcome === 'applied') {
      // Rows that were read are compared cell by cell below.
      findings.push(
        ...reverted.differences
          .filter((each) => each.kind !== 'data' || !run.legacy.rows.has(each.path))
          .map((each) => describeDifference(each, knowledge)),
      )
      for (const [path, before] of run.legacy.rows) {
        const kind = run.legacy.catalog.relations.get(path)?.kind
        if (kind === 'view') continue
        saw.relations += 1
        saw.rows += before.rows.length
        saw.cells += before.rows.length * before.attributes.length
        findings.push(...compareRows(run, path, before, reverted.state.rows.get(path), knowledge))
      }
    }
    if (afterWrites?.outcome === 'failed') findings.push(fails(run, knowledge, afterWrites.failure, written))
    const grave = findings.filter((each) => each.severity !== 'info')
    const notes = findings.filter((each) => each.severity === 'info')
    const [first, ...rest] = grave
    if (first !== undefined) return { outcome: 'violated', findings: [first, ...rest, ...notes], saw }
    if (reverted === undefined && afterWrites === undefined)
      return { outcome: 'unknown', because: 'the down migration was not run', saw: { ...saw, runs: 0 } }
    return { outcome: 'holds', saw, notes }
  },
}

function missing(): Finding {
  return {
    invariant: 'rollback-restores-state',
    kind: 'missing',
    severity: 'warning',
    known: 'static',
    message: 'There is no way back but a restore from backup: the migration has no down',
    evidence: {},
    hint: 'Write the way back (down), or say in the runbook how to go back.',
  }
}

/** Data exceptions, integrity constraints, what a function raises: the legacy schema has no room for rows that only the new one allows, and `down` says so. */
const refusesData = /^(22|23|P0001)/

function fails(run: RunObservation, knowledge: Knowledge, failure: Failure, since: Wrote | undefined): Finding {
  const focus = since?.focus
  const { relation, attribute } =
    focus === undefined || isPlaced(run, failure, knowledge) ? blameLegacy(run, failure, knowledge) : blameFocus(run, focus, knowledge)
  const extreme = since === undefined ? run.extreme : since.extreme
  return {
    invariant: 'rollback-restores-state',
    kind: 'fails',
    severity: extreme || (since !== undefined && refusesData.test(failure.sqlstate)) ? 'warning' : 'error',
    known: 'observed',
    relation: relation !== undefined && run.legacy.catalog.relations.has(relation) ? relation : legacyOf(relation, knowledge),
    attribute,
    object: failure.constraint,
    sqlstate: failure.sqlstate,
    statement: failure.statement?.text,
    ...(since === undefined ? {} : { shownBy: ['up', 'write', 'down'] as const, writtenOnPurpose: focus !== undefined }),
    file: failure.file,
    line: failure.line,
    message: `Rolling back fails${since === undefined ? '' : ' once rows are written after the migration'}: ${failure.message}`,
    evidence: {
      sqlstate: failure.sqlstate,
      detail: failure.detail ?? null,
      statement: failure.statement?.text.slice(0, 400) ?? null,
      ...(since === undefined ? {} : { writtenSince: Object.fromEntries(since.rows) }),
      ...(focus === undefined ? {} : { written: focus.statements.map((each) => each.slice(0, 600)) }),
      ...(extreme ? { label: 'extreme' } : {}),
    },
    hint:
      since === undefined
        ? 'Correct the way back: it was run on the state that up left.'
        : 'Let down deal with rows that only the new schema allows: convert, move aside, or refuse with a clear message before anything is changed.',
  }
}

/** Whether the server itself names a legacy relation with an attribute. */
function isPlaced(run: RunObservation, failure: Failure, knowledge: Knowledge): boolean {
  const named = failure.table === undefined ? undefined : `${failure.schema ?? 'public'}.${failure.table}`
  return named !== undefined && run.legacy.catalog.relations.has(named) && blameLegacy(run, failure, knowledge).attribute !== undefined
}

/** The legacy attribute of the one that was written: itself where it was there before, else back along the lineage. */
function blameFocus(run: RunObservation, { relation, attribute, json }: Focus, knowledge: Knowledge) {
  const legacy = run.legacy.catalog.relations.get(relation)
  const sources = [...(knowledge.lineage?.relations.values() ?? [])].flatMap((lineage) =>
    [...lineage.attributes.values()].flatMap(({ attribute: name, destinations }) =>
      destinations.some(
        (each) =>
          each.relation === relation && each.columns.some((column) => column.attribute === attribute && sameKeys(column.json, json)),
      )
        ? [{ relation: lineage.relation, attribute: name }]
        : [],
    ),
  )
  const known = legacy?.attributes.some(({ name }) => name === attribute) === true
  const [only, ...others] = sources
  if (only !== undefined && others.length === 0 && (!known || json.length > 0)) return only
  // Of several that became one, none alone is to blame.
  return {
    relation: legacy === undefined ? (only?.relation ?? relation) : relation,
    attribute: legacy === undefined && !known ? undefined : attribute,
  }
}

function sameKeys(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((key, at) => key === right[at])
}

function legacyOf(migrated: string | undefined, knowledge: Knowledge): string | undefined {
  if (migrated === undefined) return undefined
  for (const lineage of knowledge.lineage?.relations.values() ?? []) if (lineage.home === migrated) return lineage.relation
  return undefined
}

function describeDifference(difference: SnapshotDifference, knowledge: Knowledge): Finding {
  const { change, path, property, before, after, object } = difference
  const words = {
    missing: 'is missing',
    added: 'is left over',
    changed: `has ${property?.endsWith('s') === true ? 'other' : 'another'} ${property ?? (difference.kind === 'sequence' ? 'position' : 'definition')}`,
  }[change]
  const name = `${object === 'attribute' ? 'column' : object} ${shownName(path)}`
  return {
    invariant: 'rollback-restores-state',
    kind: difference.kind === 'missing' ? 'schema' : difference.kind,
    severity: isOfBlanks(difference) ? 'info' : difference.severity,
    known: 'observed',
    relation: difference.relation,
    attribute: difference.attribute,
    object: `${object} ${path}`,
    ...knowledge.locateDown(difference.relation ?? path, difference.attribute),
    message: `After rolling back, ${name} ${words}${before === undefined && after === undefined ? '' : `: ${showCell(before)} before, ${showCell(after)} now`}${difference.because === undefined ? '' : ` (${difference.because})`}`,
    evidence: { change, object: `${object} ${path}`, property: property ?? null, before: before ?? null, after: after ?? null },
    hint: change === 'added' ? `Drop ${name} in down.` : `Put ${name} back in down, as it was before.`,
  }
}

/** Whether two definitions differ in the blanks around their lines only. */
function isOfBlanks({ change, before, after }: SnapshotDifference): boolean {
  if (change !== 'changed' || typeof before !== 'string' || typeof after !== 'string') return false
  const lines = (text: string) =>
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .join('\n')
  return before.includes('\n') && lines(before) === lines(after)
}

function compareRows(
  run: RunObservation,
  path: string,
  before: RelationRows,
  after: RelationRows | undefined,
  knowledge: Knowledge,
): readonly Finding[] {
  if (after === undefined) return []
  const catalog = run.legacy.catalog.relations.get(path)
  const key = catalog === undefined || knowledge.keysByDown?.has(path) === true ? undefined : keyAttributes(catalog)
  const matches = matchRows(before, after, key)
  const shared = before.attributes.filter((name) => after.attributes.includes(name))
  const at = { invariant: 'rollback-restores-state', kind: 'data', severity: 'error' as const, known: 'observed' as const, relation: path }
  const findings: Finding[] = []
  const lost = before.rows.filter((_, row) => matches[row] === undefined)
  const added = after.rows.length - (before.rows.length - lost.length)
  const show = (row: readonly (string | null)[] | undefined) =>
    Object.fromEntries(before.attributes.map((name, index) => [name, row?.[index] ?? null]))
  if (lost.length > 0)
    findings.push({
      ...at,
      ...knowledge.locateDown(path),
      message: `After rolling back, ${lost.length} of ${before.rows.length} rows of ${shownName(path)} are missing`,
      evidence: { lost: lost.length, added, example: show(lost[0]) },
      hint: 'Copy them back in down.',
    })
  else if (added > 0)
    findings.push({
      ...at,
      ...knowledge.locateDown(path),
      message: `After rolling back, ${shownName(path)} has ${added} rows that were not there before`,
      evidence: { lost: 0, added },
      hint: 'Remove what up inserted.',
    })
  for (const attribute of shared) {
    const [from, to] = [before.attributes.indexOf(attribute), after.attributes.indexOf(attribute)]
    const differing = before.rows.flatMap((row, index) => {
      const found = matches[index]
      const cell = found === undefined ? undefined : (after.rows[found]?.[to] ?? null)
      return found === undefined || cell === row[from] ? [] : [{ row, cell }]
    })
    const first = differing[0]
    if (first === undefined) continue
    findings.push({
      ...at,
      attribute,
      ...knowledge.locateDown(path, attribute),
      message: `After rolling back, ${shownName(path)}.${attribute} is ${showCell(first.cell)} where it was ${showCell(first.row[from])} (${differing.length} of ${before.rows.length} rows)`,
      evidence: {
        before: first.row[from] ?? null,
        after: first.cell,
        cells: differing.length,
        rows: before.rows.length,
        row: show(first.row),
      },
      hint: 'Keep the old values where down finds them, or say that there is no way back.',
    })
  }
  return findings
}
