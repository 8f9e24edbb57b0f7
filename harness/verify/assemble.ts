import type { Coverage } from '../coverage/index.ts'
import type { AnyInvariant } from '../invariants/index.ts'
import { followsFromLoss, isOurs, onEmptyDatabase } from '../invariants/index.ts'
import type { Subject } from '../lineage/index.ts'
import type { Failure } from '../migration/index.ts'
import { shownName } from '../postgres/index.ts'
import {
  declaredClaims,
  expiredText,
  type FindingResult,
  findingId,
  type InvariantResult,
  isExpired,
  judgeMigration,
  type MigrationResult,
  messageOf,
  todayUtc,
  waivedBy,
} from '../result/index.ts'
import type { RunObservation } from '../run/index.ts'
import type { Confirmed } from './confirm.ts'
import { type Counterexample, describeCounterexample } from './counterexample.ts'
import { coverageResult, notReached } from './coverage-result.ts'
import type { Inquiry } from './inquiry.ts'
import { lineageEntries } from './lineage-entries.ts'
import { unfilledRelations } from './unfilled.ts'

export interface Assembly {
  readonly inquiry: Inquiry
  readonly confirmed: readonly Confirmed[]
  /** SQL that counts the rows of a real database which a finding concerns. */
  readonly preflights: ReadonlyMap<Confirmed, string>
  readonly role: string
  /** Version of the server. */
  readonly server: string
  /** See `Steps`. */
  readonly rolesSql: readonly string[]
  readonly runs: number
  readonly exclusions: readonly string[]
  readonly banded: readonly RunObservation[]
  readonly coverage: Coverage | undefined
  /** Why `up` does not even run on an empty database. */
  readonly failure: Failure | undefined
}

/** Put one migration's result together: findings with ids, causes, waivers and counterexamples; a verdict for each invariant; what was not checked. */
export function assembleResult(assembly: Assembly): {
  readonly result: MigrationResult
  readonly counterexamples: ReadonlyMap<string, Counterexample>
} {
  const { inquiry, confirmed } = assembly
  const { subject, context, runner, collector } = inquiry
  const counterexamples = new Map<string, Counterexample>()
  const plain = confirmed.map((each) =>
    toResult(assembly, withCertainty(each, inquiry), counterexamples, assembly.preflights.get(each) ?? null),
  )
  const findings = linkCauses(inquiry.invariants, plain)
  const unfilled = unfilledRelations(subject, assembly.banded)
  const blocked = findings.filter((each) => each.invariant === 'applies' && each.severity !== 'info').map(({ id }) => id)
  const invariants = inquiry.invariants.map((each) => apartFrom(assembly, each, unfilled.blocking, blocked))
  const { need } = runner
  const result: MigrationResult = {
    name: subject.migration.name,
    path: context.path,
    digest: subject.migration.digest,
    cached: false,
    verdict: 'unknown',
    runs: assembly.runs,
    rung: need.rung,
    rungBecause: need.rung === 'transaction' ? '' : need.because,
    runAs: assembly.role,
    invariants,
    findings,
    ...(subject.migration.contract.claims === undefined ? {} : { claims: declaredClaims(subject.migration.contract.claims) }),
    lineage: lineageEntries(subject, findings),
    ...(assembly.coverage === undefined ? {} : { coverage: coverageResult(assembly.coverage, context.options.minCoverage) }),
    notChecked: [
      ...inquiry.notChecked,
      ...invariants.flatMap(({ id, verdict, because }) => (verdict === 'unknown' && because !== '' ? [`${id}: ${because}`] : [])),
      ...unfilled.all,
      ...notReached(assembly.coverage),
      ...expiredWaivers(subject),
      ...confirmed
        .filter((each) => !each.smallest)
        .map(
          ({ finding }) =>
            `the counterexample of ${finding.invariant} on ${finding.relation ?? finding.object ?? 'the migration'} may not be the smallest: shrinking was cut short`,
        ),
    ],
    disagreements: [...new Set(collector.disagreements().map(({ text }) => text))],
    timings: {},
  }
  return { result: judgeMigration(result, findings, context.options.failOn), counterexamples }
}

/** What an invariant says when findings are left aside. */
function apartFrom(
  assembly: Assembly,
  { id, looks }: AnyInvariant,
  unfilled: readonly string[],
  blocked: readonly string[],
): InvariantResult {
  const { inquiry, failure } = assembly
  const summary = inquiry.collector.summary(id, !('everyRun' in looks))
  const { outcome, saw } = summary
  const under = id === 'applies' ? [] : assembly.exclusions
  const unneeded = outcome === 'unknown' && summary.final !== true && failure === undefined ? notNeeded(assembly, id) : undefined
  const without = outcome === 'not-applicable' ? summary.because : unneeded
  if (without !== undefined) return { id, verdict: 'not-applicable', because: without, saw, under: [] }
  const base = { id, saw, under }
  if (outcome === 'unknown') {
    const because = failure === undefined || id === 'applies' ? summary.because : 'the migration fails even on an empty database'
    return { ...base, verdict: 'unknown', because, ...(summary.upFails === true && blocked.length > 0 ? { blockedBy: blocked } : {}) }
  }
  if (unfilled.length > 0 && 'everyRun' in looks)
    return { ...base, verdict: 'unknown', because: `no rows could be made for ${unfilled.join(', ')}` }
  return { ...base, verdict: 'holds', because: '' }
}

