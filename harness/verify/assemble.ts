import { isDeepStrictEqual } from 'node:util'
import { invariantIds, type RunObservation } from '../invariant/index.ts'
import type { Waiver } from '../migration/index.ts'
import { violationOf } from './accept.ts'
import { type Collector, findingId } from './collect.ts'
import type { Confirmed } from './confirm.ts'
import { type Counterexample, describeCounterexample } from './counterexample.ts'
import type { Depth } from './depth.ts'
import { lineageEntries } from './lineage-entries.ts'
import type { FindingResult, InvariantResult, MigrationResult, Outcome } from './result.ts'
import type { Runner } from './runner.ts'
import type { Subject } from './subject.ts'
import type { MigrationContext } from './verify-migration.ts'
import { expiredText, isExpired, todayUtc, waivedBy } from './waiver.ts'

export interface Assembly {
  readonly subject: Subject
  readonly collector: Collector
  readonly confirmed: { readonly confirmed: readonly Confirmed[]; readonly disagreements: readonly string[] }
  readonly context: MigrationContext
  readonly runner: Runner
  readonly role: string
  /** Version of the server. */
  readonly server: string
  /** See `Steps`. */
  readonly rolesSql: readonly string[]
  readonly depth: Depth
  readonly runs: number
  readonly exclusions: readonly string[]
  readonly banded: readonly RunObservation[]
  /** Whether `up` runs on an empty database. */
  readonly anyRun: boolean
  readonly notChecked: readonly string[]
  readonly timings: Readonly<Record<string, number>>
}

/** Put one migration's result together: findings with ids, causes, waivers and counterexamples; a verdict for each invariant; what was not checked. */
export function assembleResult(assembly: Assembly): {
  readonly result: MigrationResult
  readonly counterexamples: ReadonlyMap<string, Counterexample>
} {
  const { subject, context, confirmed } = assembly
  const failOn = context.options.failOn ?? 'error'
  const counterexamples = new Map<string, Counterexample>()
  const plain = confirmed.confirmed.map((each) =>
    toResult(
      subject,
      withCertainty(each, assembly.collector),
      context,
      subject.migration.contract.waivers ?? [],
      counterexamples,
      assembly,
    ),
  )
  const findings = linkCauses(plain)
  const expired = expiredWaivers(subject)
  const unfilled = unfilledRelations(assembly)
  const findingsApart = (id: InvariantResult['id']): InvariantResult => {
    const { outcome, because, saw } = assembly.collector.summary(id)
    const under = id === 'applies' ? [] : assembly.exclusions
    if (outcome === 'not-applicable') return { id, verdict: 'not-applicable', because, saw, under: [] }
    const unneeded = outcome === 'unknown' && assembly.anyRun ? notNeeded(assembly, id) : undefined
    if (unneeded !== undefined) return { id, verdict: 'not-applicable', because: unneeded, saw, under: [] }
    if (outcome === 'unknown')
      return { id, verdict: 'unknown', because: assembly.anyRun || id === 'applies' ? because : 'up fails on every state', saw, under }
    if (unfilled.blocking.length > 0 && id !== 'determinism' && id !== 'atomicity')
      return { id, verdict: 'unknown', because: `no rows could be made for ${unfilled.blocking.join(', ')}`, saw, under }
    return { id, verdict: 'holds', because: '', saw, under }
  }
  const invariants = invariantIds.map((id): InvariantResult => {
    const apart = findingsApart(id)
    const because = violationOf(id, findings, failOn)
    if (because === undefined) return apart
    return { ...apart, verdict: 'violated', because, ...(apart.verdict === 'unknown' ? { otherwise: apart.because } : {}) }
  })
  const verdict = gravest(invariants.map((each) => each.verdict))
  const needed = assembly.runner.need
  return {
    result: {
      name: subject.migration.name,
      path: context.path,
      digest: subject.migration.digest,
      cached: false,
      verdict,
      runs: assembly.runs,
      rung: needed.rung,
      rungBecause: needed.rung === 'transaction' ? '' : needed.because,
      runAs: assembly.role,
      invariants,
      findings,
      lineage: lineageEntries(subject, findings),
      notChecked: [
        ...assembly.notChecked,
        ...unfilled.all,
        ...expired,
        ...confirmed.confirmed
          .filter((each) => !each.smallest)
          .map(
            ({ finding }) =>
              `the counterexample of ${finding.invariant} on ${finding.relation ?? finding.object ?? 'the migration'} may not be the smallest: shrinking was cut short`,
          ),
      ],
      disagreements: confirmed.disagreements,
      timings: assembly.timings,
    },
    counterexamples,
  }
}

/** Whether `up` fails as soon as there are rows, or on some rows only: what to do about it differs. */
function withCertainty(confirmed: Confirmed, collector: Collector): Confirmed {
  const { finding } = confirmed
  if (finding.invariant !== 'applies' || finding.relation === undefined || finding.severity === 'info') return confirmed
  const passed = collector.passedWith(finding.relation)
  const evidence = { ...finding.evidence, certainty: passed === 0 ? 'certain' : 'conditional', passedWithRows: passed }
  const message = passed === 0 ? `${finding.message}; no row of ${finding.relation} was seen to go through` : finding.message
  return { ...confirmed, finding: { ...finding, evidence, message } }
}

