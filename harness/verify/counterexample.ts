import type { Catalog } from '../catalog/index.ts'
import { type Dataset, renderInserts } from '../data/index.ts'
import type { Finding, RunObservation } from '../invariant/index.ts'
import { controlsTransaction, type Script } from '../migration/index.ts'
import { pathOf, quoteIdentifier, quoteName } from '../postgres/index.ts'
import { catalogLooks, interfaceLooks, rightsLooks } from './counterexamples/catalog-looks.ts'
import { sentByClient } from './counterexamples/client-statements.ts'
import type { Steps } from './counterexamples/phases.ts'
import type { SavedSequence } from './equivalence/index.ts'
import { storedRelations } from './execute.ts'
import type { FindingResult } from './result.ts'
import type { Subject } from './subject.ts'

/** Everything that a self-contained SQL file needs to show a finding; `report/` writes it. */
export interface Counterexample extends Steps {
  readonly finding: FindingResult
  readonly migration: string
  /** Of the migration's files. */
  readonly digest?: string | undefined
  readonly paths: readonly string[]
  /** Those of `before` and `after` that must differ; undefined for all of them. */
  readonly tells?: Pick<Steps, 'before' | 'after'> | undefined
  /** Statements on a table and on the view in its place. */
  readonly sequence?: SavedSequence | undefined
  readonly server: string
  readonly seed: string
}

export interface CounterexampleContext {
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
  const backwards = finding.invariant === 'rollback-restores-state' || finding.invariant === 'round-trip'
  const written = backwards && finding.evidence.writtenSince !== undefined ? observation?.writtenSince?.sql : undefined
  return {
    finding: result,
    migration: migration.name,
    digest: migration.digest,
    paths: [context.path],
    rolesSql: context.rolesSql,
    legacySql: migration.legacy.map((each) => each.text),
    rowsSql: finding.shown?.rowsSql ?? (dataset === undefined ? '' : renderInserts(subject.plan, dataset)),
    upSql: migration.up.script.text,
    ...(written === undefined ? {} : { writtenSql: written }),
    downSql: backwards ? down?.text : undefined,
    upAgain: finding.invariant === 'round-trip',
    mode: modeOf(migration.up.script),
    downMode: down === undefined ? undefined : modeOf(down),
    ...looksOf(subject, source),
    tells: tellsOf(finding),
    sequence: sequenceOf(finding),
    server: context.server,
    seed: context.seed,
  }
}

function looksOf(subject: Subject, { finding, migrated }: CounterexampleSource): Pick<Steps, 'before' | 'after' | 'reverted'> {
  const { evidence, shown, invariant } = finding
  const both = (looks: readonly string[]) => ({ before: looks, after: looks, reverted: looks })
  if (isOfCatalog(finding)) return both(catalogLooks(finding))
  if (shown !== undefined) {
    const catalog = (path: string | undefined) => (invariant === 'access-parity' ? rightsOf(finding, path) : interfaceLooks(finding))
    return {
      before: [...catalog(finding.relation), ...shown.before.map(sentByClient)],
      after: [...catalog(textOf(evidence.through) ?? textOf(evidence.view) ?? finding.relation), ...shown.after.map(sentByClient)],
      reverted: [],
    }
  }
  const measure = subject.migration.contract.measures?.find((each) => each.name === evidence.measure)
  if (measure !== undefined) return { before: [measure.before], after: [measure.after], reverted: [] }
  const own = finding.relation === undefined ? [] : [finding.relation]
  // A row that refers to nothing is seen beside the rows that it could refer to.
  const parent = textOf(evidence.parent) === undefined ? [] : [textOf(evidence.parent) as string]
  const places = [...own, ...parent].flatMap(
    (path) => subject.knowledge.lineage?.relations.get(path)?.places.map((each) => each.relation) ?? [],
  )
  const destination = textOf(evidence.destination)
  const named = [
    ...(destination === undefined ? [] : [destination.slice(0, destination.lastIndexOf('.'))]),
    ...(textOf(evidence.relation) === undefined ? [] : [textOf(evidence.relation) as string]),
  ]
  const before = selects(subject.legacy, [...own, ...parent])
  const after = migrated === undefined ? [] : selects(migrated, [...new Set([...places, ...own, ...parent, ...named])])
  return { before, after, reverted: before }
}

/** Where a client's statements tell; that types differ only the catalog shows. */
function tellsOf({ shown, kind }: Finding): Counterexample['tells'] {
  if (shown === undefined || shown.before.length + shown.after.length === 0 || kind === 'type') return undefined
  return { before: shown.before.map(sentByClient), after: shown.after.map(sentByClient) }
}

/** Whether it is the catalog that a rollback, or a second `up`, does not restore. */
function isOfCatalog({ invariant, kind }: Finding): boolean {
  return (invariant === 'rollback-restores-state' || invariant === 'round-trip') && kind !== 'fails' && kind !== 'data'
}

function rightsOf(finding: Finding, path: string | undefined): readonly string[] {
  return path === undefined ? catalogLooks({ object: finding.object }) : rightsLooks(path)
}

function sequenceOf({ invariant, evidence }: Finding): SavedSequence | undefined {
  if (invariant !== 'view-equivalence' || !Array.isArray(evidence.statements)) return undefined
  return { statements: evidence.statements as SavedSequence['statements'], ignored: [] }
}

/** Of several statements that are sent as one message, psql would leave those before an error done. */
function modeOf({ mode, statements }: Script): Steps['mode'] {
  return mode === 'message' && statements.length > 1 && !statements.some(controlsTransaction) ? 'transaction' : mode
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
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
