import { instantOf, type Knowledge } from '../../lineage/index.ts'
import type { Finding, Verdict } from '../../result/index.ts'
import type { State } from '../../run/index.ts'
import type { Probe } from '../bench.ts'
import { withoutDrawn, withoutIssued } from '../drawn.ts'
import type { Invariant } from '../invariant.ts'
import { describe } from './describe.ts'
import type { Repetition } from './repetition.ts'
import { rules } from './rules.ts'

/** Longest that two runs on the same rows lie apart; a date may turn between them. */
const runsApartMicros = 600_000_000n

/** They are made while lineage is learned; here they are handed over. */
const repetitions: Probe<Repetition> = { name: 'repetitions', observe: async (bench) => bench.repetitions }

/**
 * The same legacy data gives the same migrated data.
 *
 * Kinds: `random`, `clock` (the values are instants of the run), `row-order`, `session` (a setting of the session, such as TimeZone). In a new attribute
 * random and clock are info, in a legacy one a warning, unless only rows that the migration inserts have them; dependence on the physical order of rows is an error, except for keys that the
 * migration issues; dependence on the time zone is an error in a legacy attribute, and a warning in a new one; a text that another setting
 * reads as another value is a warning, and a value that it only writes in another form is info.
 */
export const determinism: Invariant<Repetition> = {
  id: 'determinism',
  holds: 'the same rows give the same migrated rows',
  violation: 'the result depends on chance, the clock, the session or the order of rows',
  rules,
  looks: repetitions,
  judge(repetition: Repetition, knowledge: Knowledge): Verdict {
    const { first, second, reordered, sessions = [], legacy, runs } = repetition
    const saw = { relations: first.rows.size, rows: 0, cells: 0, runs: runs ?? (reordered === undefined ? 2 : 3) }
    const findings: Finding[] = []
    for (const rows of first.rows.values()) {
      saw.rows += rows.rows.length
      saw.cells += rows.rows.length * rows.attributes.length
    }
    const volatile = volatileAttributes(first, second)
    for (const [path, attribute] of volatile.values())
      findings.push(
        describe(repetition, knowledge, { path, attribute, kind: isClock(first, second, path, attribute) ? 'clock' : 'random' }),
      )
    if (reordered !== undefined) {
      const known = new Set([...volatile.keys(), ...knowledge.volatile])
      const chosen = (state: State) => withoutIssued(withoutDrawn(state, legacy), legacy)
      const ordered = [...volatileAttributes(chosen(first), chosen(reordered), true).values()].filter(
        ([path, attribute]) => !known.has(`${path}.${attribute}`) && !followsVolatile(first, path, attribute, known),
      )
      // Which rows were picked shows in every attribute: one finding for a relation.
      for (const path of new Set(ordered.map(([each]) => each))) {
        const [attribute = '', ...more] = ordered.filter(([each]) => each === path).map(([, name]) => name)
        findings.push(describe(repetition, knowledge, { path, attribute, kind: 'row-order', several: more.length > 0 }))
      }
    }
    for (const session of sessions)
      for (const [path, attribute] of volatileAttributes(first, session.state).values()) {
        if (volatile.has(`${path}.${attribute}`) || sameInstants(first, session.state, path, attribute)) continue
        findings.push(describe(repetition, knowledge, { path, attribute, kind: 'session', session }))
      }
    if (saw.rows === 0) return { outcome: 'unknown', because: 'the compared runs have no migrated rows', saw }
    const grave = findings.filter((each) => each.severity !== 'info')
    const [worst, ...rest] = grave
    if (worst !== undefined)
      return { outcome: 'violated', findings: [worst, ...rest, ...findings.filter((each) => each.severity === 'info')], saw }
    return { outcome: 'holds', saw, notes: findings }
  },
}

