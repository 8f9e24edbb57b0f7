import type { Step } from '../../migration/index.ts'
import { packageVersion } from '../../package.ts'
import { shownName } from '../../postgres/index.ts'
import { formatDuration } from '../../report/index.ts'
import { foreignTables } from '../evidence/scope.ts'
import type { CompiledQueries } from '../queries/compile-queries.ts'
import type { Applied } from './apply-metered.ts'
import { type MetricOnCopy, metricFindings, metricResults } from './contract-metrics.ts'
import { comparePredictions, disagreementsOf, type Judged, judgeSeen, predictable, verdictOf } from './judge.ts'
import { type FindingDraft, findingOf } from './judge-checks.ts'
import type { CheckResult, GrowthResult, Rehearsal, RehearsalFinding } from './model.ts'
import type { RehearseOptions } from './options.ts'
import { type Rights, rightsFindings } from './rights.ts'
import { type RowsOfRoles, rowsOfRolesFindings, type SecuredTables } from './rows-of-roles.ts'
import type { SpreadRelation, SpreadSums } from './spread-rows.ts'
import { type RevertedState, rowsOf, type StateOfCopy } from './state-of-copy.ts'
import { windowText } from './words.ts'

/** Who may do what, and which rows each role sees. */
export interface AccessSeen {
  readonly rights: Rights
  readonly rows: RowsOfRoles
}

/** All that is known before anything is done. */
export interface Prepared {
  readonly compiled: CompiledQueries
  /** Paths of the tables that the migration reaches. */
  readonly tables: readonly string[]
  /** Paths of the foreign tables that it reaches. */
  readonly foreign: readonly string[]
  /** Relations that have rows on other servers, with sums over them. */
  readonly spread: readonly SpreadRelation[]
  readonly sums: ReadonlyMap<string, SpreadSums | string>
  /** What the copy has beside the legacy schema. */
  readonly notes: readonly string[]
  readonly before: StateOfCopy
  /** Tables with row security. */
  readonly secured: SecuredTables
  readonly access: AccessSeen
  readonly measures: Rehearsal['measures']
  /** Rows that a finding of verification concerns, by its id. */
  readonly concerned: ReadonlyMap<string, number>
  readonly restore: Rehearsal['restore']
}

/** What came of `down`. */
export interface Back {
  readonly applied: Applied
  /** Undefined where it failed. */
  readonly reverted: RevertedState | undefined
}

/** What was seen on the copy. */
export interface SeenOnCopy {
  readonly startedAt: Date
  readonly up: Applied
  readonly checks: readonly CheckResult[]
  /** The metrics of the contract. */
  readonly metrics: readonly MetricOnCopy[]
  /** Rows of each table after `up`. */
  readonly after: ReadonlyMap<string, number>
  /** Undefined where `up` failed. */
  readonly access: AccessSeen | undefined
  readonly back: Back | undefined
}

/** The findings of what was seen, and whether `down` brought everything back. */
export function judgeCopy(options: RehearseOptions, { before, access }: Prepared, { up, back, checks, ...seen }: SeenOnCopy): Judged {
  const { migration, verified } = options
  const knowledge = verified.learned?.subject.knowledge
  const rows = new Map([...before.catalog.relations.keys()].map((path) => [path, rowsOf(before, path)]))
  const context = { migration: migration.name, knowledge: knowledge ?? nowhere, predicted: predictable(verified.result), rows }
  const keysByDown = knowledge?.keysByDown ?? new Set<string>()
  const judged = judgeSeen({ checks, up: up.failure, down: back?.applied.failure, before, reverted: back?.reverted, keysByDown }, context)
  const more = [
    ...metricFindings(seen.metrics),
    ...(up.clients?.findings ?? []),
    ...accessFindings(access, seen.access, migration.up),
    ...windowFindings(options, up),
  ]
  return { ...judged, findings: [...judged.findings, ...more.map((each) => findingOf(each, context))] }
}

function accessFindings(before: AccessSeen, after: AccessSeen | undefined, up: Step): readonly FindingDraft[] {
  if (after === undefined) return []
  return [...rightsFindings(before.rights, after.rights, up), ...rowsOfRolesFindings(before.rows, after.rows, up)]
}

