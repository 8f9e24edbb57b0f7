import { bandedDataset, type Dataset, type Exclusion, renderInserts } from '../data/index.ts'
import {
  type AccessObservation,
  accessParity,
  backwardCompatibility,
  type Finding,
  type RunObservation,
  type Verdict,
  type WorkloadObservation,
} from '../invariant/index.ts'
import { quoteName, type Session } from '../postgres/index.ts'
import { mayChangeAccess, securedWithin } from './access/may-change-access.ts'
import { accessAfter, accessBefore, mostRelations } from './access/observe-access.ts'
import { statedAccess } from './access/stated.ts'
import { bandedFillings, smallFillings } from './banded.ts'
import { type Collector, findingKey } from './collect.ts'
import { type Filling, fillStage } from './execute.ts'
import type { Runner } from './runner.ts'
import { seedNumber } from './seed.ts'
import type { Stage } from './stage.ts'
import type { Subject } from './subject.ts'
import { answerLegacy, answerMigrated, touchedRelations } from './workload/observe-workload.ts'

export interface ClientsPlan {
  /** A run that went through: what `up` makes of the catalog. */
  readonly run: RunObservation
  /** The rows of that run; undefined where it had none. */
  readonly filling: Filling | undefined
  /** The same migration over more relations. */
  readonly widen: (also: ReadonlySet<string>) => Promise<Subject>
  /** On the legacy database. */
  readonly session: () => Session
  readonly seed: string
  readonly exclusions: readonly Exclusion[]
  /** Whether it is these rows that are to be looked at, and no others. */
  readonly fixed?: boolean | undefined
  /** Who applies migrations. */
  readonly role: string | undefined
  /** Whether the harness may be any role. */
  readonly superuser: boolean
  readonly signal: AbortSignal | undefined
}

/** What looking from outside left unsaid. */
export interface ClientsLooked {
  readonly notChecked: readonly string[]
  readonly disagreements: readonly string[]
}

interface Seen {
  readonly workload: WorkloadObservation
  readonly access: AccessObservation | undefined
  readonly notChecked: readonly string[]
}

/**
 * Look at a migration as its clients do: what a legacy workload answers before and after `up`, and who may do what, on the same rows, in one
 * run of its own. Nothing is run for a step that can change neither. What only a run tells is seen again on a clone before it is reported.
 */
export async function lookAsClients(subject: Subject, runner: Runner, collector: Collector, plan: ClientsPlan): Promise<ClientsLooked> {
  const { migrated } = plan.run
  if (migrated === undefined) return { notChecked: [], disagreements: [] }
  const { contract, up } = subject.migration
  const look: Look = {
    access: plan.superuser && mayChangeAccess(up, subject.legacy),
    touched: touchedRelations(subject.legacy, migrated.catalog, subject.knowledge.written),
    fresh: undefined,
  }
  const rights: Verdict = {
    outcome: 'not-applicable',
    because: plan.superuser
      ? 'no statement of it can change who may do what'
      : 'the harness cannot take the part of other roles on this cluster',
  }
  if (!look.access && look.touched.length === 0 && contract.workload === undefined) {
    collector.add(accessParity.id, rights)
    collector.add(backwardCompatibility.id, backwardCompatibility.judge(nothingSent(subject, plan)))
    return { notChecked: [], disagreements: [] }
  }
  const request = {
    ...look,
    fresh: look.touched.length === 0 || contract.workload !== undefined ? undefined : freshRows(subject, plan, look.touched),
  }
  const judge = (seen: Seen) => ({
    workload: backwardCompatibility.judge(seen.workload),
    access: seen.access === undefined ? rights : accessParity.judge(seen.access),
  })
  const secured = look.access ? await securedWithin(plan.session(), up, subject.legacy) : []
  const { wide, filling } = await withRows(subject, plan, secured)
  const once = (stage: Stage) => observe(wide, stage, plan, filling, request)
  const seen = await runner.onStage(once)
  if (seen === undefined) return { notChecked: ['what clients see: up failed on rows that it had passed with'], disagreements: [] }
  const first = judge(seen)
  const doubtful = [...findingsOf(first.workload), ...findingsOf(first.access)].filter(needsClone)
  const again = doubtful.length === 0 || runner.need.rung !== 'transaction' ? undefined : await runner.clones.run(once)
  const last = again === undefined ? first : judge(again)
  collector.add(backwardCompatibility.id, last.workload)
  collector.add(accessParity.id, last.access)
  if (plan.fixed !== true)
    await placeOnRows(wide, collector, [...findingsOf(last.workload), ...findingsOf(last.access)], { plan, filling }, async (rows) => {
      const shown = await runner.onStage((stage) => observe(wide, stage, plan, rows, request))
      if (shown === undefined) return []
      const { workload, access } = judge(shown)
      return [...findingsOf(workload), ...findingsOf(access)]
    })
  const shown = new Set([...findingsOf(last.workload), ...findingsOf(last.access)].map(placeOf))
  return {
    notChecked: seen.notChecked,
    disagreements: doubtful
      .filter((each) => !shown.has(placeOf(each)))
      .map(
        (each) =>
          `${each.invariant} ${each.kind} on ${each.relation ?? each.object ?? 'the migration'}: seen in a transaction, not on a clone`,
      ),
  }
}

