import type { Catalog } from '../catalog/index.ts'
import type { RunQuestions } from '../coverage/index.ts'
import { type Dataset, type Hints, planGeneration, type SeedReport, seedDataset } from '../data/index.ts'
import { readHints, type Script } from '../migration/index.ts'
import { quoteName, type Session, tryEach } from '../postgres/index.ts'
import { type CaptureOptions, captureSnapshot, compareSnapshots, readRows, type Snapshot } from '../snapshot/index.ts'
import type { ReadAs } from './catalog-cache.ts'
import {
  type Applied,
  type Failed,
  observationOf,
  type Phase,
  type PhaseOutcome,
  type RunObservation,
  type State,
  type Wrote,
} from './observation.ts'
import { pairMeasures, readMeasures } from './read-measures.ts'
import { readMetricsAfter, readMetricsBefore } from './read-metrics.ts'
import { checkReadable, triesEach, UnreadableRows } from './readable.ts'
import { scriptsOf } from './scripts-of.ts'
import type { Stage } from './stage.ts'
import type { UnderTest } from './under-test.ts'

/** What is put into the legacy schema for one run. */
export type Filling =
  | { readonly kind: 'dataset'; readonly dataset: Dataset }
  /** SQL as it was saved in a counterexample, or given with the migration. */
  | { readonly kind: 'sql'; readonly sql: string }
  | { readonly kind: 'scripts'; readonly scripts: readonly Script[] }

/** What was written after `up`. */
export type Written = Omit<Wrote, 'phase' | 'outcome'>

/** One run to make. */
export interface RunRequest {
  readonly regime: RunObservation['regime']
  readonly extreme: boolean
  readonly filling: Filling
  readonly bands?: RunObservation['bands']
  /** What to do, in this order; without a `down` the run ends before the first of them. */
  readonly phases: readonly Phase[]
  /** Does the phase `write`: writes to the migrated database, as an application on the new schema could; undefined where there is nothing to write. */
  readonly writeSince?: ((stage: Stage, migrated: Catalog, fingerprint: string) => Promise<Written | undefined>) | undefined
  /** Compare digests of every relation and positions of sequences too, not only what the fingerprint and the rows in scope tell. */
  readonly deep?: boolean | undefined
  /** Settings of the sessions in which `up` and `down` run. */
  readonly settings?: Readonly<Record<string, string>> | undefined
  /** For rows on which a migration may not end: the time that each of its statements may take. */
  readonly statementTimeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Told the legacy relations that `up` read or wrote, where the run can count that (rung 1). */
  readonly onReached?: ((relations: ReadonlySet<string>) => void) | undefined
  /** What the server is asked before statements of the first `up` and the first `down`. */
  readonly questions?: RunQuestions | undefined
  /** Our own specs corrupt the migrated database on purpose and demand to be caught: run as the harness before the state after `up`, and the one after `down`, is read. */
  readonly sabotage?: ((session: Session, after: 'up' | 'down') => Promise<void>) | undefined
}

function counting(request: RunRequest, stage: Stage): boolean {
  return request.onReached !== undefined && stage.rung === 'transaction'
}

/** Reads and writes of each table in this transaction so far, by OID. */
async function readAccesses(session: Session): Promise<ReadonlyMap<number, number>> {
  const [result] = await session.script(
    `SELECT relid::bigint, coalesce(seq_scan, 0) + coalesce(idx_scan, 0) + n_tup_ins + n_tup_upd + n_tup_del FROM pg_catalog.pg_stat_xact_user_tables
      WHERE coalesce(seq_scan, 0) + coalesce(idx_scan, 0) + n_tup_ins + n_tup_upd + n_tup_del > 0`,
  )
  return new Map(result?.rows.map(([oid, count]) => [Number(oid), Number(count)]))
}

function reachedSince(subject: UnderTest, before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): ReadonlySet<string> {
  return new Set([...subject.legacy.relations].flatMap(([path, { oid }]) => ((after.get(oid) ?? 0) > (before.get(oid) ?? 0) ? [path] : [])))
}

