import {
  type Catalog,
  type CatalogDifference,
  canonicalExpressions,
  catalogFingerprint,
  catalogShape,
  diffObjects,
  readCatalog,
  readObjects,
} from '../catalog/index.ts'
import { type Dataset, planGeneration, type SeedReport, seedDataset } from '../data/index.ts'
import { InputError } from '../errors.ts'
import type { Measure, Script } from '../migration/index.ts'
import { type Session, StatementError } from '../postgres/index.ts'
import { type CaptureOptions, captureSnapshot, compareSnapshots, readRows, type Snapshot } from '../snapshot/index.ts'
import type { MeasureReading, Reverted, RunObservation, State } from './observation.ts'
import type { Stage } from './stage.ts'
import type { UnderTest } from './under-test.ts'

/** What is put into the legacy schema for one run. */
export type Filling =
  | { readonly kind: 'dataset'; readonly dataset: Dataset }
  /** SQL as it was saved in a counterexample, or given with the migration. */
  | { readonly kind: 'sql'; readonly sql: string }
  | { readonly kind: 'scripts'; readonly scripts: readonly Script[] }

/** What was written after `up`. */
export type Written = Omit<NonNullable<RunObservation['writtenSince']>, 'outcome'>

/** One run to make. */
export interface RunRequest {
  readonly regime: RunObservation['regime']
  readonly extreme: boolean
  readonly filling: Filling
  readonly bands?: RunObservation['bands']
  /** How far to go: `up`; `down` after it; `again` = up once more; `written` = rows are written to the migrated database before down. */
  readonly until: 'up' | 'down' | 'again' | 'written'
  /** Writes to the migrated database, as an application on the new schema could. */
  readonly writeSince?: ((stage: Stage, migrated: Catalog, fingerprint: string) => Promise<Written | undefined>) | undefined
  /** Compare digests of every relation and positions of sequences too, not only what the fingerprint and the rows in scope tell. */
  readonly deep?: boolean | undefined
  /** Settings under which the first `up` runs. */
  readonly settings?: Readonly<Record<string, string>> | undefined
  readonly signal?: AbortSignal | undefined
  /** Told the legacy relations that `up` read or wrote, where the run can count that (rung 1). */
  readonly onReached?: ((relations: ReadonlySet<string>) => void) | undefined
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
  const { migration } = subject
  const seed = await fillStage(subject, stage, request.filling)
  const legacy: State = {
    catalog: subject.legacy,
    rows: await stage.look((session) => readRows(session, subject.legacy, relationsToRead(subject, subject.legacy))),
  }
  const measures = migration.contract.measures ?? []
  const before = await stage.look((session) => readMeasures(session, measures, 'before'))
  const base = { regime: request.regime, rung: stage.rung, extreme: request.extreme, legacy, seed, bands: request.bands }
  const none = { migrated: undefined, failure: undefined, reverted: undefined, again: undefined, writtenSince: undefined, measures: [] }

  // Objects are compared apart; of relations out of scope this rung counts the accesses, which says as much as digests.
  const capture: CaptureOptions = { objects: nothing.objects, ...(counting(request, stage) ? { relations: [] } : {}) }
  const snapshot =
    request.deep === true && migration.down !== undefined
      ? await stage.look((session) => captureSnapshot(session, subject.legacy, capture))
      : undefined

  const counted = counting(request, stage) ? await stage.look(readAccesses) : undefined
  const from = Date.now()
  const up = await stage.apply(migration.up, { signal: request.signal, settings: request.settings })
  if (up.outcome === 'failed') return { ...base, ...none, failure: up.failure }
  const clock = { from, to: Date.now() }
  if (counted !== undefined) request.onReached?.(reachedSince(subject, counted, await stage.look(readAccesses)))
  const { sabotage } = request
  if (sabotage !== undefined) await stage.look((session) => sabotage(session, 'up'))
  const { state: migrated, fingerprint } = await stage.look((session) =>
    readState(subject, session, 'migrated', request.deep, sabotage !== undefined),
  )
  const after = await stage.look((session) => readMeasures(session, measures, 'after'))
  const reached = { ...base, ...none, migrated, measures: pairMeasures(measures, before, after), clock }
  if (request.until === 'up' || migration.down === undefined) return reached