interface Look {
  readonly access: boolean
  /** Legacy relations whose statements are sent. */
  readonly touched: readonly string[]
  readonly fresh: Dataset | undefined
}

/** Rows where policies decide: a step that only makes a view, or writes a policy, is otherwise looked at without any. */
async function withRows(
  subject: Subject,
  plan: ClientsPlan,
  secured: readonly string[],
): Promise<{ readonly wide: Subject; readonly filling: Filling }> {
  const lacking = secured.filter((path) => !subject.scope.has(path))
  const { filling } = plan
  if (filling !== undefined && lacking.length === 0) return { wide: subject, filling }
  if (secured.length === 0) return { wide: subject, filling: filling ?? { kind: 'sql', sql: '' } }
  const wider = lacking.length === 0 ? subject : await plan.widen(new Set([...subject.scope, ...lacking.slice(0, mostRelations)]))
  const wide = { ...wider, knowledge: subject.knowledge }
  if (plan.fixed === true && filling !== undefined) return { wide, filling }
  const [banded] = bandedFillings(wide, plan.seed, plan.exclusions, 1)
  return { wide, filling: banded === undefined ? { kind: 'sql', sql: '' } : { kind: 'dataset', dataset: banded.dataset } }
}

async function observe(subject: Subject, stage: Stage, plan: ClientsPlan, filling: Filling, look: Look): Promise<Seen | undefined> {
  const { run, role } = plan
  await fillStage(subject, stage, filling)
  const before = await stage.look((session) =>
    undone(stage, session, sequences(subject), async () => ({
      workload: await answerLegacy(subject, session, look.touched, look.fresh),
      access: look.access ? await accessBefore(subject, session, run) : undefined,
    })),
  )
  const applied = await stage.apply(subject.migration.up, { signal: plan.signal })
  if (applied.outcome === 'failed') return undefined
  return stage.look((session) =>
    undone(stage, session, [], async () => {
      const after = await answerMigrated(session, before.workload)
      const access = before.access === undefined ? undefined : await accessAfter(subject, session, run, before.access)
      return {
        workload: {
          ...nothingSent(subject, plan),
          statements: after.statements,
          routines: { before: before.workload.routines, after: after.routines },
        },
        access:
          before.access === undefined || access === undefined
            ? undefined
            : {
                run,
                knowledge: subject.knowledge,
                migrator: role,
                before: before.access.access,
                after: access.after,
                reached: access.reached,
                rows: access.rows,
                stated: statedAccess(subject.migration.up),
              },
        notChecked: [...new Set([...before.workload.notTried, ...(before.access?.notTried ?? []), ...(access?.notTried ?? [])])],
      }
    }),
  )
}

