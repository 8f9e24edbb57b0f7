import type { Catalog } from '../catalog/index.ts'
import { type Dataset, renderInserts } from '../data/index.ts'
import { type AnyInvariant, accessParity, invariantIds, zeroLoss } from '../invariants/index.ts'
import type { Subject } from '../lineage/index.ts'
import { controlsTransaction, type Script } from '../migration/index.ts'
import { pathOf, quoteIdentifier, quoteName } from '../postgres/index.ts'
import type { Finding, FindingResult, ShownSequence } from '../result/index.ts'
import { comparesWithBefore, type Phase, type RunObservation, storedRelations, writtenIn } from '../run/index.ts'
import { catalogLooks, interfaceLooks, rightsLooks } from './counterexamples/catalog-looks.ts'
import { sentByClient } from './counterexamples/client-statements.ts'
import type { Steps } from './counterexamples/phases.ts'
import { phasesToShow } from './shrink-finding.ts'

/** Everything that a self-contained SQL file needs to show a finding; `report/` writes it. */
export interface Counterexample extends Steps {
  readonly finding: FindingResult
  readonly migration: string
  /** Of the migration's files. */
  readonly digest?: string | undefined
  readonly paths: readonly string[]
  /** Of a failure: what the last step ends with. */
  readonly sqlstate?: string | undefined
  /** Whether `down` brought it back on these rows, and not on all. */
  readonly acquitted?: boolean | undefined
  /** Whether the rows hold magnitudes that hardly any real row has. */
  readonly extreme?: boolean | undefined
  /** Whether what it selects must differ; of a user's own invariant nobody knows what it looks at. */
  readonly differs: boolean
  /** Those of `before` and `after` that must differ; undefined for all of them. */
  readonly tells?: Pick<Steps, 'before' | 'after'> | undefined
  /** Statements on a table and on the view in its place. */
  readonly sequence?: ShownSequence | undefined
  readonly server: string
  readonly seed: string
}

export interface CounterexampleContext {
  readonly invariants: readonly AnyInvariant[]
  readonly server: string
  readonly seed: string
  /** As the caller named it. */
  readonly path: string
  /** See `Steps`. */
  readonly rolesSql: readonly string[]
}

/** What the file is made of: the finding, the rows that show it, and the run that saw it. */
export interface CounterexampleSource {
  readonly finding: Finding
  readonly dataset: Dataset | undefined
  readonly observation: RunObservation | undefined
  /** The catalog after `up`, where it is known. */
  readonly migrated: Catalog | undefined
}

/** Describe a finding that SQL shows; a program migration has no SQL to show, and what is not there has nothing, so these have none. */
export function describeCounterexample(
  subject: Subject,
  result: FindingResult,
  source: CounterexampleSource,
  context: CounterexampleContext,
): Counterexample | undefined {
  const { migration } = subject
  const { finding, dataset, observation } = source
  if (finding.kind === 'missing') return undefined
  if (migration.up.kind !== 'sql' || (migration.down !== undefined && migration.down.kind !== 'sql')) return undefined
  const down = migration.down?.script
  const way = wayToShow(context.invariants, finding, down !== undefined)
  const written = way.includes('write') && observation !== undefined ? writtenIn(observation)?.sql : undefined
  const { clients, sequence, interleaving } = finding.shown ?? {}
  return {
    finding: result,
    migration: migration.name,
    digest: migration.digest,
    paths: [context.path],
    rolesSql: context.rolesSql,
    legacySql: migration.legacy.map((each) => each.text),
    rowsSql: interleaving?.rowsSql ?? clients?.rowsSql ?? (dataset === undefined ? '' : renderInserts(subject.plan, dataset)),
    ...(interleaving === undefined ? {} : { interleaving }),
    way: written === undefined ? way.filter((each) => each !== 'write') : way,
    upSql: migration.up.script.text,
    ...(written === undefined ? {} : { writtenSql: written }),
    downSql: way.includes('down') ? down?.text : undefined,
    mode: modeOf(migration.up.script),
    downMode: down === undefined ? undefined : modeOf(down),
    ...settingsOf(finding, observation),
    ...looksOf(subject, source, way),
    sqlstate: finding.sqlstate,
    ...(finding.acquittedFrom === undefined ? {} : { acquitted: true }),
    ...(dataset?.extreme === true ? { extreme: true } : {}),
    differs: interleaving === undefined && invariantIds.includes(finding.invariant),
    tells: tellsOf(finding),
    sequence,
    server: context.server,
    seed: context.seed,
  }
}