/** Whether `up` fails as soon as there are rows, or on some rows only: what to do about it differs. */
function withCertainty(confirmed: Confirmed, { judging }: Inquiry): Confirmed {
  const { finding } = confirmed
  if (finding.invariant !== 'applies' || finding.relation === undefined || finding.severity === 'info') return confirmed
  const passed = judging.passedWith(finding.relation)
  const evidence = { ...finding.evidence, certainty: passed === 0 ? 'certain' : 'conditional', passedWithRows: passed }
  const isAnyRow = passed === 0 && !finding.message.includes(onEmptyDatabase)
  const message = isAnyRow
    ? `${finding.message}. No generated row of ${shownName(finding.relation)} gets past this statement`
    : finding.message
  return { ...confirmed, finding: { ...finding, evidence, message } }
}

/** Why an invariant that saw nothing had nothing to see in this step. */
function notNeeded({ inquiry, banded }: Assembly, id: string): string | undefined {
  const { depth, subject } = inquiry
  if (id === 'applies' || banded.length > 0) return undefined
  if (depth.because !== '' && depth.variants === 0) return depth.because
  return subject.scope.size === 0 ? 'it changes no table that existed before' : undefined
}

function toResult(
  { inquiry, server, rolesSql, banded }: Assembly,
  { finding, dataset, observation }: Confirmed,
  counterexamples: Map<string, Counterexample>,
  preflight: string | null,
): FindingResult {
  const { subject, context } = inquiry
  const { waivers = [] } = subject.migration.contract
  const id = findingId(subject.migration.name, finding)
  const result: FindingResult = {
    id,
    invariant: finding.invariant,
    kind: finding.kind,
    severity: finding.severity,
    known: finding.known,
    relation: finding.relation ?? null,
    attribute: finding.attribute ?? null,
    object: finding.object ?? null,
    file: finding.file ?? null,
    line: finding.line ?? null,
    cause: null,
    ...(finding.through === undefined ? {} : { through: finding.through }),
    ...(finding.refusedBy === undefined ? {} : { refusedBy: finding.refusedBy }),
    waived: waivedBy(waivers, { id, ...finding }, { migration: subject.migration.name, today: todayUtc() }),
    message: messageOf(finding),
    evidence: finding.evidence,
    counterexample: null,
    hint: finding.hint ?? null,
    preflight,
  }
  if (
    finding.severity === 'info' ||
    (dataset === undefined && observation?.regime !== 'empty' && finding.shown?.interleaving === undefined)
  )
    return result
  const migrated = (observation ?? banded[0])?.migrated?.catalog
  const example = describeCounterexample(
    subject,
    result,
    { finding, dataset, observation, migrated },
    { invariants: inquiry.invariants, server, seed: context.seed, path: context.path, rolesSql },
  )
  if (example === undefined) return result
  const safe = [finding.invariant, finding.relation, finding.attribute, finding.object]
    .filter((each) => each !== undefined)
    .join('-')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '_')
    .slice(0, 80)
  const path = `${context.options.reportDirectory ?? 'reports'}/${subject.migration.name}/counterexamples/${safe}-${id.slice(0, 6)}.sql`
  const named = { ...result, counterexample: path }
  counterexamples.set(path, { ...example, finding: named })
  return named
}

/** One cause, one finding: what follows from another finding names it. */
function linkCauses(invariants: readonly AnyInvariant[], findings: readonly FindingResult[]): readonly FindingResult[] {
  return findings.map((finding) => {
    const invariant = invariants.find(({ id }) => id === finding.invariant)
    return causedBy(invariant, finding, findings)
  })
}

/** A function of the user's that throws names no cause. */
function causedBy(invariant: AnyInvariant | undefined, finding: FindingResult, findings: readonly FindingResult[]): FindingResult {
  if (invariant?.cause === undefined) return followsFromLoss(finding, findings)
  try {
    return invariant.cause(finding, findings)
  } catch (error) {
    if (isOurs(invariant)) throw error
    return finding
  }
}

function expiredWaivers(subject: Subject): readonly string[] {
  const today = todayUtc()
  return (subject.migration.contract.waivers ?? []).filter((each) => isExpired(each, today)).map(expiredText)
}
