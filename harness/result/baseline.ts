import { createHash } from 'node:crypto'
import type { Severity } from './finding.ts'
import { severityRank } from './gravity.ts'
import type { FindingResult, InvariantResult, MigrationResult, VerifyResult } from './result.ts'

/** What old steps were found to do when a team began with Godwit: `godwit.baseline.json`. Shown in every report, and not counted. */
export interface Baseline {
  readonly version: 1
  /** Sorted by project, then name. */
  readonly steps: readonly BaselineStep[]
}

export interface BaselineStep {
  /** Of a configuration with several projects. */
  readonly project?: string | undefined
  readonly migration: string
  /** Digest of the step's files; once they change, nothing of it is accepted any more. */
  readonly digest: string
  /** Sorted by invariant, relation, attribute, kind and id. */
  readonly accepted: readonly BaselineEntry[]
}

export interface BaselineEntry {
  readonly id: string
  readonly invariant: string
  readonly kind: string
  /** A finding that becomes graver than this counts. */
  readonly severity: Severity
  readonly relation: string | null
  readonly attribute: string | null
  /** First line. */
  readonly message: string
  /** ISO date of acceptance. */
  readonly since: string
}

/** The entry by which a baseline accepts a finding; undefined where it does not: unknown, graver than it was, or the step has changed. */
export function baselineEntry(
  baseline: Baseline,
  migration: Pick<MigrationResult, 'name' | 'digest'>,
  finding: Pick<FindingResult, 'id' | 'severity'>,
  project?: string,
): BaselineEntry | undefined {
  return baseline.steps
    .filter((step) => step.project === project && isOf(step, migration))
    .flatMap((step) => step.accepted)
    .find((entry) => entry.id === finding.id && severityRank(finding.severity) <= severityRank(entry.severity))
}

/** What stands for the fact that an invariant could not be judged of a step: as stable as the id of a finding. */
export function unknownId(migration: string, invariant: string): string {
  return createHash('sha256').update(`${migration}\u0000unknown\u0000${invariant}`).digest('hex').slice(0, 16)
}

/** The invariants of a step that could not be judged, findings left aside. */
function unjudgedOf(migration: MigrationResult): readonly (InvariantResult & { readonly reason: string })[] {
  return migration.invariants.flatMap((each) => {
    const reason = each.verdict === 'unknown' ? each.because : (each.otherwise ?? '')
    return reason === '' ? [] : [{ ...each, reason }]
  })
}

export interface ExtendOptions {
  readonly project?: string | undefined
  /** ISO date. */
  readonly today: string
  /** Names of steps of which nothing is accepted. */
  readonly except?: ReadonlySet<string> | undefined
}

/**
 * A baseline that accepts the errors and warnings of a result as well, beside what the old one has of other steps. Findings that a waiver
 * accepts are left to it; of a step in the result, only what was found again stays, unless it could not be judged.
 */
export function extendBaseline(old: Baseline | undefined, result: VerifyResult, { project, today, except }: ExtendOptions): Baseline {
  const oldSteps = old?.steps ?? []
  const judged = result.migrations.filter((migration) => except?.has(migration.name) !== true)
  const fresh = judged.map((migration): BaselineStep => {
    const known = oldSteps.filter((step) => step.project === project && isOf(step, migration)).flatMap((step) => step.accepted)
    const found = migration.findings
      .filter((finding) => finding.severity !== 'info' && !isWaivedByHand(finding))
      .map((finding) => {
        const before = known.find((entry) => entry.id === finding.id)
        // A message names values of one run: the old one stays, so that the file does.
        const same = before !== undefined && before.kind === finding.kind && before.severity === finding.severity
        return same ? before : entryOf(finding, before?.since ?? today)
      })
    const unknown = unjudgedOf(migration).map(({ id: invariant, reason, blockedBy }) => {
      const id = unknownId(migration.name, invariant)
      const since = known.find((entry) => entry.id === id)?.since ?? today
      // What a finding kept from being judged goes green with the finding.
      return blockedBy === undefined ? [{ ...unknownEntry(id, invariant, reason), since }] : []
    })
    const unjudged = known.filter((entry) => entry.kind !== 'unknown' && !wasJudged(migration, entry))
    const accepted = [...found, ...unknown.flat(), ...unjudged]
    return { ...(project === undefined ? {} : { project }), migration: migration.name, digest: migration.digest, accepted }
  })
  const others = oldSteps.filter((step) => step.project !== project || !judged.some((migration) => migration.name === step.migration))
  return sortBaseline([...others, ...fresh])
}

