import type { Attribute, Constraint, Relation } from '../../catalog/index.ts'
import type { Dataset } from '../../data/index.ts'
import type { Knowledge } from '../../lineage/index.ts'
import { pathOf, quoteIdentifier, quoteLiteral, quoteName, type RelationName, type Session, tryEach } from '../../postgres/index.ts'
import type { RunObservation, State } from '../../run/index.ts'
import { readRows } from '../../snapshot/index.ts'
import { insertCandidates } from '../backward-compatibility/workload/insert-candidates.ts'
import { type Heir, heirsOf } from './heirs.ts'

/** An INSERT that the legacy schema refuses because of one constraint. */
export interface Refused {
  /** Path of the legacy relation. */
  readonly relation: string
  /** Name of the constraint or unique index; of NOT NULL the attribute. */
  readonly constraint: string
  readonly values: ReadonlyMap<string, string | null>
  /** The same row without what is refused: it is taken. */
  readonly taken: ReadonlyMap<string, string | null>
  readonly sql: string
  readonly sqlstate: string
}

/** What became of it after `up`. */
export interface Answered extends Refused {
  readonly after: { readonly sql: string; readonly outcome: 'accepted' | 'refused'; readonly through: string }
}

const mostRelations = 12
const mostChecked = 8

type Values = ReadonlyMap<string, string | null>
type Run = Pick<RunObservation, 'legacy' | 'migrated'>

/** The legacy relations whose rules may be other ones after `up`: those made anew, answered by a view, or with a rule that is gone by name. */
function doubtful(heirs: ReadonlyMap<string, Heir>, run: Run): readonly Heir[] {
  return [...heirs.values()].filter(({ path, legacy, now }) => {
    if (legacy.kind !== 'table' && legacy.kind !== 'partitioned-table') return false
    const names = new Set([...now.constraints, ...now.indexes].map((each) => each.name))
    const gone = [...legacy.constraints, ...legacy.indexes.filter((each) => each.unique)].some((each) => !names.has(each.name))
    return legacy.oid !== now.oid || gone || run.migrated?.catalog.relations.get(path)?.kind === 'view'
  })
}

/** One refused INSERT for each rule, where one was found. In an open transaction, on the legacy database; nothing stays. */
export async function legacyRefusals(
  session: Session,
  run: Run,
  knowledge: Knowledge,
  fresh: Dataset | undefined,
): Promise<readonly Refused[]> {
  const heirs = doubtful(heirsOf(run, knowledge), run).slice(0, mostRelations)
  const parents = heirs.flatMap(({ legacy }) => legacy.constraints.flatMap((each) => each.references?.relation ?? []))
  const paths = [...new Set([...heirs.map((each) => each.path), ...parents])].filter((path) => run.legacy.rows.has(path))
  if (paths.length === 0) return []
  const state: State = { catalog: run.legacy.catalog, rows: await readRows(session, run.legacy.catalog, paths) }
  const refused: Refused[] = []
  for (const { path, legacy } of heirs) {
    const candidates = insertCandidates(state, legacy, fresh)
    const tried = await tryEach(
      session,
      candidates.map((values) => insertOf(legacy, values)),
    )
    const taken = candidates.find((_, at) => tried[at]?.outcome === 'accepted')
    if (taken === undefined) continue
    const rules = rulesOf(state, legacy, taken)
    const answers = await tryEach(
      session,
      rules.map(({ values }) => insertOf(legacy, values)),
    )
    const found = new Set<string>()
    for (const [at, { constraint, values }] of rules.entries()) {
      const answer = answers[at]
      if (answer?.outcome !== 'refused' || answer.constraint !== constraint || found.has(constraint)) continue
      found.add(constraint)
      refused.push({ relation: path, constraint, values, taken, sql: insertOf(legacy, values), sqlstate: answer.sqlstate })
    }
  }
  return refused
}