/** What the catalogs tell without a statement. */
function nothingSent({ knowledge, migration }: Subject, { run }: ClientsPlan): WorkloadObservation {
  return { run, knowledge, statements: [], given: migration.contract.workload !== undefined, routines: { before: [], after: [] } }
}

/** Work of which nothing stays: in a savepoint of the run's transaction, or in a transaction of its own on a clone. */
async function undone<Result>(stage: Stage, session: Session, first: readonly string[], work: () => Promise<Result>): Promise<Result> {
  const [begin, end] =
    stage.rung === 'transaction'
      ? ['SAVEPOINT godwit_clients', 'ROLLBACK TO SAVEPOINT godwit_clients; RELEASE SAVEPOINT godwit_clients']
      : ['BEGIN', 'ROLLBACK']
  await session.script([begin, ...first].join('; '))
  try {
    return await work()
  } finally {
    await session.script(end)
  }
}

/** Storage of this savepoint's own for each sequence within reach, so that what the legacy workload draws is put back. */
function sequences({ legacy, scope }: Subject): readonly string[] {
  return legacy.sequences
    .filter(({ ownedBy }) => ownedBy === undefined || scope.has(ownedBy.relation))
    .map((sequence) => `ALTER SEQUENCE ${quoteName(sequence)} CACHE ${sequence.cache}`)
}

/** Rows whose keys are not those that are there. */
function freshRows(subject: Subject, { seed, exclusions }: ClientsPlan, touched: readonly string[]): Dataset {
  const relations = touched.filter((path) => subject.scope.has(path))
  return bandedDataset(subject.plan, { seed: seedNumber(seed, 'clients'), rows: 4, variant: 1, relations, exclude: exclusions })
}

/** What the catalogs show is so on any rung. */
function needsClone({ severity, known, evidence, invariant }: Finding): boolean {
  return (
    severity !== 'info' &&
    known === 'observed' &&
    (invariant === accessParity.id ? evidence.identity !== undefined : evidence.change === undefined)
  )
}

function findingsOf(verdict: Verdict): readonly Finding[] {
  return verdict.outcome === 'violated' ? verdict.findings : []
}

/** Give each finding the fewest rows that show it: none where none is needed, one or two of each relation, else all. */
async function placeOnRows(
  wide: Subject,
  collector: Collector,
  findings: readonly Finding[],
  { plan, filling }: { readonly plan: ClientsPlan; readonly filling: Filling },
  look: (filling: Filling) => Promise<readonly Finding[]>,
): Promise<void> {
  const place = (finding: Finding, dataset: Dataset) =>
    collector.replace(
      finding.shown?.rows === true ? { ...finding, shown: { ...finding.shown, rowsSql: renderInserts(wide.plan, dataset) } } : finding,
      { regime: 'edge', extreme: false, filling: { kind: 'dataset', dataset }, until: 'up' },
    )
  let open = findings.filter(({ severity, shown }) => severity !== 'info' && shown !== undefined)
  for (const each of open) place(each, noRows)
  open = open.filter(({ shown }) => shown?.rows === true)
  for (const dataset of open.length === 0 ? [] : smallFillings(wide, plan.seed, plan.exclusions)) {
    if (open.length === 0) return
    const found = await look({ kind: 'dataset', dataset })
    open = open.filter((each) => {
      const same = found.find((other) => findingKey(other) === findingKey(each) && other.severity === each.severity)
      // What is told of it stays what all rows told.
      if (same !== undefined) place({ ...each, shown: same.shown }, dataset)
      return same === undefined
    })
  }
  if (filling.kind === 'dataset') for (const each of open) place(each, filling.dataset)
}

const noRows: Dataset = { tables: new Map(), unfilled: [], extreme: false, dirty: [] }

function placeOf({ invariant, relation, attribute, object }: Finding): string {
  return JSON.stringify([invariant, relation, attribute, object])
}
