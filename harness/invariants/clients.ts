import type { CatalogObjects } from '../catalog/index.ts'
import { bandedDataset, type Dataset } from '../data/index.ts'
import type { Subject } from '../lineage/index.ts'
import { quoteName, type Session } from '../postgres/index.ts'
import { bandedFillings, type Filling, fillStage, type RunObservation, type Stage, seedNumber } from '../run/index.ts'
import { mayChangeAccess, securedWithin } from './access-parity/may-change-access.ts'
import type { AccessObservation } from './access-parity/model.ts'
import { accessAfter, accessBefore, mostRelations } from './access-parity/observe-access.ts'
import { statedAccess } from './access-parity/stated.ts'
import type { WorkloadObservation } from './backward-compatibility/model.ts'
import { untouchedTables } from './backward-compatibility/workload/elsewhere.ts'
import { answerLegacy, answerMigrated, touchedRelations } from './backward-compatibility/workload/observe-workload.ts'
import type { Again, Bench, Probe } from './bench.ts'
import { mayChangeDefinitions } from './definitions-kept/may-change-definitions.ts'
import type { DefinitionsSeen } from './definitions-kept/model.ts'
import { namedIn } from './definitions-kept/named.ts'
import { answersAfter, legacyRefusals } from './definitions-kept/refusals.ts'
import type { LeftOut, Look } from './probe.ts'

/** What clients see of a migration, on the same rows before and after. */
export interface ClientsSeen {
  readonly workload: Omit<WorkloadObservation, 'knowledge'>
  /** Or why nobody's rights were looked at. */
  readonly access: Omit<AccessObservation, 'knowledge'> | { readonly because: string }
  /** Or why nobody looked at what the schemas say. */
  readonly definitions: DefinitionsSeen | { readonly because: string }
}

/** A run that went through, with its rows; without rows it is the one on an empty database. */
interface Scene {
  readonly bench: Bench
  readonly run: RunObservation
  readonly filling: Filling | undefined
  readonly again: Again
}

interface Seen {
  readonly clients: ClientsSeen
  readonly notTried: readonly string[]
  readonly leftOut: readonly LeftOut[]
}

/**
 * Look at a migration as its clients do: what a legacy workload answers before and after `up`, and who may do what, on the same rows, in one
 * run of its own. Nothing is run for a step that can change neither.
 */
export const clients: Probe<ClientsSeen> = {
  name: 'clients',
  async observe(bench: Bench, again: Again = {}): Promise<Look<ClientsSeen>> {
    const { subject, runner, first, empty } = bench
    const run = first?.run ?? empty
    const own: Filling | undefined = first === undefined ? undefined : { kind: 'dataset', dataset: first.dataset }
    const scene: Scene = { bench, run, filling: again.rows ?? own, again }
    if (run.migrated === undefined)
      return { seen: [], leftOut: [{ because: 'the migration fails even on an empty database', upFails: true }] }
    const { contract, up } = subject.migration
    const rights = bench.superuser && mayChangeAccess(up, subject.legacy)
    const touched = touchedRelations(subject.legacy, run.migrated.catalog, subject.knowledge.written)
    const because = bench.superuser
      ? 'no statement of the migration can change rights or policies'
      : 'Godwit cannot act as other roles on this server'
    const defines = mayChangeDefinitions(up)
    const definitions = { because: 'no statement of the migration can remove a key, check, trigger or other definition' }
    if (!rights && !defines && touched.length === 0 && contract.workload === undefined)
      return { seen: [{ seen: { workload: nothingSent(scene), access: { because }, definitions } }] }
    const fresh = touched.length === 0 || contract.workload !== undefined ? undefined : freshRows(bench, touched)
    const wanted: Wanted = { rights, because, touched, fresh, definitions: defines ? undefined : definitions }
    const secured = rights ? await securedWithin(bench.session(), up, subject.legacy) : []
    const { wide, filling } = await withRows(scene, secured)
    const once = (stage: Stage) => observe(scene, wide, stage, filling, wanted)
    const seen = await (again.on === 'clone' ? bench.clones.run(once) : runner.onStage(once))
    if (seen === undefined)
      return { seen: [], leftOut: [{ because: 'the migration failed on rows on which it succeeded before', upFails: true }] }
    const request = filling.kind === 'dataset' ? ({ regime: 'edge', extreme: false, filling, phases: ['up'] } as const) : undefined
    return { seen: [{ seen: seen.clients, request }], over: wide, leftOut: seen.leftOut, notChecked: seen.notTried }
  },
}