/** The same INSERTs after `up`: to what took the place of the table, and to a view of its name. Rows that are refused for another reason tell nothing. */
export async function answersAfter(
  session: Session,
  run: Run,
  knowledge: Knowledge,
  refused: readonly Refused[],
): Promise<readonly Answered[]> {
  const heirs = heirsOf(run, knowledge)
  const planned = refused.flatMap((each) => {
    const heir = heirs.get(each.relation)
    if (heir === undefined) return []
    const view = run.migrated?.catalog.relations.get(each.relation)
    const own = { target: heir.now, nameOf: (name: string) => seatOn(heir, name) }
    const places = view?.kind === 'view' ? [own, { target: view, nameOf: (name: string) => name }] : [own]
    return places.flatMap(({ target, nameOf }) => {
      const [wrong, right] = [each.values, each.taken].map((values) => renamedInsert(target, values, nameOf))
      return wrong === undefined || right === undefined ? [] : [{ each, wrong, right, through: pathOf(target) }]
    })
  })
  const answers = await tryEach(
    session,
    planned.flatMap(({ wrong, right }) => [wrong, right]),
  )
  return planned.flatMap(({ each, wrong, through }, at): readonly Answered[] => {
    const [answer, control] = [answers[2 * at], answers[2 * at + 1]]
    if (answer === undefined || control?.outcome !== 'accepted') return []
    return [{ ...each, after: { sql: wrong, through, outcome: answer.outcome } }]
  })
}

function seatOn({ now, attributes }: Heir, name: string): string | undefined {
  const seat = attributes.get(name)
  return seat?.relation === pathOf(now) ? seat.attribute : undefined
}

function renamedInsert(target: RelationName, values: Values, nameOf: (name: string) => string | undefined): string | undefined {
  const renamed = [...values].map(([name, value]) => [nameOf(name), value] as const)
  if (renamed.some(([name]) => name === undefined)) return undefined
  return insertInto(
    target,
    renamed.flatMap(([name, value]) => (name === undefined ? [] : [[name, value] as const])),
  )
}

function insertOf(relation: Relation, values: Values): string {
  return insertInto(relation, [...values])
}

function insertInto(target: RelationName, values: readonly (readonly [string, string | null])[]): string {
  const columns = values.map(([name]) => quoteIdentifier(name)).join(', ')
  return `INSERT INTO ${quoteName(target)} (${columns}) VALUES (${values.map(([, value]) => quoteLiteral(value)).join(', ')})`
}

interface Attempt {
  readonly constraint: string
  readonly values: Values
}

/** Rows that a rule ought to refuse: several for a check, whose border is not known. */
function rulesOf(state: State, relation: Relation, taken: Values): readonly Attempt[] {
  const table = state.rows.get(pathOf(relation))
  const [first] = table?.rows ?? []
  const cell = (name: string) => first?.[table?.attributes.indexOf(name) ?? -1] ?? null
  const withValues = (pairs: readonly (readonly [string, string | null])[]): Values => new Map([...taken, ...pairs])
  const copied = (names: readonly (string | undefined)[]) =>
    withValues(names.flatMap((name) => (name === undefined ? [] : [[name, cell(name)] as const])))
  const keys = relation.indexes
    .filter((each) => each.unique && !each.exclusion && first !== undefined)
    .map(
      (index): Attempt => ({
        constraint: index.name,
        values: index.attributes.includes(undefined) ? copied(relation.attributes.map((each) => each.name)) : copied(index.attributes),
      }),
    )
  const required = relation.attributes
    .filter((each) => each.notNull && taken.has(each.name))
    .map((each): Attempt => ({ constraint: each.name, values: withValues([[each.name, null]]) }))
  return [...keys, ...required, ...relation.constraints.flatMap((each) => violations(relation, each, withValues, copied))]
}

function violations(
  relation: Relation,
  { name, kind, attributes }: Constraint,
  withValues: (pairs: readonly (readonly [string, string | null])[]) => Values,
  copied: (names: readonly string[]) => Values,
): readonly Attempt[] {
  const typed = attributes.flatMap((each) => relation.attributes.find((attribute) => attribute.name === each) ?? [])
  if (kind === 'exclusion') return [{ constraint: name, values: copied(attributes) }]
  if (kind === 'foreign-key') return [{ constraint: name, values: withValues(typed.map((each) => [each.name, unlikely(each)[0] ?? null])) }]
  if (kind !== 'check') return []
  const single = typed.slice(0, 2).flatMap((each) => unlikely(each).map((value) => withValues([[each.name, value]])))
  return single.slice(0, mostChecked).map((values) => ({ constraint: name, values }))
}

/** Values that hardly any row has, in the form of the type. */
function unlikely({ type }: Attribute): readonly string[] {
  if (/^smallint/.test(type)) return ['-32001', '0', '32001']
  if (/^(integer|bigint|numeric|real|double)/.test(type)) return ['-2000000011', '-1', '0', '2000000011']
  if (/^uuid/.test(type)) return ['00000000-0000-4000-8000-00000000dead']
  if (/^(text|character|citext)/.test(type)) return ['godwit: no such value', '', 'X', ' ']
  if (/^(date|timestamp)/.test(type)) return ['0001-01-01', '9999-12-31']
  return []
}