/** Paths of the attributes in which two states of the same migration differ. */
export function volatileAttributes(
  first: State,
  second: State,
  paired = false,
): ReadonlyMap<string, readonly [relation: string, attribute: string]> {
  const found = new Map<string, readonly [string, string]>()
  for (const [path, rows] of first.rows) {
    const other = second.rows.get(path)
    if (other === undefined) continue
    const differing = rows.attributes.filter((name) => sorted(rows, [name]) !== sorted(other, [name]))
    const rest = rows.attributes.filter((name) => !differing.includes(name))
    // Each column may hold the same values and still give them to other rows.
    if (paired && sorted(rows, rest) !== sorted(other, rest)) {
      const keys = new Set(first.catalog.relations.get(path)?.indexes.find((index) => index.primary)?.attributes)
      const culprit = [...rest]
        .sort((left, right) => Number(keys.has(left)) - Number(keys.has(right)))
        .find((name) => sorted(rows, without(rest, name)) === sorted(other, without(rest, name)))
      if (culprit !== undefined) differing.push(culprit)
    }
    for (const name of differing) found.set(`${path}.${name}`, [path, name])
  }
  return found
}

function sorted(
  table: { readonly attributes: readonly string[]; readonly rows: readonly (readonly (string | null)[])[] },
  names: readonly string[],
): string {
  const positions = names.map((name) => table.attributes.indexOf(name))
  return table.rows
    .map((row) => JSON.stringify(positions.map((at) => row[at] ?? null)))
    .sort()
    .join('\n')
}

function without(names: readonly string[], name: string): readonly string[] {
  return names.filter((each) => each !== name)
}

/** Whether an attribute holds instants of the run: those of one run lie a little behind those of the other, as the runs do. */
function isClock(first: State, second: State, path: string, attribute: string): boolean {
  const type = first.catalog.relations.get(path)?.attributes.find((each) => each.name === attribute)?.type ?? ''
  if (!/^(timestamp|date)/.test(type)) return type.startsWith('time')
  const instants = ({ rows }: State) => {
    const table = rows.get(path)
    const at = table?.attributes.indexOf(attribute) ?? -1
    const found = (table?.rows ?? []).flatMap((row) => (row[at] == null ? [] : (instantOf(row[at]) ?? [])))
    return found.sort((left, right) => (left < right ? -1 : left > right ? 1 : 0))
  }
  const [before, after] = [instants(first), instants(second)]
  const apart = before.map((instant, at) => (after[at] ?? instant) - instant)
  return apart.every((micros) => micros < runsApartMicros && micros > -runsApartMicros)
}

/** References to keys that vary vary with them. */
export function followsVolatile(state: State, path: string, attribute: string, volatile: ReadonlySet<string>): boolean {
  return (state.catalog.relations.get(path)?.constraints ?? []).some(
    (each) =>
      each.kind === 'foreign-key' &&
      each.attributes.includes(attribute) &&
      (each.references?.attributes.some((key) => volatile.has(`${each.references?.relation}.${key}`)) ?? false),
  )
}

/** Whether a column holds texts that name the same instants in two zones. */
function sameInstants(first: State, second: State, path: string, attribute: string): boolean {
  const [left, right] = [first, second].map((state) => {
    const table = state?.rows.get(path)
    const at = table?.attributes.indexOf(attribute) ?? -1
    return (table?.rows ?? []).map((row) => row[at] ?? null)
  })
  const type = first.catalog.relations.get(path)?.attributes.find(({ name }) => name === attribute)?.type ?? ''
  if (left === undefined || right === undefined || !/^(text|character)/.test(type)) return false
  const instants = (cells: readonly (string | null)[]) =>
    cells.map((cell) => String(cell === null ? null : (zonedInstant(cell) ?? cell))).sort()
  return instants(left).join('\n') === instants(right).join('\n')
}

function zonedInstant(text: string): bigint | undefined {
  return /[-+]\d\d(:?\d\d)*$|Z$/.test(text) ? instantOf(text) : undefined
}
