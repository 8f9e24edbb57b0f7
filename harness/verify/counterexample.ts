import type { Catalog } from '../catalog/index.ts'
import { type Dataset, renderInserts } from '../data/index.ts'
import type { Subject } from '../lineage/index.ts'
import { pathOf, quoteIdentifier, quoteName } from '../postgres/index.ts'
import type { FindingResult } from '../result/index.ts'
import { storedRelations } from '../run/index.ts'

/** Everything that a self-contained SQL file needs to show a finding; `report/` writes it. */
export interface Counterexample {
  readonly finding: FindingResult
  readonly migration: string
  readonly paths: readonly string[]
  readonly legacySql: readonly string[]
  readonly rowsSql: string
  readonly upSql: string
  readonly downSql: string | undefined
  readonly mode: 'transaction' | 'message' | 'autocommit'
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly reverted: readonly string[]
  readonly server: string
  readonly seed: string
}

export interface CounterexampleContext {
  readonly server: string
  readonly seed: string
  /** As the caller named it. */
  readonly path: string
}

/** Describe a finding that rows show; a program migration has no SQL to show, so it has none. */
export function describeCounterexample(
  subject: Subject,
  finding: FindingResult,
  dataset: Dataset | undefined,
  migrated: Catalog | undefined,
  context: CounterexampleContext,
): Counterexample | undefined {
  const { migration } = subject
  if (migration.up.kind !== 'sql' || (migration.down !== undefined && migration.down.kind !== 'sql')) return undefined
  const lineage = finding.relation === null ? undefined : subject.knowledge.lineage?.relations.get(finding.relation)
  const before = finding.relation === null ? [] : selects(subject.legacy, [finding.relation])
  const places = new Set([
    ...(lineage?.places.map((place) => place.relation) ?? []),
    ...(finding.relation === null ? [] : [finding.relation]),
  ])
  const after = migrated === undefined ? [] : selects(migrated, [...places])
  const down = migration.down?.script
  const shown = subject.legacy.relations.has(finding.relation ?? '') ? before : []
  return {
    finding,
    migration: migration.name,
    paths: [context.path],
    legacySql: migration.legacy.map((each) => each.text),
    rowsSql: dataset === undefined ? '' : renderInserts(subject.plan, dataset),
    upSql: migration.up.script.text,
    downSql: finding.invariant === 'rollback-restores-state' || finding.invariant === 'round-trip' ? down?.text : undefined,
    mode: migration.up.script.mode,
    before: shown,
    after,
    reverted: shown,
    server: context.server,
    seed: context.seed,
  }
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
