import type { Catalog, Relation } from '../../../catalog/index.ts'
import type { Dataset } from '../../../data/index.ts'
import type { Subject } from '../../../lineage/index.ts'
import { type Session, tryEach } from '../../../postgres/index.ts'
import type { State } from '../../../run/index.ts'
import { readRows } from '../../../snapshot/index.ts'
import type { Replayed, Routine } from '../model.ts'
import { deriveStatements, type WorkloadStatement } from './derive-statements.ts'
import { writesElsewhere } from './elsewhere.ts'
import { givenStatements } from './given-statements.ts'
import { insertCandidates } from './insert-candidates.ts'
import { type Answer, replayStatements } from './replay-statements.ts'
import { readRoutines } from './routines.ts'

/** A workload as the legacy database answered it, to be asked again after `up`. */
export interface Answered {
  readonly statements: readonly WorkloadStatement[]
  readonly answers: readonly Answer[]
  /** Columns that two runs on the legacy database already disagree on, by statement. */
  readonly unsteady: readonly ReadonlySet<string>[]
  readonly routines: readonly Routine[]
  readonly notTried: readonly string[]
}

/**
 * Send the workload to the legacy database: the one that the author gave, else one derived for the relations that the migration may have
 * touched. In an open transaction; nothing of it stays.
 *
 * @param touched  Paths of legacy relations.
 * @param fresh  Rows with other keys, for inserts.
 * @param untouched  Paths of tables in which what writes change is compared too.
 */
export async function answerLegacy(
  subject: Subject,
  session: Session,
  touched: readonly string[],
  { fresh, untouched }: { readonly fresh: Dataset | undefined; readonly untouched: readonly string[] },
): Promise<Answered> {
  const routines = await readRoutines(session)
  const { workload } = subject.migration.contract
  const paths = workload === undefined ? touched : [...subject.scope]
  const state = await stateOf(session, subject.legacy, paths)
  const { statements: own, notTried } =
    workload === undefined ? await derive(session, state, touched, fresh) : { statements: givenStatements(workload, state), notTried: [] }
  const statements = [...own, ...writesElsewhere(own, subject.legacy, untouched)]
  const [answers, again] = [await replayStatements(session, statements), await replayStatements(session, statements)]
  const sound = statements.flatMap((statement, at) => {
    const answer = answers[at]
    // A derived statement that never worked tells nothing.
    return answer === undefined || (!statement.given && answer.own.outcome === 'failed') ? [] : [{ statement, answer, other: again[at] }]
  })
  const failing = sound.flatMap(({ statement, answer: { own } }) =>
    own.outcome === 'failed'
      ? [`backward-compatibility: "${statement.name}" fails on the legacy database too: ${own.message} (${own.sqlstate})`]
      : [],
  )
  return {
    statements: sound.map((each) => each.statement),
    answers: sound.map((each) => each.answer),
    unsteady: sound.map(({ statement, answer, other }) => new Set([...statement.unsteady, ...differing(answer, other)])),
    routines,
    notTried: [...notTried, ...new Set(failing)],
  }
}

/** Ask the migrated database the same. */
export async function answerMigrated(
  session: Session,
  legacy: Answered,
): Promise<{ readonly statements: readonly Replayed[]; readonly routines: readonly Routine[] }> {
  const answers = await replayStatements(session, legacy.statements)
  const statements = legacy.statements.flatMap((statement, at): readonly Replayed[] => {
    const [before, after] = [legacy.answers[at], answers[at]]
    if (before === undefined || after === undefined) return []
    const readBack =
      before.readBack === undefined || after.readBack === undefined ? undefined : { before: before.readBack, after: after.readBack }
    return [
      {
        ...statement,
        before: before.own,
        after: after.own,
        readBack,
        readBackSql: statement.readBack,
        unsteady: legacy.unsteady[at] ?? new Set(),
      },
    ]
  })
  return { statements, routines: await readRoutines(session) }
}

