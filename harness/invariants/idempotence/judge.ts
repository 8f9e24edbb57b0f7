import { type Knowledge, showCell } from '../../lineage/index.ts'
import { shownName } from '../../postgres/index.ts'
import type { Finding, Verdict } from '../../result/index.ts'
import { outcomeAfter, type RunObservation } from '../../run/index.ts'
import type { RelationRows, SnapshotDifference } from '../../snapshot/index.ts'
import type { Invariant } from '../invariant.ts'
import { rules } from './rules.ts'

/**
 * Where the contract declares it (`idempotent: true`): running `up` twice changes nothing after the first time, neither rows nor the catalog
 * nor sequences. Clock and random values of the second run count: what is written again is a change.
 */
export const idempotence: Invariant = {
  id: 'idempotence',
  holds: 'declared with `idempotent: true`: running `up` a second time changes nothing',
  violation: 'a second run changes data',
  rules,
  looks: { everyRun: ['up', 'up'] },
  notApplicable: ({ contract }) => (contract.idempotent === true ? undefined : 'it is not declared (idempotent: true in the contract)'),
  judge(run: RunObservation, knowledge: Knowledge): Verdict {
    const saw = { relations: 0, rows: 0, cells: 0, runs: 1 }
    const { migrated } = run
    const second = outcomeAfter(run, ['up', 'up'])
    if (migrated === undefined || second === undefined)
      return {
        outcome: 'unknown',
        because: migrated === undefined ? 'the migration fails on the data sets with which it could be checked' : 'up was not run twice',
        saw: { ...saw, runs: 0 },
      }
    for (const { rows, attributes } of migrated.rows.values()) {
      saw.relations += 1
      saw.rows += rows.length
      saw.cells += rows.length * attributes.length
    }
    if (second.outcome === 'failed') {
      const { failure } = second
      const { sqlstate, message, file, line, constraint, statement } = failure
      const relation = failure.table === undefined ? undefined : `${failure.schema ?? 'public'}.${failure.table}`
      const finding: Finding = {
        ...at('fails', run.extreme ? 'warning' : 'error'),
        relation,
        object: constraint,
        file,
        line,
        sqlstate,
        message: `The migration fails when it runs a second time: ${message}`,
        evidence: { sqlstate, detail: failure.detail ?? null, statement: statement?.text.slice(0, 400) ?? null },
        hint: rules.fails.remedy,
      }
      return { outcome: 'violated', findings: [finding], saw }
    }
    const changed = [...migrated.rows].flatMap(([path, before]) => rowChange(path, before, second.state.rows.get(path), knowledge))
    const objects = second.differences
      // Of rows that were read, the rows themselves tell more than their digests.
      .filter(({ kind, path, relation }) => kind !== 'data' || !migrated.rows.has(relation ?? path))
      .map((each) => objectChange(each, knowledge))
    const [first, ...rest] = [...changed, ...objects]
    return first === undefined ? { outcome: 'holds', saw } : { outcome: 'violated', findings: [first, ...rest], saw }
  },
}

function at(kind: keyof typeof rules, severity: Finding['severity']): Pick<Finding, 'invariant' | 'kind' | 'severity' | 'known'> {
  return { invariant: 'idempotence', kind, severity, known: 'observed' }
}

function rowChange(path: string, before: RelationRows, after: RelationRows | undefined, knowledge: Knowledge): readonly Finding[] {
  if (after === undefined) return []
  const texts = ({ rows, attributes }: RelationRows) =>
    rows.map((row) => JSON.stringify(before.attributes.map((name) => row[attributes.indexOf(name)] ?? null)))
  const [first, second] = [texts(before), texts(after)]
  const [gone, fresh] = [without(first, second), without(second, first)]
  if (gone.length + fresh.length === 0) return []
  const message =
    gone.length === 0
      ? `Running up a second time adds ${rowsText(fresh.length)} to ${shownName(path)}, which had ${rowsText(first.length)}`
      : fresh.length === 0
        ? `Running up a second time removes ${gone.length} of ${first.length} rows from ${shownName(path)}`
        : `Running up a second time changes ${gone.length} of ${first.length} rows of ${shownName(path)}`
  return [
    {
      ...at('data', 'error'),
      relation: path,
      ...knowledge.locate(path),
      message,
      evidence: {
        rows: first.length,
        rowsAfterSecond: second.length,
        before: gone[0] === undefined ? null : JSON.parse(gone[0]),
        after: fresh[0] === undefined ? null : JSON.parse(fresh[0]),
        attributes: before.attributes,
      },
      hint: rules.data.remedy,
    },
  ]
}

function rowsText(count: number): string {
  return count === 1 ? '1 row' : `${count} rows`
}

/** What one list has more of than the other; equal texts count each time. */
function without(list: readonly string[], other: readonly string[]): readonly string[] {
  const left = new Map<string, number>()
  for (const text of other) left.set(text, (left.get(text) ?? 0) + 1)
  return list.filter((text) => {
    const count = left.get(text) ?? 0
    left.set(text, count - 1)
    return count <= 0
  })
}

function objectChange(difference: SnapshotDifference, knowledge: Knowledge): Finding {
  const { path, object, change, property, before, after, relation, attribute, severity } = difference
  const kind = difference.kind === 'sequence' || difference.kind === 'data' ? difference.kind : 'schema'
  const values =
    change !== 'changed' || (before === undefined && after === undefined)
      ? ''
      : `: ${showCell(before)} after the first time, ${showCell(after)} after the second`
  const name = `${object === 'attribute' ? 'column' : object} ${shownName(path)}`
  const does = { added: 'adds', missing: 'removes', changed: 'changes' }[change]
  return {
    ...at(kind, kind === 'sequence' ? 'warning' : severity),
    relation,
    attribute,
    object: `${object} ${path}`,
    ...knowledge.locate(relation ?? path, attribute),
    message: `Running up a second time ${kind === 'data' ? `changes rows of ${shownName(path)}` : `${does} ${name}`}${property === undefined ? '' : ` (${property})`}${values}`,
    evidence: { change, property: property ?? null, before: before ?? null, after: after ?? null },
    hint: rules[kind].remedy,
  }
}