  if (request.until === 'written') {
    const written = await request.writeSince?.(stage, migrated.catalog, fingerprint)
    if (written === undefined) return reached
    await stage.settle()
    return { ...reached, writtenSince: { ...written, outcome: await revert(subject, stage, undefined, request) } }
  }

  const reverted = await revert(subject, stage, snapshot === undefined ? undefined : { snapshot, capture }, request)
  if (request.until === 'down' || reverted.outcome === 'failed') return { ...reached, reverted }
  return { ...reached, reverted, again: await applyAgain(subject, stage, fingerprint, request.signal) }
}

/** The relations of a catalog that hold rows of their own: tables, roots of partitioned ones, materialised views. */
export function storedRelations(catalog: Catalog): readonly string[] {
  return [...catalog.relations]
    .filter(
      ([, each]) =>
        (each.kind === 'table' || each.kind === 'partitioned-table' || each.kind === 'materialized-view') &&
        each.partitionOf === undefined &&
        each.persistence !== 'temporary',
    )
    .map(([path]) => path)
}

/**
 * The catalog and the rows of the state the session is in. A catalog is read once for each shape, and once more in full (`deep`) where an
 * unlikely difference in expressions is to be seen too.
 */
export async function readState(
  subject: UnderTest,
  session: Session,
  phase: 'migrated' | 'reverted' | 'again' | 'fault',
  deep = false,
  /** Somebody else was at work in between: nothing is known beforehand. */
  tampered = false,
): Promise<{ readonly state: State; readonly fingerprint: string }> {
  const settled = deep || tampered || !subject.oneSchema || phase === 'fault' ? undefined : subject.schemas.get(phase)
  const only = settled === undefined ? undefined : subject.catalogs.get(settled)
  if (settled !== undefined && only !== undefined)
    return { state: { catalog: only, rows: await readRows(session, only, relationsToRead(subject, only)) }, fingerprint: settled }
  // A shape stands for a schema only among runs that came the same way.
  const bare = await catalogShape(session)
  const shape = `${phase} ${bare}`
  const known = deep ? undefined : subject.shapes.get(shape)
  // Without a down nothing is compared but rows: a shape tells states apart well enough to know their attributes.
  const fingerprint = known ?? (subject.migration.down === undefined ? bare : await catalogFingerprint(session))
  subject.shapes.set(shape, fingerprint)
  if (!tampered) subject.schemas.set(phase, fingerprint)
  let catalog = subject.catalogs.get(fingerprint)
  if (catalog === undefined) {
    catalog = await readCatalog(session)
    if (subject.migration.down !== undefined) subject.objects.set(fingerprint, await readObjects(session))
    // Last: another run that finds it looks for the objects too.
    subject.catalogs.set(fingerprint, catalog)
  }
  return { state: { catalog, rows: await readRows(session, catalog, relationsToRead(subject, catalog)) }, fingerprint }
}

/** In scope: the legacy relations of the scope, by OID or name, and all that is new. */
export function relationsToRead(subject: UnderTest, catalog: Catalog): readonly string[] {
  const inScope = new Set([...subject.scope].map((path) => subject.legacy.relations.get(path)?.oid))
  const legacyOids = new Set([...subject.legacy.relations.values()].map((each) => each.oid))
  return storedRelations(catalog).filter((path) => {
    const oid = catalog.relations.get(path)?.oid
    return inScope.has(oid) || (oid !== undefined && !legacyOids.has(oid))
  })
}