const nothingSeeded: SeedReport = { filled: [], unfilled: [], dropped: [], bypassed: [] }

/**
 * Make one run on a stage and say what was seen. A migration that fails is part of the observation.
 *
 * @throws {StatementError} When the harness's own statements fail.
 */
export async function executeRun(subject: UnderTest, stage: Stage, request: RunRequest): Promise<RunObservation> {
  const seed = await fillStage(subject, stage, request.filling)
  const legacy: State = {
    catalog: subject.legacy,
    rows: await stage.look((session) => readRows(session, subject.legacy, relationsToRead(subject, subject.legacy))),
  }
  const { measures = [], metrics = [] } = subject.migration.contract
  const before = await stage.look(async (session) => ({
    measures: await readMeasures(session, measures, 'before'),
    metrics: await readMetricsBefore(session, metrics),
  }))
  const execution = new Execution(subject, stage, request)
  await execution.begin()
  const { outcomes, clock, after } = await execution.run(() =>
    stage.look(async (session) => ({
      measures: await readMeasures(session, measures, 'after'),
      metrics: await readMetricsAfter(session, metrics, before.metrics),
    })),
  )
  return observationOf({
    regime: request.regime,
    rung: stage.rung,
    extreme: request.extreme,
    ...(request.settings === undefined ? {} : { settings: request.settings }),
    ...(request.statementTimeoutMs === undefined ? {} : { statementTimeoutMs: request.statementTimeoutMs }),
    legacy,
    seed,
    bands: request.bands,
    outcomes,
    measures: after === undefined ? [] : pairMeasures(measures, before.measures, after.measures),
    metrics: after?.metrics ?? [],
    ...(clock === undefined ? {} : { clock }),
  })
}

/** The state that a phase must end in. */
interface Reference {
  readonly fingerprint: string
  /** Of every relation and sequence; undefined where the run does not compare them. */
  readonly snapshot: Snapshot | undefined
}

/** The phases of one run, one after the other. */
class Execution {
  readonly #subject: UnderTest
  readonly #stage: Stage
  readonly #request: RunRequest
  readonly #phases: readonly Phase[]
  readonly #capture: CaptureOptions
  #legacy: Reference
  #clock: RunObservation['clock']
  #first: (Reference & { readonly catalog: Catalog }) | undefined

  constructor(subject: UnderTest, stage: Stage, request: RunRequest) {
    this.#subject = subject
    this.#stage = stage
    this.#request = request
    const cut = subject.migration.down === undefined ? request.phases.indexOf('down') : -1
    this.#phases = cut < 0 ? request.phases : request.phases.slice(0, cut)
    // The catalog cache compares objects. If accesses are counted, a relation without any has not changed: take no digests.
    this.#capture = { objects: nothing.objects, ...(counting(request, stage) ? { relations: [] } : {}) }
    this.#legacy = { fingerprint: subject.fingerprint, snapshot: undefined }
  }