const nowhere = { locate: () => undefined, locateDown: () => undefined }

function windowFindings({ windowMs }: RehearseOptions, { failure, result }: Applied) {
  if (failure !== undefined || result.durationMs <= windowMs) return []
  const message = `up takes ${formatDuration(result.durationMs)}, and the window is ${windowText(windowMs)}`
  return [{ invariant: 'online-safety', kind: 'window', message }]
}

interface Done extends SeenOnCopy {
  readonly findings: readonly RehearsalFinding[]
  readonly equal: boolean | null
  readonly durationMs: number
  readonly growth: GrowthResult
}

/** The document of a rehearsal. */
export function assembleRehearsal(options: RehearseOptions, prepared: Prepared, done: Done): Rehearsal {
  const { migration, verified, copy, windowMs, failOn } = options
  const { before, compiled, spread } = prepared
  const { findings, checks, up, back } = done
  const compared = [...compiled.saved, ...spread]
  const comparedRows = compared.reduce((sum, { relation }) => sum + rowsOf(before, relation), 0)
  const applied = up.failure === undefined
  const metrics = metricResults(done.metrics)
  const looked = new Set(['applies', ...(applied ? ['zero-loss', 'quantity-parity', 'no-orphans', 'metrics-kept'] : [])])
  if (back !== undefined) looked.add('rollback-restores-state')
  return {
    version: 1,
    godwit: packageVersion(),
    migration: migration.name,
    digest: migration.digest,
    ...verdictOf({ findings, checks, metrics, rows: compared.length === 0 ? undefined : comparedRows, failOn }),
    startedAt: done.startedAt.toISOString(),
    durationMs: done.durationMs,
    copy: { kind: copy.kind, place: copy.place, server: copy.version.text, role: copy.role, bytes: copy.bytes },
    window: { ms: windowMs, kept: applied ? up.result.durationMs <= windowMs : null },
    totals: [...before.totals.values()].map((each) => ({ ...each, after: done.after.get(each.table) ?? null })),
    made: [...done.after].flatMap(([table, rows]) => (before.totals.has(table) ? [] : [{ table, rows }])),
    measures: prepared.measures,
    metrics,
    up: up.result,
    workload: up.clients?.result ?? null,
    checks,
    down: back === undefined ? null : { ...back.applied.result, equal: done.equal },
    restore: prepared.restore,
    growth: done.growth,
    predicted: verified.result.verdict,
    predictions: comparePredictions(predictable(verified.result), findings, prepared.concerned, looked),
    findings,
    disagreements: disagreementsOf(findings),
    notChecked: notChecked(options, prepared, done),
  }
}

function notChecked(
  { migration, copy }: RehearseOptions,
  { compiled, notes, before, restore, secured, access }: Prepared,
  { up, growth, access: seen }: Done,
): readonly string[] {
  const foreign = foreignTables(before.catalog).filter((path) => !before.totals.has(path) && !before.notCounted.has(path))
  return [
    ...copy.notes,
    ...notes,
    ...compiled.notChecked,
    ...(foreign.length === 0 ? [] : [`Rows of foreign tables that the migration cannot write: ${foreign.map(shownName).join(', ')}.`]),
    ...[...before.notCounted.values()].map((because) => `Rows of the foreign table ${because}.`),
    ...(up.failure === undefined ? [] : ['Rows after the migration, and the way back: up fails.']),
    ...(migration.down === undefined ? ['The way back: there is no down.'] : []),
    ...(growth.outcome === 'not-measured' ? [`Growth: ${growth.because}`] : []),
    ...(up.clients === undefined
      ? [
          'How long clients wait: the contract has no workload, so nobody used the copy. godwit verify --online applies the migration under traffic.',
        ]
      : up.clients.result.refused.map(
          ({ statement, because }) => `The statement ${statement} of the workload: the copy refuses it before up runs: ${because}.`,
        )),
    ...new Set([...access.rows.notLooked, ...(seen?.rows.notLooked ?? [])]),
    ...(secured.size === 0
      ? []
      : ['Rows that roles see with settings of their own (a token, a tenant): policies that read settings were asked without them.']),
    ...(restore === null ? ['Whether a backup can be restored: --evidence, or godwit evidence, proves that.'] : []),
  ]
}