export async function fillStage(subject: UnderTest, stage: Stage, filling: Filling): Promise<SeedReport> {
  const report = await stage.look(async (session) => {
    if (filling.kind === 'dataset') return seedDataset(session, subject.plan, filling.dataset)
    if (filling.kind === 'sql') {
      if (filling.sql.trim() !== '') await session.script(filling.sql)
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

async function revert(
  subject: UnderTest,
  stage: Stage,
  before: { readonly snapshot: Snapshot; readonly capture: CaptureOptions } | undefined,
  { signal, sabotage }: Pick<RunRequest, 'signal' | 'sabotage'>,
): Promise<Reverted> {
  const { down } = subject.migration
  if (down === undefined) throw new Error('a migration without down cannot be reverted')
  const outcome = await stage.apply(down, { signal })
  if (outcome.outcome === 'failed') return outcome
  return stage.look(async (session) => {
    await sabotage?.(session, 'down')
    const { state, fingerprint } = await readState(subject, session, 'reverted', before !== undefined, sabotage !== undefined)
    const objects = await objectDifferences(subject, session, subject.fingerprint, fingerprint)
    if (before === undefined) return { outcome: 'reverted', state, differences: compareSnapshots(nothing, nothing, { objects }) }
    const after = await captureSnapshot(session, state.catalog, before.capture)
    return { outcome: 'reverted', state, differences: compareSnapshots(before.snapshot, after, { objects }) }
  })
}

async function applyAgain(subject: UnderTest, stage: Stage, first: string, signal: AbortSignal | undefined): Promise<Reverted> {
  const outcome = await stage.apply(subject.migration.up, { signal })
  if (outcome.outcome === 'failed') return outcome
  return stage.look(async (session) => {
    const { state, fingerprint } = await readState(subject, session, 'again')
    return {
      outcome: 'reverted',
      state,
      differences: compareSnapshots(nothing, nothing, { objects: await objectDifferences(subject, session, first, fingerprint) }),
    }
  })
}

const nothing: Snapshot = { objects: new Map(), digests: new Map(), sequences: new Map() }

/** The differences of two catalogs that were both read, found once; expressions that the server reads as the same are none. */
async function objectDifferences(subject: UnderTest, session: Session, from: string, to: string): Promise<readonly CatalogDifference[]> {
  if (from === to) return []
  const key = `${from} ${to}`
  const known = subject.differences.get(key)
  if (known !== undefined) return known
  const [before, after] = [subject.objects.get(from), subject.objects.get(to)]
  if (before === undefined || after === undefined) throw new Error('a catalog was compared that was never read')
  const found = await canonicalExpressions(session, diffObjects(before, after), before, after)
  subject.differences.set(key, found)
  return found
}

/** Read all measures of one side, in one message. */
async function readMeasures(
  session: Session,
  measures: readonly Measure[],
  side: 'before' | 'after',
): Promise<readonly ReadonlyMap<string, string | null>[]> {
  if (measures.length === 0) return []
  const results = await session.script(measures.map((measure) => measure[side]).join('\n;\n')).catch((error: unknown) => {
    if (!(error instanceof StatementError)) throw error
    throw new InputError(`a measure of the contract fails ${side} the migration: ${error.message} (${error.sqlstate})`, {
      cause: error,
      hint: 'Each measure is one SELECT of two columns, key and value.',
    })
  })
  return measures.map(
    (_, at) => new Map(results[at]?.rows.map((row) => (row.length > 1 ? [row[0] ?? '', row[1] ?? null] : ['', row[0] ?? null])) ?? []),
  )
}

function pairMeasures(
  measures: readonly Measure[],
  before: readonly ReadonlyMap<string, string | null>[],
  after: readonly ReadonlyMap<string, string | null>[],
): readonly MeasureReading[] {
  return measures.map((measure, at) => ({
    name: measure.name,
    relation: measure.relation,
    attribute: measure.attribute,
    before: before[at] ?? new Map(),
    after: after[at] ?? new Map(),
  }))
}

/** The generation plan for a migrated catalog, made once for each fingerprint. */
export async function planFor(subject: UnderTest, stage: Stage, catalog: Catalog, fingerprint: string) {
  const known = subject.plans.get(fingerprint)
  if (known !== undefined) return known
  const plan = await stage.look((session) => planGeneration(session, catalog, subject.hints))
  subject.plans.set(fingerprint, plan)
  return plan
}
