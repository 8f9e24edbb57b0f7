import { type Dataset, datasetArbitrary, type Exclusion } from '../data/index.ts'
import { applies, type Finding, type RunObservation } from '../invariant/index.ts'
import { blamedBySmallest } from './blame.ts'
import { type Collected, type Collector, findingKey } from './collect.ts'
import type { EdgeRuns } from './edges.ts'
import type { RunRequest } from './execute.ts'
import { showsAgain } from './judge.ts'
import type { Runner } from './runner.ts'
import { type Shrinker, shrinkDataset } from './shrink.ts'
import type { Subject } from './subject.ts'

/** A finding with the smallest rows that show it, as a run on a clone saw them. */
export interface Confirmed {
  readonly finding: Finding
  readonly key: string
  /** Undefined where no rows are needed or no run shows it (repetitions, faults, what is missing). */
  readonly dataset: Dataset | undefined
  readonly observation: RunObservation | undefined
  /** Whether shrinking came to its end. */
  readonly smallest: boolean
}

export interface ConfirmPlan {
  readonly seed: string
  readonly deadline: number
  readonly edges: EdgeRuns
  readonly exclusions: readonly Exclusion[]
  readonly empty: { readonly run: RunObservation; readonly request: RunRequest }
  /** Small data sets to try first: what one of them shows is confirmed by it, together with all else that it shows. */
  readonly small: readonly Dataset[]
}

const shrinkMs = 1500
const shrinkAttempts = 150
/** All shrinking of one migration together; of a step of a history. */
const totalMs = 12_000
const totalOfStepMs = 2_000

/**
 * Shrink each finding to the fewest rows that show it, and confirm it on rung 2; what a clone does not show is dropped and counted as a
 * disagreement of the harness with itself.
 */
export async function confirmFindings(
  subject: Subject,
  runner: Runner,
  collector: Collector,
  plan: ConfirmPlan,
): Promise<{ readonly confirmed: readonly Confirmed[]; readonly disagreements: readonly string[] }> {
  const confirmed: Confirmed[] = []
  const disagreements: string[] = []
  const smallest: Dataset[] = []
  const end = Math.min(
    performance.now() + (plan.small.length > 0 ? totalOfStepMs : totalMs),
    Math.max(plan.deadline, performance.now() + shrinkMs),
  )
  const together = await confirmTogether(subject, runner, collector, plan.small)
  for (const collected of collector.findings()) {
    const { finding, key, request } = collected
    const shown = together.get(key)
    if (shown !== undefined) {
      confirmed.push(shown)
      continue
    }
    // Statements were tried on clones, and shrunk together with the rows.
    if (
      finding.severity !== 'info' &&
      (finding.evidence.statements ?? finding.shown) !== undefined &&
      request?.filling.kind === 'dataset'
    ) {
      confirmed.push({ finding, key, dataset: request.filling.dataset, observation: undefined, smallest: true })
      continue
    }
    if (finding.severity === 'info' || request === undefined || finding.kind === 'missing') {
      confirmed.push({ finding, key, dataset: undefined, observation: collected.observation, smallest: true })
      continue
    }
    const found = await shrinkFinding(subject, runner, collected, request, smallest, end)
    if (found.dataset !== undefined) smallest.push(found.dataset)
    const onClone = await runner.runOnClone(subject, { ...found.request, until: untilFor(finding, request) })
    const again = showsAgain(subject, onClone, collected)
    // Before lineage was learned, or with more rows, only the relation was known: the same cause is told of its attribute by now.
    if ((again === undefined || findingKey(again) !== key) && placedSince(subject, onClone, finding, collector)) {
      collector.drop(key)
      continue
    }
    if (again === undefined) {
      disagreements.push(
        `${finding.invariant} ${finding.kind} on ${finding.relation ?? finding.object ?? 'the migration'}${finding.attribute === undefined ? '' : `.${finding.attribute}`}: seen in a transaction, not on a clone`,
      )
      collector.drop(key)
      continue
    }
    const blamed = blamedBySmallest(subject, again, found.dataset)
    // The same cause was placed by the server in another run.
    if (blamed !== again && collector.findings().some((each) => each.key === findingKey(blamed))) continue
    confirmed.push({ finding: blamed, key, dataset: found.dataset, observation: onClone, smallest: found.complete })
  }
  return { confirmed, disagreements }
}