interface Wanted {
  readonly rights: boolean
  /** Why rights are not looked at, where they are not. */
  readonly because: string
  /** Legacy relations whose statements are sent. */
  readonly touched: readonly string[]
  readonly fresh: Dataset | undefined
  /** Why definitions are not looked at, where they are not. */
  readonly definitions: { readonly because: string } | undefined
}

/** Rows where policies decide: a step that only makes a view, or writes a policy, is otherwise looked at without any. */
async function withRows(
  { bench, filling, again }: Scene,
  secured: readonly string[],
): Promise<{ readonly wide: Subject; readonly filling: Filling }> {
  const { subject, seed, exclusions } = bench
  if (again.over !== undefined && filling !== undefined) return { wide: again.over, filling }
  const lacking = secured.filter((path) => !subject.scope.has(path))
  if (filling !== undefined && lacking.length === 0) return { wide: subject, filling }
  if (secured.length === 0) return { wide: subject, filling: filling ?? { kind: 'sql', sql: '' } }
  const wider = lacking.length === 0 ? subject : await bench.widen(new Set([...subject.scope, ...lacking.slice(0, mostRelations)]))
  const wide = { ...wider, knowledge: subject.knowledge }
  if (again.rows !== undefined) return { wide, filling: again.rows }
  const [banded] = bandedFillings(wide, seed, exclusions, 1)
  return { wide, filling: banded === undefined ? { kind: 'sql', sql: '' } : { kind: 'dataset', dataset: banded.dataset } }
}

async function observe(scene: Scene, subject: Subject, stage: Stage, filling: Filling, wanted: Wanted): Promise<Seen | undefined> {
  const { run, bench } = scene
  await fillStage(subject, stage, filling)
  const before = await stage.look((session) =>
    undone(stage, session, sequences(subject), async () => ({
      workload: await answerLegacy(subject, session, wanted.touched, { fresh: wanted.fresh, untouched: untouchedTables(run) }),
      access: wanted.rights ? await accessBefore(subject, session, run) : undefined,
      objects: wanted.definitions === undefined ? await subject.catalogs.objects(session, { way: [] }) : undefined,
      refused: wanted.definitions === undefined ? await legacyRefusals(session, run, subject.knowledge, wanted.fresh) : [],
    })),
  )
  const applied = await stage.apply(subject.migration.up, { signal: bench.signal })
  if (applied.outcome === 'failed') return undefined
  return stage.look((session) =>
    undone(stage, session, [], async () => {
      const after = await answerMigrated(session, before.workload)
      const access = before.access === undefined ? undefined : await accessAfter(subject, session, run, before.access)
      const objects = before.objects === undefined ? undefined : await subject.catalogs.objects(session, { way: ['up'] })
      const refusals = await answersAfter(session, run, subject.knowledge, before.refused)
      return {
        clients: {
          workload: {
            ...nothingSent(scene),
            statements: after.statements,
            routines: { before: before.workload.routines, after: after.routines },
          },
          access:
            before.access === undefined || access === undefined
              ? { because: wanted.because }
              : {
                  run,
                  migrator: bench.role,
                  before: before.access.access,
                  after: access.after,
                  reached: access.reached,
                  rows: access.rows,
                  values: access.values,
                  calls: access.calls,
                  stated: statedAccess(subject.migration.up),
                },
          definitions: wanted.definitions ?? {
            before: before.objects ?? none,
            after: objects ?? none,
            named: namedIn(subject.migration.up),
            refusals,
          },
        },
        notTried: [...new Set([...before.workload.notTried, ...(before.access?.notTried ?? [])])],
        leftOut: [...new Set([...(before.access?.leftOut ?? []), ...(access?.leftOut ?? [])])].map((because) => ({
          invariant: 'access-parity',
          because,
        })),
      }
    }),
  )
}

const none: CatalogObjects = new Map()

/** What the catalogs tell without a statement. */
function nothingSent({ bench, run }: Scene): ClientsSeen['workload'] {
  const given = bench.subject.migration.contract.workload !== undefined
  return { run, statements: [], given, seeded: seededIn(bench.empty), routines: { before: [], after: [] } }
}

function seededIn({ legacy, migrated }: RunObservation): ReadonlyMap<string, number> {
  return new Map(
    [...(migrated?.rows ?? [])].map(([path, { rows }]) => [path, rows.length - (legacy.rows.get(path)?.rows.length ?? 0)] as const),
  )
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
function freshRows({ subject, seed, exclusions }: Bench, touched: readonly string[]): Dataset {
  const relations = touched.filter((path) => subject.scope.has(path))
  return bandedDataset(subject.plan, { seed: seedNumber(seed, 'clients'), rows: 4, variant: 1, relations, exclude: exclusions })
}
