import { type Dataset, type DatasetOptions, datasetArbitrary, type Exclusion, sampleDatasets } from '../data/index.ts'
import type { Lineage } from '../invariant/index.ts'
import type { Collector } from './collect.ts'
import { smallestFor } from './confirm.ts'
import { excludeCause, mostExclusions } from './exclude.ts'
import type { RunRequest } from './execute.ts'
import { inOrder } from './in-order.ts'
import { judgeRun } from './judge.ts'
import type { Runner } from './runner.ts'
import type { Subject } from './subject.ts'
import type { WriteSince } from './write-since.ts'
import { probeWrites } from './writes/probe-writes.ts'

export interface EdgePlan {
  readonly runs: number
  /** Most rows of a relation. */
  readonly rows: number
  readonly seed: number
  /** Relation → the attribute that stays unique in each row, where lineage has no key to tell rows by. */
  readonly rings: ReadonlyMap<string, string>
  /** Grows while runs fail. */
  readonly exclusions: Exclusion[]
  readonly deadline: number
  /** Most time to shrink the rows of one cause; undefined for the usual. */
  readonly shrinkMs?: number | undefined
  readonly signal: AbortSignal | undefined
  /** Rows of counterexamples saved earlier, as SQL: they run first. */
  readonly saved: readonly string[]
  readonly writeSince: WriteSince
  readonly onRun: (done: number) => void
}

export interface EdgeRuns {
  readonly runs: number
  readonly passed: number
  readonly failed: number
  readonly datasets: readonly Dataset[]
  /** What was left out, and why. */
  readonly cut: string | undefined
}

const largestBatch = 10
/** Every so many runs go on to a second up, and every so many have rows written after up. */
const againEvery = 4
const writtenEvery = 5
/** Every so many take the borders and constants of each attribute in turn, so that no seed misses one; of these every fourth the type's limits. */
const sweptEvery = 5

/**
 * Judge a migration on edge rows: small data sets first, larger ones later; saved counterexamples before all.
 *
 * When `up` fails, the smallest rows that make it fail give a rule, and later rows keep to it.
 */
export async function edgeRuns(subject: Subject, runner: Runner, collector: Collector, plan: EdgePlan): Promise<EdgeRuns> {
  let [runs, passed, failed] = [0, 0, 0]
  const batch = Math.max(1, Math.min(largestBatch, Math.ceil(plan.runs / 2)))
  const datasets: Dataset[] = []
  const passing: Dataset[] = []
  for (const sql of plan.saved) {
    const request: RunRequest = { regime: 'given', extreme: false, filling: { kind: 'sql', sql }, until: 'again', signal: plan.signal }
    const run = await runner.run(subject, request).catch(() => undefined)
    // Rows saved for another schema do not go in any more; replay says so.
    if (run !== undefined) judgeRun(subject, run, collector, request)
  }
  if (subject.migration.legacyData.length > 0) {
    const request: RunRequest = {
      regime: 'given',
      extreme: false,
      filling: { kind: 'scripts', scripts: subject.migration.legacyData },
      until: 'again',
      signal: plan.signal,
    }
    judgeRun(subject, await runner.run(subject, request), collector, request)
  }
  while (runs < plan.runs) {
    plan.signal?.throwIfAborted()
    const most = Math.max(1, Math.min(plan.rows, 1 + Math.floor((runs / plan.runs) * plan.rows)))
    // Keeping clear of a cause keeps clear of more than the cause: every other batch is drawn as if it were not known, and what passes counts.
    const free = plan.exclusions.length > 0 && Math.floor(runs / batch) % 2 === 1
    const options: DatasetOptions = {
      rows: { min: Math.min(1, most), max: most },
      relations: [...subject.scope],
      // A ring tells rows apart and forbids equal ones: every other batch goes without.
      ring: Math.floor(runs / batch) % 2 === 0 ? plan.rings : new Map(),
      exclude: free ? [] : plan.exclusions,
      profile: runs % (4 * batch) === 3 * batch ? 'extreme' : 'plausible',
      // Rows that were there before a constraint that is NOT VALID, and violate it.
      dirty: Math.floor(runs / batch) % 2 === 1,
    }
    const from = runs
    const drawn = sampleDatasets(datasetArbitrary(subject.plan, options), plan.seed + runs, Math.min(batch, plan.runs - runs))
    const sample = drawn.map((dataset, at) => sweptInstead(subject, options, plan, from + at) ?? dataset)
    const made = inOrder(sample, runner.lanes, async (dataset, at) => {
      const request = requestOf(subject, dataset, from + at, plan)
      // A label that up adds can be used once up is committed, and not before.
      const onClone = request.until === 'written' && addsLabels(subject)
      return { dataset, request, run: await (onClone ? runner.runOnClone(subject, request) : runner.run(subject, request, at)) }
    })
    for await (const { dataset, request, run } of made) {
      if (performance.now() > plan.deadline)
        return {
          runs,
          passed,
          failed,
          datasets,
          cut: `${plan.runs - runs} of ${plan.runs} edge runs were left out: the time limit was reached`,
        }
      runs += 1
      plan.onRun(runs)
      judgeRun(subject, run, collector, request)
      datasets.push(dataset)
      if (run.failure === undefined) {
        passed += 1
        if (run.reverted?.outcome === 'reverted') passing.push(dataset)
        continue
      }
      failed += 1
      const finding = collector.findings().find((each) => each.finding.invariant === 'applies' && each.observation === run)?.finding
      if (free || finding === undefined || finding.severity !== 'error' || plan.exclusions.length >= mostExclusions) continue
      const exclusion = excludeCause(subject, finding, await smallestFor(subject, runner, finding, request, plan.shrinkMs), plan.exclusions)
      if (exclusion !== undefined && 'rule' in exclusion && exclusion.rule !== 'empty') {
        plan.exclusions.push(exclusion)
        break
      }
    }
  }
  await probeWrites(subject, runner, collector, {
    seed: plan.seed + 7,
    exclusions: plan.exclusions,
    deadline: plan.deadline,
    signal: plan.signal,
    bases: plan.runs > 20 ? 2 : 1,
    passing,
  })
  return { runs, passed, failed, datasets, cut: undefined }
}