/** Runs on small data sets, in a transaction and again on a clone; by key, each finding that both show, with the first data set that does. */
async function confirmTogether(
  subject: Subject,
  runner: Runner,
  collector: Collector,
  small: readonly Dataset[],
): Promise<ReadonlyMap<string, Confirmed>> {
  const confirmed = new Map<string, Confirmed>()
  for (const dataset of small) {
    const open = collector
      .findings()
      .filter(
        ({ finding, key, request }) =>
          request !== undefined && finding.severity !== 'info' && finding.kind !== 'missing' && !confirmed.has(key),
      )
    if (open.length === 0) break
    const request: RunRequest = { regime: 'edge', extreme: dataset.extreme, filling: { kind: 'dataset', dataset }, until: 'again' }
    const run = await runner.run(subject, request)
    const shown = open.filter((each) => showsAgain(subject, run, each) !== undefined)
    if (shown.length === 0) continue
    const onClone = await runner.runOnClone(subject, request)
    for (const each of shown) {
      const finding = showsAgain(subject, onClone, each)
      if (finding !== undefined) confirmed.set(each.key, { finding, key: each.key, dataset, observation: onClone, smallest: true })
    }
  }
  return confirmed
}

/** Whether a run fails as the finding says, of an attribute of the same relation for which there is a finding of its own. */
function placedSince(
  subject: Subject,
  run: RunObservation,
  { invariant, kind, relation, attribute }: Finding,
  collector: Collector,
): boolean {
  if (invariant !== applies.id || attribute !== undefined) return false
  const verdict = applies.judge({ run, knowledge: subject.knowledge })
  const found = verdict.outcome === 'violated' ? verdict.findings : []
  return found.some(
    (each) => each.kind === kind && each.relation === relation && collector.findings().some((other) => other.key === findingKey(each)),
  )
}

/** How far a run must go to show a finding. */
function untilFor(finding: Finding, request: RunRequest): RunRequest['until'] {
  if (finding.invariant === 'round-trip') return 'again'
  if (finding.invariant === 'rollback-restores-state')
    return finding.kind === 'fails' && request.until === 'written' && finding.evidence.writtenSince !== undefined ? 'written' : 'down'
  return finding.invariant === 'zero-loss' ? 'down' : 'up'
}

async function shrinkFinding(
  subject: Subject,
  runner: Runner,
  collected: Collected,
  request: RunRequest,
  known: readonly Dataset[],
  end: number,
): Promise<{ readonly dataset: Dataset | undefined; readonly request: RunRequest; readonly complete: boolean }> {
  const { finding } = collected
  const base: RunRequest = { ...request, until: untilFor(finding, request) }
  if (request.filling.kind !== 'dataset') return { dataset: undefined, request: base, complete: request.regime === 'empty' }
  const requestFor = (dataset: Dataset): RunRequest => ({
    ...base,
    regime: 'edge',
    extreme: dataset.extreme ?? false,
    bands: undefined,
    filling: { kind: 'dataset', dataset },
  })
  const shows = async (dataset: Dataset) => showsAgain(subject, await runner.run(subject, requestFor(dataset)), collected) !== undefined
  const nothing: Dataset = { tables: new Map(), unfilled: [], extreme: false, dirty: [] }
  if (await shows(nothing)) return { dataset: nothing, request: requestFor(nothing), complete: true }
  let start = request.filling.dataset
  for (const dataset of known) {
    if (rowsOf(dataset) < rowsOf(start) && (await shows(dataset))) start = dataset
  }
  const deadline = Math.min(end, performance.now() + shrinkMs)
  const { dataset, complete } = await shrinkDataset(start, shrinkerFor(subject), shows, { deadline, attempts: shrinkAttempts })
  return { dataset, request: requestFor(dataset), complete }
}

/** The smallest rows that make `up` fail as the finding says, without confirming it: for the rule that excludes the cause. */
export async function smallestFor(
  subject: Subject,
  runner: Runner,
  finding: Finding,
  request: RunRequest,
  withinMs = shrinkMs,
): Promise<Dataset | undefined> {
  const collected: Collected = { key: findingKey(finding), finding, request, observation: undefined, times: 1 }
  const found = await shrinkFinding(subject, runner, collected, { ...request, until: 'up' }, [], performance.now() + withinMs)
  return found.dataset
}

function shrinkerFor(subject: Subject): Shrinker {
  const arbitrary = datasetArbitrary(subject.plan, { rows: { min: 0, max: 48 }, relations: [...subject.scope] })
  return {
    *shrink(dataset) {
      for (const value of arbitrary.shrink(dataset, undefined)) yield value.value
    },
  }
}

function rowsOf(dataset: Dataset): number {
  return [...dataset.tables.values()].reduce((sum, table) => sum + table.rows.length, 0)
}