async function derive(
  session: Session,
  state: State,
  touched: readonly string[],
  fresh: Dataset | undefined,
): Promise<{ readonly statements: readonly WorkloadStatement[]; readonly notTried: readonly string[] }> {
  const statements: WorkloadStatement[] = []
  const deletes: (readonly WorkloadStatement[])[] = []
  const inserts: { readonly path: string; readonly choices: readonly (readonly WorkloadStatement[])[] }[] = []
  for (const path of touched) {
    const relation = state.catalog.relations.get(path)
    if (relation === undefined) continue
    const derived = deriveStatements(state, relation, insertCandidates(state, relation, fresh))
    statements.push(...derived.sure)
    if (derived.inserts.length > 0) inserts.push({ path, choices: derived.inserts })
    deletes.push(...derived.deletes)
  }
  const offered = [...inserts.flatMap(({ choices }) => choices.flatMap((choice) => choice.slice(0, 1))), ...deletes.flat()]
  const tried = await tryEach(
    session,
    offered.map(({ sql }) => sql),
  )
  const works = new Set(offered.filter((_, index) => tried[index]?.outcome === 'accepted'))
  const removed = deletes.flatMap((choices) => choices.find((each) => works.has(each)) ?? [])
  statements.push(...removed.filter(({ sql }, index) => removed.findIndex((other) => other.sql === sql) === index))
  const notTried: string[] = []
  for (const { path, choices } of inserts) {
    const [first, ...others] = choices.filter(([whole]) => whole !== undefined && works.has(whole))
    if (first === undefined)
      notTried.push(
        `backward-compatibility: INSERTs into ${path} were not tested: no further row was found that fits beside the existing ones`,
      )
    // Which parent a row names, and which key it has, may decide whether the migrated database takes it.
    else statements.push(...first, ...others.flatMap((other) => other.slice(0, 1)))
  }
  return { statements, notTried }
}

async function stateOf(session: Session, catalog: Catalog, paths: readonly string[]): Promise<State> {
  const parents = paths.flatMap((path) =>
    (catalog.relations.get(path)?.constraints ?? []).flatMap(({ references }) => (references === undefined ? [] : [references.relation])),
  )
  const children = [...catalog.relations].flatMap(([path, { constraints }]) =>
    constraints.some(({ references }) => references !== undefined && paths.includes(references.relation)) ? [path] : [],
  )
  const stored = [...new Set([...paths, ...parents, ...children])].filter((path) => /table$/.test(catalog.relations.get(path)?.kind ?? ''))
  return { catalog, rows: await readRows(session, catalog, stored) }
}

function differing(answer: Answer, other: Answer | undefined): readonly string[] {
  const pairs = [
    [answer.own, other?.own],
    [answer.readBack, other?.readBack],
  ] as const
  return pairs.flatMap(([left, right]) => {
    if (left?.outcome !== 'answered' || right?.outcome !== 'answered') return []
    const cells = (rows: typeof left.rows, at: number) => JSON.stringify(rows.map((row) => row[at]).sort())
    return left.columns.flatMap(({ name }, at) => (cells(left.rows, at) === cells(right.rows, at) ? [] : [name]))
  })
}

/**
 * Legacy relations on which statements may go another way after `up`: those that it wrote, those whose catalog entry differs, those that
 * refer or are referred to differently, and views over what changed.
 */
export function touchedRelations(legacy: Catalog, migrated: Catalog, written: ReadonlySet<string>): readonly string[] {
  const touched = new Set<string>()
  for (const [path, before] of legacy.relations) {
    if (before.partitionOf !== undefined || before.persistence === 'temporary') continue
    const after = migrated.relations.get(path)
    if (!written.has(path) && after !== undefined && fingerprint(before) === fingerprint(after)) continue
    touched.add(path)
    for (const { references } of before.constraints) {
      const kept = after?.constraints.some((each) => references !== undefined && each.references?.relation === references.relation)
      if (references !== undefined && !kept && legacy.relations.has(references.relation)) touched.add(references.relation)
    }
  }
  const names = [...touched].map((path) => legacy.relations.get(path)?.name ?? path)
  for (const [path, { kind, definition = '' }] of legacy.relations)
    if (kind === 'view' && names.some((name) => definition.includes(name))) touched.add(path)
  return [...touched]
}

function fingerprint({ kind, attributes, constraints, indexes, triggers, rules, definition, rowSecurity }: Relation): string {
  const keys = indexes.filter((each) => each.unique || !each.valid).map((each) => each.definition)
  return JSON.stringify([kind, attributes, constraints, keys.sort(), triggers, rules, definition, rowSecurity])
}