/** A baseline without what a result no longer shows; `gone` names the steps of the project that are no longer there at all. */
export function pruneBaseline(old: Baseline, result: VerifyResult, project?: string): Baseline {
  const steps = old.steps.flatMap((step): readonly BaselineStep[] => {
    if (step.project !== project) return [step]
    const migration = result.migrations.find((each) => isOf(step, each))
    if (migration === undefined) return []
    const accepted = step.accepted.filter(
      (entry) =>
        migration.findings.some((finding) => finding.id === entry.id) ||
        (entry.kind === 'unknown'
          ? unjudgedOf(migration).some(({ id }) => unknownId(migration.name, id) === entry.id)
          : !wasJudged(migration, entry)),
    )
    return [{ ...step, accepted }]
  })
  return sortBaseline(steps)
}

/** Entries of a project that a result no longer shows, in words. */
export function staleEntries(
  baseline: Baseline,
  result: VerifyResult,
  { project, complete }: { readonly project?: string | undefined; readonly complete: boolean },
): readonly string[] {
  return baseline.steps
    .filter((step) => step.project === project)
    .flatMap((step): readonly string[] => {
      const namesakes = result.migrations.filter((each) => each.name === step.migration)
      const migration = namesakes.find((each) => isOf(step, each))
      const [many, hold] =
        step.accepted.length === 1 ? ['1 accepted finding', 'holds'] : [`${step.accepted.length} accepted findings`, 'hold']
      if (namesakes.length === 0) return complete ? [`baseline: the step ${step.migration} is gone, with ${many}`] : []
      if (migration === undefined) return [`baseline: ${step.migration} has changed since it was accepted: ${many} of it no longer ${hold}`]
      return step.accepted
        .filter((entry) => wasJudged(migration, entry) && !migration.findings.some((finding) => finding.id === entry.id))
        .map((entry) => `baseline: no longer found in ${step.migration}: ${entry.invariant}, ${entry.message} (${entry.id})`)
    })
}

/** Two steps may have one name, in two folders. */
function isOf(step: BaselineStep, migration: Pick<MigrationResult, 'name' | 'digest'>): boolean {
  return step.migration === migration.name && step.digest === migration.digest
}

/** Baseline entries are also "waived"; those are not a person's decision on one finding. */
function isWaivedByHand(finding: FindingResult): boolean {
  return finding.waived !== null && finding.waived.expires !== null
}

/** What could not be judged may still be there. */
function wasJudged(migration: MigrationResult, entry: BaselineEntry): boolean {
  return migration.invariants.some((each) => each.id === entry.invariant && each.verdict !== 'unknown')
}

function unknownEntry(id: string, invariant: string, reason: string): Omit<BaselineEntry, 'since'> {
  const message = `could not be judged: ${reason.split(/[\r\n]/, 1)[0] ?? ''}`
  return { id, invariant, kind: 'unknown', severity: 'info', relation: null, attribute: null, message }
}

function entryOf(finding: FindingResult, since: string): BaselineEntry {
  const { id, invariant, kind, severity, relation, attribute, message } = finding
  return { id, invariant, kind, severity, relation, attribute, message: message.split(/[\r\n]/, 1)[0] ?? '', since }
}

/** Each step and each finding once, steps without an entry left out: the same findings give the same text. */
function sortBaseline(steps: readonly BaselineStep[]): Baseline {
  const united = new Map<string, BaselineStep>()
  for (const step of steps) {
    const key = [step.project ?? '', step.migration, step.digest].join('\u0000')
    united.set(key, { ...step, accepted: [...(united.get(key)?.accepted ?? []), ...step.accepted] })
  }
  const entryKey = ({ invariant, relation, attribute, kind, id }: BaselineEntry) =>
    [invariant, relation ?? '', attribute ?? '', kind, id].join('\u0000')
  const sorted = [...united].toSorted(by(([key]) => key)).map(([, step]) => {
    const accepted = [...new Map(step.accepted.map((entry) => [entry.id, entry])).values()]
    return { ...step, accepted: accepted.toSorted(by(entryKey)) }
  })
  return { version: 1, steps: sorted.filter((step) => step.accepted.length > 0) }
}

function by<Item>(key: (item: Item) => string): (left: Item, right: Item) => number {
  return (left, right) => (key(left) < key(right) ? -1 : key(left) > key(right) ? 1 : 0)
}