  async begin(): Promise<void> {
    if (this.#request.deep !== true || !this.#phases.includes('down')) return
    const snapshot = await this.#stage.look((session) => captureSnapshot(session, this.#subject.legacy, this.#capture))
    this.#legacy = { ...this.#legacy, snapshot }
  }

  /** @param afterFirst  Looks at what the first `up` left. */
  async run<After>(afterFirst: () => Promise<After>): Promise<{
    readonly outcomes: readonly PhaseOutcome[]
    readonly clock: RunObservation['clock']
    readonly after: After | undefined
  }> {
    const outcomes: PhaseOutcome[] = []
    let after: After | undefined
    for (const [at, phase] of this.#phases.entries()) {
      const outcome = phase === 'write' ? await this.#write() : await this.#apply(phase, at)
      if (outcome === undefined) break
      outcomes.push(outcome)
      if (outcome.outcome === 'failed') break
      if (at === 0) after = await afterFirst()
    }
    return { outcomes, clock: this.#clock, after }
  }

  async #write(): Promise<Wrote | undefined> {
    if (this.#first === undefined) return undefined
    const written = await this.#request.writeSince?.(this.#stage, this.#first.catalog, this.#first.fingerprint)
    if (written === undefined) return undefined
    await this.#stage.settle()
    return { phase: 'write', outcome: 'wrote', ...written }
  }

  async #apply(phase: 'up' | 'down', at: number): Promise<Applied | Failed> {
    const { migration } = this.#subject
    const { signal, settings, statementTimeoutMs: limit, sabotage, onReached, questions } = this.#request
    const step = phase === 'up' ? migration.up : migration.down
    if (step === undefined) throw new Error('a migration without down cannot be reverted')
    const counted = at === 0 && counting(this.#request, this.#stage) ? await this.#stage.look(readAccesses) : undefined
    const from = Date.now()
    const limited = limit === undefined ? settings : { ...settings, statement_timeout: String(limit) }
    const asking = this.#phases.indexOf(phase) === at ? questions?.[phase] : undefined
    const outcome = await this.#stage.apply(step, { signal, settings: limited, asking })
    if (outcome.outcome === 'failed') return { phase, outcome: 'failed', failure: outcome.failure }
    if (at === 0) this.#clock = { from, to: Date.now() }
    if (counted !== undefined) onReached?.(reachedSince(this.#subject, counted, await this.#stage.look(readAccesses)))
    try {
      return await this.#stage.look(async (session) => {
        if (at < 2) await sabotage?.(session, phase)
        return this.#look(session, phase, at)
      })
    } catch (error) {
      if (!(error instanceof UnreadableRows)) throw error
      return { phase, outcome: 'failed', failure: error.failureOf(step) }
    }
  }

  async #look(session: Session, phase: 'up' | 'down', at: number): Promise<Applied> {
    const { deep = false, sabotage } = this.#request
    const way = sabotage === undefined ? this.#phases.slice(0, at + 1) : undefined
    const { state, fingerprint } = await readState(this.#subject, session, { way, deep: deep && at < 2 })
    const exact = at === 0 || phase === 'down' || this.#phases[at - 1] === 'up'
    const wanted = deep && exact && (phase === 'down' ? this.#legacy.snapshot !== undefined : this.#phases[1] === 'up')
    const snapshot = wanted ? await captureSnapshot(session, state.catalog, this.#capture) : undefined
    const first = this.#first
    const reference = phase === 'down' ? this.#legacy : first
    if (phase === 'up' && first === undefined) this.#first = { fingerprint, snapshot, catalog: state.catalog }
    if (reference === undefined) return { phase, outcome: 'applied', state, differences: [] }
    const objects = await this.#subject.catalogs.differences(session, reference.fingerprint, fingerprint)
    const compared = snapshot !== undefined && reference.snapshot !== undefined
    const [before, after] = compared ? [reference.snapshot ?? nothing, snapshot] : [nothing, nothing]
    return { phase, outcome: 'applied', state, differences: compareSnapshots(before, after, { objects }) }
  }
}

/** The relations of a catalog that hold rows of their own: tables, roots of partitioned ones, materialised views. */
export function storedRelations(catalog: Catalog): readonly string[] {
  return [...catalog.relations]
    .filter(
      ([, each]) =>
        (each.kind === 'table' || each.kind === 'partitioned-table' || each.kind === 'materialized-view') &&
        each.populated !== false &&
        each.partitionOf === undefined &&
        each.persistence !== 'temporary',
    )
    .map(([path]) => path)
}

/**
 * The schema and the rows of the state that a session is in.
 *
 * @throws {UnreadableRows} Where rows cannot be read.
 */
export async function readState(
  subject: UnderTest,
  session: Session,
  as: ReadAs,
): Promise<{ readonly state: State; readonly fingerprint: string }> {
  const { catalog, fingerprint } = await subject.catalogs.read(session, as)
  const relations = relationsToRead(subject, catalog)
  await checkReadable(session, catalog, relations)
  return { state: { catalog, rows: await readRows(session, catalog, relations) }, fingerprint }
}

/** In scope: the legacy relations of the scope, by OID or name, and all that is new. */
export function relationsToRead(subject: UnderTest, catalog: Catalog): readonly string[] {
  const inScope = new Set([...subject.scope].map((path) => subject.legacy.relations.get(path)?.oid))
  const legacyOids = new Set([...subject.legacy.relations.values()].map((each) => each.oid))
  return storedRelations(catalog).filter((path) => {
    const { oid, attributes } = catalog.relations.get(path) ?? {}
    // Of rows without attributes none can be told from another.
    if (attributes?.length === 0) return false
    return inScope.has(oid) || (oid !== undefined && !legacyOids.has(oid))
  })
}

export async function fillStage(subject: UnderTest, stage: Stage, filling: Filling): Promise<SeedReport> {
  const report = await stage.look(async (session) => {
    if (filling.kind === 'dataset') {
      const seeded = await seedDataset(session, subject.plan, filling.dataset, subject.takesRows)
      return { ...seeded, unfilled: [...seeded.unfilled, ...(await refreshViews(session, subject))] }
    }
    if (filling.kind === 'sql') {
      if (filling.sql.trim() !== '') {
        await session.script(filling.sql)
        await refreshViews(session, subject)
      }
      return nothingSeeded
    }
    for (const script of filling.scripts) {
      for (const statement of script.statements) {
        if (statement.copyData === undefined) await session.script(statement.text)
        else await session.copyFrom(statement.text, [statement.copyData])
      }
    }
    return nothingSeeded
  })
  await stage.settle()
  return report
}

/** Materialized views hold what their queries give, as after a refresh in production; those whose query fails on the rows stay as they are. */
async function refreshViews(session: Session, { legacy, scope }: UnderTest): Promise<SeedReport['unfilled']> {
  const views = storedRelations(legacy)
    .flatMap((path) => {
      const view = scope.has(path) ? legacy.relations.get(path) : undefined
      return view?.kind === 'materialized-view' ? [{ path, view }] : []
    })
    // A view can only read those that were made before it.
    .sort((left, right) => Number(left.view.oid) - Number(right.view.oid))
  const unfilled = (path: string, sqlstate: string | undefined, because: string) => ({
    relation: path,
    constraint: undefined,
    sqlstate,
    because,
  })
  if (!triesEach(legacy)) return views.map(({ path }) => unfilled(path, undefined, 'it is not refreshed in a database without PL/pgSQL'))
  const tried = await tryEach(
    session,
    views.map(({ view }) => `REFRESH MATERIALIZED VIEW ${quoteName(view)}`),
    { keep: true },
  )
  return views.flatMap(({ path }, at) => {
    const answer = tried[at]
    return answer?.outcome === 'refused' ? [unfilled(path, answer.sqlstate, answer.message)] : []
  })
}

const nothing: Snapshot = { objects: new Map(), digests: new Map(), sequences: new Map() }

/** Attributes of the migrated schema that say how many rows or characters `down` makes: those that the migration makes are not in the legacy catalog. */
export function countedByDown({ migration }: Pick<UnderTest, 'migration'>, migrated: Catalog): NonNullable<Hints['counted']> {
  return readHints(scriptsOf(migration.down), migrated, 0).counted ?? []
}

/** The generation plan for a migrated catalog, made once for each fingerprint. */
export async function planFor(subject: UnderTest, stage: Stage, catalog: Catalog, fingerprint: string) {
  const known = subject.plans.get(fingerprint)
  if (known !== undefined) return known
  const { counted = [], ...hints } = subject.hints
  const all = { ...hints, counted: [...counted, ...countedByDown(subject, catalog)] }
  const plan = await stage.look((session) => planGeneration(session, catalog, all))
  subject.plans.set(fingerprint, plan)
  return plan
}