/** An early run with one row in each relation, NULL wherever it may be; of every so many runs full ones, in which borders and constants take turns. */
function sweptInstead(subject: Subject, options: DatasetOptions, { rows, seed }: EdgePlan, run: number): Dataset | undefined {
  const draw = (swept: DatasetOptions) => sampleDatasets(datasetArbitrary(subject.plan, { ...options, ...swept }), seed + run, 1)[0]
  // What is kept clear of for the sake of several rows does not hold for one.
  if (run === 1) return draw({ rows: { min: 1, max: 1 }, profile: 'plausible', exclude: [], sweep: { of: 'nulls' } })
  if (run % sweptEvery !== 2) return undefined
  const turn = Math.floor(run / sweptEvery)
  const [limits, before] = [turn % 4 === 3, Math.floor(turn / 4)]
  return draw({
    rows: { min: rows, max: rows },
    profile: limits ? 'extreme' : 'plausible',
    sweep: limits ? { of: 'extremes', from: before * rows } : { of: 'edges', from: (turn - before) * rows },
  })
}

function requestOf(subject: Subject, dataset: Dataset, run: number, plan: EdgePlan): RunRequest {
  const until = run % writtenEvery === writtenEvery - 1 ? 'written' : run % againEvery === 0 ? 'again' : 'down'
  return {
    regime: 'edge',
    extreme: dataset.extreme,
    filling: { kind: 'dataset', dataset },
    until,
    deep: run < (drawsNumbers(subject) ? 4 * againEvery : againEvery) && until === 'again',
    writeSince: plan.writeSince(subject, run),
    signal: plan.signal,
  }
}

/** Whether sequences are within reach: whether one stands too low afterwards depends on the rows, so that several runs must look. */
export function drawsNumbers({ legacy, scope }: Subject): boolean {
  return legacy.sequences.some(({ ownedBy }) => ownedBy === undefined || scope.has(ownedBy.relation))
}

function addsLabels(subject: Subject): boolean {
  const { up } = subject.migration
  return up.kind === 'sql' && up.script.statements.some((each) => each.node === 'AlterEnumStmt')
}

/** For each relation that has no key which lineage keeps: an attribute that lineage carries unaltered into its home, to tell its rows apart. */
export function ringsFor(subject: Subject): ReadonlyMap<string, string> {
  const rings = new Map<string, string>()
  for (const lineage of (subject.knowledge.lineage as Lineage | undefined)?.relations.values() ?? []) {
    const home = lineage.places.find((place) => place.relation === lineage.home)
    if (home === undefined || home.identity.length > 0) continue
    const carried = [...lineage.attributes.values()].find(({ attribute, destinations }) => {
      const type = subject.legacy.relations.get(lineage.relation)?.attributes.find((each) => each.name === attribute)?.type ?? ''
      return (
        /^(text|character varying|uuid|bigint|integer|timestamp)/.test(type) &&
        destinations.some(
          (each) => each.relation === home.relation && each.transform.kind === 'identical' && each.columns[0]?.via === undefined,
        )
      )
    })
    if (carried !== undefined) rings.set(lineage.relation, carried.attribute)
  }
  return rings
}
