import type { Dataset, Exclusion } from '../data/index.ts'
import type { RunObservation } from '../invariant/index.ts'
import { bandedFillings } from './banded.ts'
import { Collector } from './collect.ts'
import { smallestFor } from './confirm.ts'
import { excludeCause, mostExclusions } from './exclude.ts'
import type { RunRequest } from './execute.ts'
import { judgeRun } from './judge.ts'
import type { Runner } from './runner.ts'
import type { Subject } from './subject.ts'

/** A run on banded rows. */
export interface BandedRun {
  readonly run: RunObservation
  readonly request: RunRequest
  readonly dataset: Dataset
}

export interface BandedPlan {
  readonly seed: string
  /** Grows while runs fail. */
  readonly exclusions: Exclusion[]
  readonly variants: 0 | 1 | 2 | 3
  /** Most time to shrink the rows of one cause; undefined for the usual. */
  readonly shrinkMs: number | undefined
  readonly signal: AbortSignal | undefined
}

/** Make the banded runs. Where `up` fails, the smallest rows that make it fail give an exclusion, and the rows are made anew without them. */
export async function bandedRuns(subject: Subject, runner: Runner, collector: Collector, plan: BandedPlan): Promise<readonly BandedRun[]> {
  const { seed, exclusions, variants, shrinkMs, signal } = plan
  const banded: BandedRun[] = []
  for (const { dataset, bands, variant } of bandedFillings(subject, seed, exclusions, variants)) {
    let request: RunRequest = { regime: 'banded', extreme: false, filling: { kind: 'dataset', dataset }, bands, until: 'again', signal }
    let run = await runner.run(subject, request)
    let rows: Dataset = dataset
    while (run.failure !== undefined && exclusions.length < mostExclusions) {
      judgeRun(subject, run, collector, request)
      const finding =
        collector.findings().find((each) => each.finding.invariant === 'applies' && each.observation === run)?.finding ??
        lastFailure(subject, run)
      const exclusion =
        finding === undefined
          ? undefined
          : excludeCause(subject, finding, await smallestFor(subject, runner, finding, request, shrinkMs), exclusions)
      if (exclusion === undefined) break
      exclusions.push(exclusion)
      const again = bandedFillings(subject, seed, exclusions, variants)[variant]
      if (again === undefined) break
      rows = again.dataset
      request = { ...request, filling: { kind: 'dataset', dataset: again.dataset }, bands: again.bands }
      run = await runner.run(subject, request)
    }
    if (run.failure !== undefined) judgeRun(subject, run, collector, request)
    banded.push({ run, request, dataset: rows })
  }
  return banded
}

function lastFailure(subject: Subject, run: RunObservation) {
  const collector = new Collector()
  judgeRun(subject, run, collector, { regime: run.regime, extreme: run.extreme, filling: { kind: 'sql', sql: '' }, until: 'up' })
  return collector.findings().find((each) => each.finding.invariant === 'applies')?.finding
}