/** Why an invariant that saw nothing had nothing to see in this step. */
function notNeeded({ depth, subject, banded }: Assembly, id: string): string | undefined {
  if (id === 'applies') return undefined
  if (id === 'atomicity') {
    if (depth.faults !== 'none') return undefined
    return subject.migration.up.kind === 'program'
      ? 'it is a program that connects by itself'
      : 'it is one transaction, which PostgreSQL undoes as a whole'
  }
  if (id === 'determinism') return depth.repeats && subject.scope.size > 0 ? undefined : 'nothing in it can vary'
  if (banded.length > 0) return undefined
  return depth.because !== '' && depth.variants === 0
    ? depth.because
    : subject.scope.size === 0
      ? 'it reaches no relation that was there before'
      : undefined
}

function toResult(
  subject: Subject,
  { finding, dataset, observation }: Confirmed,
  context: MigrationContext,
  waivers: readonly Waiver[],
  counterexamples: Map<string, Counterexample>,
  { server, rolesSql, banded }: Pick<Assembly, 'server' | 'rolesSql' | 'banded'>,
): FindingResult {
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
    waived: waivedBy(waivers, { id, ...finding }, { migration: subject.migration.name, today: todayUtc() }),
    message: finding.message,
    evidence: finding.evidence,
    counterexample: null,
    hint: finding.hint ?? null,
  }
  if (finding.severity === 'info' || (dataset === undefined && observation?.regime !== 'empty')) return result
  const migrated = (observation ?? banded[0])?.migrated?.catalog
  const example = describeCounterexample(
    subject,
    result,
    { finding, dataset, observation, migrated },
    { server, seed: context.seed, path: context.path, rolesSql },
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

/**
 * One cause, one finding. What follows from another finding names it; that a second `up` differs or fails follows from a `down` that does
 * not restore the state, and is information then.
 */
function linkCauses(findings: readonly FindingResult[]): readonly FindingResult[] {
  const loss = findings.filter((each) => each.invariant === 'zero-loss' && each.severity !== 'info')
  const refused = findings.filter((each) => each.invariant === 'applies' && each.severity !== 'info')
  const rollback = findings.filter((each) => each.invariant === 'rollback-restores-state' && each.severity === 'error')
  return findings.map((finding) => {
    if (finding.invariant === 'zero-loss' || finding.invariant === 'applies') return finding
    if (finding.invariant === 'round-trip') {
      const cause =
        rollback.find((each) => namesOf(each).some((name) => finding.message.includes(`"${name}"`))) ??
        rollback.find((each) => each.relation === finding.relation) ??
        rollback[0]
      return cause === undefined ? finding : { ...finding, cause: cause.id, severity: 'info' }
    }
    if (finding.relation === null) return finding
    // A rule that legal rows do not pass refuses the rows of old clients too.
    const causes = finding.invariant === 'backward-compatibility' && finding.kind === 'fails' ? [...loss, ...refused] : loss
    const cause = causes.find(
      (each) => each.relation === finding.relation && (each.attribute === finding.attribute || each.attribute === null),
    )
    return cause === undefined ? finding : { ...finding, cause: cause.id }
  })
}

function namesOf(finding: FindingResult): readonly string[] {
  return [finding.attribute, finding.object?.split('.').at(-1), finding.relation?.split('.').at(-1)].filter(
    (each) => typeof each === 'string',
  )
}

function expiredWaivers(subject: Subject): readonly string[] {
  const today = todayUtc()
  return (subject.migration.contract.waivers ?? []).filter((each) => isExpired(each, today)).map(expiredText)
}

/** Relations without rows: those that the migration writes or names make its invariants unknown, the others are only named. */
function unfilledRelations({ subject, banded }: Assembly): { readonly blocking: readonly string[]; readonly all: readonly string[] } {
  const seeds = banded.flatMap((run) => run.seed.unfilled)
  const filled = new Set(banded.flatMap((run) => run.seed.filled.filter((each) => each.rows > 0).map((each) => each.relation)))
  // A trigger of the schema may have filled what refused our rows because of that.
  for (const run of banded) for (const [path, { rows }] of run.legacy.rows) if (rows.length > 0) filled.add(path)
  const unfilled = [...subject.plan.unfilled, ...seeds].filter((each) => !filled.has(each.relation))
  const texts = scripts(subject).join('\n').toLowerCase()
  const named = (path: string) =>
    subject.knowledge.written.has(path) || texts.includes((subject.legacy.relations.get(path)?.name ?? path).toLowerCase())
  const unique = unfilled.filter((each, at) => unfilled.findIndex((other) => isDeepStrictEqual(other.relation, each.relation)) === at)
  const bypassed = banded
    .flatMap((run) => run.seed.bypassed)
    .filter((each, at, all) => all.findIndex((other) => other.relation === each.relation) === at)
  return {
    blocking: unique.map((each) => each.relation).filter(named),
    all: [
      ...unique.map(
        (each) =>
          `${each.relation} could not be filled: ${each.because}${each.constraint === undefined ? '' : ` (${each.constraint})`}${each.sqlstate === undefined ? '' : ` [${each.sqlstate}]`}`,
      ),
      ...bypassed.map((each) => `${each.relation} was filled with its triggers off: ${each.because}`),
    ],
  }
}

function scripts({ migration }: Subject): readonly string[] {
  return [migration.up, migration.down].flatMap((step) => (step?.kind === 'sql' ? [step.script.text] : []))
}

function gravest(verdicts: readonly InvariantResult['verdict'][]): Outcome {
  if (verdicts.includes('violated')) return 'violated'
  return verdicts.includes('unknown') || verdicts.every((each) => each === 'not-applicable') ? 'unknown' : 'holds'
}