/** What does not end must end where it is shown. */
function settingsOf(finding: Finding, observation: RunObservation | undefined): Pick<Counterexample, 'settings'> {
  const { settings, statementTimeoutMs: limit } = observation ?? {}
  const ending = limit === undefined || finding.sqlstate !== '57014' ? settings : { ...settings, statement_timeout: String(limit) }
  return ending === undefined ? {} : { settings: ending }
}

/** What is done to show it; the runs of `zero-loss` only go on to `down` to acquit, and psql alone is one session. */
function wayToShow(invariants: readonly AnyInvariant[], finding: Finding, hasDown: boolean): readonly Phase[] {
  if (finding.shown?.interleaving !== undefined) return []
  const phases = finding.invariant === zeroLoss.id ? (['up'] as const) : phasesToShow(invariants, finding)
  const cut = hasDown ? -1 : phases.indexOf('down')
  return cut < 0 ? phases : phases.slice(0, cut)
}

function looksOf(
  subject: Subject,
  { finding, migrated }: CounterexampleSource,
  way: readonly Phase[],
): Pick<Steps, 'before' | 'after' | 'reverted'> {
  const { shown = {}, invariant } = finding
  const { clients } = shown
  if (isOfCatalog(finding, way)) {
    const looks = catalogLooks(finding)
    return { before: looks, after: looks, reverted: looks }
  }
  if (clients !== undefined) {
    const catalog = (path: string | undefined) => (invariant === accessParity.id ? rightsOf(finding, path) : interfaceLooks(finding))
    return {
      before: [...catalog(finding.relation), ...clients.before.map(sentByClient)],
      after: [...catalog(clients.through ?? finding.relation), ...clients.after.map(sentByClient)],
      reverted: [],
    }
  }
  const measure = subject.migration.contract.measures?.find((each) => each.name === shown.measure)
  if (measure !== undefined) return { before: [measure.before], after: [measure.after], reverted: [] }
  const metric = subject.migration.contract.metrics?.find((each) => each.name === shown.metric)
  if (metric !== undefined)
    return { before: comparesWithBefore(metric) ? [metric.before ?? metric.sql] : [], after: [metric.sql], reverted: [] }
  const own = [...(finding.relation === undefined ? [] : [finding.relation]), ...(shown.beside ?? [])]
  const places = own.flatMap((path) => subject.knowledge.lineage?.relations.get(path)?.places.map((each) => each.relation) ?? [])
  const before = selects(subject.legacy, own)
  const after = migrated === undefined ? [] : selects(migrated, [...new Set([...places, ...own])])
  return { before, after, reverted: before }
}

/** Where a client's statements tell; that types differ only the catalog shows. */
function tellsOf({ shown, kind }: Finding): Counterexample['tells'] {
  const { before, after } = shown?.clients ?? { before: [], after: [] }
  if (before.length + after.length === 0 || kind === 'type') return undefined
  return { before: before.map(sentByClient), after: after.map(sentByClient) }
}

/** Whether it is the catalog that a later step does not leave as it was. */
function isOfCatalog({ invariant, kind, sqlstate }: Finding, way: readonly Phase[]): boolean {
  return way.length > 1 && invariantIds.includes(invariant) && sqlstate === undefined && kind !== 'data'
}

function rightsOf(finding: Finding, path: string | undefined): readonly string[] {
  return path === undefined ? catalogLooks({ object: finding.object }) : rightsLooks(path)
}

/** Of several statements that are sent as one message, psql would leave those before an error done. */
function modeOf({ mode, statements }: Script): Steps['mode'] {
  return mode === 'message' && statements.length > 1 && !statements.some(controlsTransaction) ? 'transaction' : mode
}

function selects(catalog: Catalog, paths: readonly string[]): readonly string[] {
  const stored = new Set(storedRelations(catalog))
  return paths.flatMap((path) => {
    const relation = catalog.relations.get(path)
    if (relation === undefined || !stored.has(path)) return []
    const key =
      relation.indexes.find((index) => index.primary)?.attributes.flatMap((each) => (each === undefined ? [] : [quoteIdentifier(each)])) ??
      []
    return [`SELECT * FROM ${quoteName(relation)}${key.length === 0 ? '' : ` ORDER BY ${key.join(', ')}`}; -- ${pathOf(relation)}`]
  })
}
