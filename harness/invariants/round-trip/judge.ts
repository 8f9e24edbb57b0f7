import type { Knowledge } from '../../lineage/index.ts'
import { shownName } from '../../postgres/index.ts'
import type { Finding, FindingResult, Verdict } from '../../result/index.ts'
import { type Applied, type Failed, outcomeAfter, type RunObservation, revertedOf, type State } from '../../run/index.ts'
import { isIssued, withoutDrawn } from '../drawn.ts'
import type { Invariant } from '../invariant.ts'
import { rules } from './rules.ts'

/**
 * `up`, `down`, `up` equals `up`: rows as a multiset, clock and random values and keys issued anew left aside; the catalog too.
 *
 * Kinds: `fails`, `data`, `schema`.
 */
export const roundTrip: Invariant = {
  id: 'round-trip',
  holds: '`up`, `down`, `up` equals `up`',
  violation: 'applying it again after going back gives another result',
  rules,
  looks: { everyRun: ['up', 'down', 'up'] },
  cause: followsFromDown,
  judge(run: RunObservation, knowledge: Knowledge): Verdict {
    const saw = { relations: 0, rows: 0, cells: 0, runs: 1 }
    if (!knowledge.hasDown) return { outcome: 'not-applicable', because: 'there is no down' }
    const { migrated } = run
    const again = outcomeAfter(run, ['up', 'down', 'up'])
    if (migrated === undefined || again === undefined)
      return {
        outcome: 'unknown',
        because:
          migrated === undefined
            ? 'the migration fails on the data sets with which it could be checked'
            : revertedOf(run)?.outcome === 'failed'
              ? 'down failed'
              : 'up was not run a second time',
        saw: { ...saw, runs: 0 },
      }
    if (again.outcome === 'failed') return { outcome: 'violated', findings: [secondUpFails(again, run.extreme)], saw }
    const tables = comparedTables(run.legacy, migrated, again.state, knowledge)
    for (const { attributes, once } of tables) {
      saw.relations += 1
      saw.rows += once.length
      saw.cells += once.length * attributes.length
    }
    const schema = again.differences.filter((each) => each.severity === 'error' && each.kind !== 'data').map(otherSchema)
    const findings = [...schema, ...tables.flatMap((table) => otherRows(table) ?? [])]
    const [first, ...rest] = findings
    if (first !== undefined) return { outcome: 'violated', findings: [first, ...rest], saw }
    return saw.relations === 0 ? { outcome: 'unknown', because: 'no table was compared', saw } : { outcome: 'holds', saw }
  },
}

function secondUpFails({ failure }: Failed, extreme: boolean): Finding {
  return {
    invariant: 'round-trip',
    kind: 'fails',
    severity: extreme ? 'warning' : 'error',
    known: 'observed',
    relation: failure.table === undefined ? undefined : `${failure.schema ?? 'public'}.${failure.table}`,
    object: failure.constraint,
    sqlstate: failure.sqlstate,
    file: failure.file,
    line: failure.line,
    message: `Applying the migration again after rolling back fails: ${failure.message}`,
    evidence: { sqlstate: failure.sqlstate, detail: failure.detail ?? null },
    hint: 'down leaves something behind that up makes: drop it there.',
  }
}

function otherSchema(difference: Applied['differences'][number]): Finding {
  return {
    invariant: 'round-trip',
    kind: 'schema',
    severity: 'error',
    known: 'observed',
    relation: difference.relation,
    attribute: difference.attribute,
    object: `${difference.object} ${difference.path}`,
    message: `Applying the migration again after rolling back ${{ added: 'leaves an additional', missing: 'does not create', changed: 'leaves a different' }[difference.change]} ${difference.object === 'attribute' ? 'column' : difference.object} ${shownName(difference.path)}${difference.change === 'missing' ? '; applying it once does' : ''}`,
    evidence: { property: difference.property ?? null, before: difference.before ?? null, after: difference.after ?? null },
  }
}

/** A migrated relation that is there after the first `up` and after the second: rows as sorted texts of what can be compared. */
interface ComparedTable {
  readonly path: string
  /** The legacy relation to name it by. */
  readonly relation: string
  readonly attributes: readonly string[]
  readonly kept: readonly string[]
  readonly once: readonly string[]
  readonly again: readonly string[]
}

function comparedTables(legacy: State, migrated: State, second: State, knowledge: Knowledge): readonly ComparedTable[] {
  const later = withoutDrawn(second, legacy)
  return [...withoutDrawn(migrated, legacy).rows].flatMap(([path, table]): readonly ComparedTable[] => {
    const other = later.rows.get(path)
    if (other === undefined) return []
    const { attributes } = table
    const kept = attributes.filter(
      (name) => other.attributes.includes(name) && !isIssued(migrated, legacy, path, name) && !knowledge.volatile.has(`${path}.${name}`),
    )
    const texts = (rows: typeof table) =>
      rows.rows.map((row) => JSON.stringify(kept.map((name) => row[rows.attributes.indexOf(name)] ?? null))).sort()
    return [{ path, relation: legacyRelation(path, legacy, knowledge), attributes, kept, once: texts(table), again: texts(other) }]
  })
}

function otherRows({ path, relation, kept, once, again }: ComparedTable): Finding | undefined {
  if (once.length === again.length && once.every((text, at) => text === again[at])) return undefined
  const odd = again.find((text) => !once.includes(text)) ?? once.find((text) => !again.includes(text))
  return {
    invariant: 'round-trip',
    kind: 'data',
    severity: 'error',
    known: 'observed',
    relation,
    message: `Applying the migration again after rolling back leaves other rows in ${shownName(path)} than applying it once (${once.length} and ${again.length} rows)`,
    evidence: {
      relation: path,
      attributes: kept,
      odd: odd === undefined ? null : JSON.parse(odd),
      first: once.length,
      second: again.length,
    },
    hint: 'down loses or invents what the second up copies again.',
    shown: { beside: [path] },
  }
}

/** That a second `up` differs or fails follows from a `down` that does not restore the state, and is information then. */
function followsFromDown(finding: FindingResult, others: readonly FindingResult[]): FindingResult {
  const rollback = others.filter((each) => each.invariant === 'rollback-restores-state' && each.severity === 'error')
  const cause =
    rollback.find((each) => namesOf(each).some((name) => finding.message.includes(`"${name}"`))) ??
    rollback.find((each) => each.relation === finding.relation) ??
    rollback[0]
  return cause === undefined ? finding : { ...finding, cause: cause.id, severity: 'info' }
}

function namesOf({ attribute, object, relation }: FindingResult): readonly string[] {
  return [attribute, object?.split('.').at(-1), relation?.split('.').at(-1)].filter((each) => typeof each === 'string')
}

function legacyRelation(path: string, legacy: State, knowledge: Knowledge): string {
  if (legacy.catalog.relations.has(path)) return path
  for (const lineage of knowledge.lineage?.relations.values() ?? [])
    if (lineage.places.some((place) => place.relation === path)) return lineage.relation
  return path
}
