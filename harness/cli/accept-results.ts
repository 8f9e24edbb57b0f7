import { reportFolders } from '../report/index.ts'
import {
  acceptFindings,
  type Baseline,
  type MigrationResult,
  mergeResults,
  todayUtc,
  type VerifyResult,
  withClaims,
} from '../result/index.ts'
import type { Counterexample } from '../verify/index.ts'
import type { Project } from './plan.ts'
import type { NotRun, Ran } from './run-projects.ts'

/** Everything that a run is to be reported with. */
export interface RunResult {
  /** Undefined when nothing could be verified. */
  readonly result: VerifyResult | undefined
  /** The run that a migration was verified in. */
  readonly runOf: (migration: MigrationResult) => VerifyResult
  readonly counterexamples: ReadonlyMap<string, Counterexample>
  /** On waivers and the baseline; they stand in the result as well. */
  readonly notes: readonly string[]
}

/** Accept what waivers and the baseline accept in each project, and make one result of all. */
export function acceptResults(ran: readonly Ran[], failed: readonly NotRun[], baseline: Baseline | undefined): RunResult {
  const accepted = ran.map(({ project, verified }) => {
    const { result, notes } = acceptFindings(verified.result, acceptanceOf(project, baseline))
    return { verified: { ...verified, result: withNotes(result, notes) }, notes }
  })
  const placed = placeCounterexamples(accepted.map((each) => each.verified))
  const [only] = placed.results
  const united = placed.results.length > 1 ? mergeResults(placed.results) : only
  const result = united === undefined ? undefined : withFailures(united, failed)
  const runs = new Map(placed.results.flatMap((run) => run.migrations.map((migration) => [migration, run] as const)))
  return {
    result,
    runOf: (migration) => runs.get(migration) ?? united ?? nothing(),
    counterexamples: placed.counterexamples,
    notes: accepted.flatMap((each) => each.notes),
  }
}

function nothing(): never {
  throw new Error('no run has this migration')
}

/** What is accepted in one project today. */
export function acceptanceOf({ name, options, waivers }: Project, baseline: Baseline | undefined): Parameters<typeof acceptFindings>[1] {
  const complete = (options.only ?? []).length === 0 && options.since === undefined && options.timeLimitMs === undefined
  return { waivers, baseline, project: name, failOn: options.failOn, today: todayUtc(), complete }
}

function withNotes(result: VerifyResult, notes: readonly string[]): VerifyResult {
  const [first, ...others] = result.sources
  return first === undefined || notes.length === 0
    ? result
    : { ...result, sources: [{ ...first, notes: [...first.notes, ...notes] }, ...others] }
}

/** A project of which nothing is known is no pass. */
function withFailures(result: VerifyResult, failed: readonly NotRun[]): VerifyResult {
  if (failed.length === 0) return result
  const sources = failed.map(({ project, message }) => ({
    path: project.paths.join(', '),
    format: project.options.format ?? 'auto',
    steps: 0,
    verified: 0,
    cached: 0,
    brokenAt: null,
    endToEnd: null,
    notes: [`project ${project.name ?? ''} could not be verified: ${message}`],
  }))
  const verdict = result.verdict === 'holds' ? 'unknown' : result.verdict
  return { ...result, verdict, sources: [...result.sources, ...sources] }
}

/** Steps of one name in two projects have two folders, and their counterexamples lie there. */
function placeCounterexamples(verified: readonly Ran['verified'][]): {
  readonly results: readonly VerifyResult[]
  readonly counterexamples: ReadonlyMap<string, Counterexample>
} {
  const folders = reportFolders(verified.flatMap((each) => each.result.migrations))
  const counterexamples = new Map<string, Counterexample>()
  const results = verified.map(({ result, counterexamples: own }): VerifyResult => {
    const migrations = result.migrations.map((migration) => {
      const findings = migration.findings.map((finding) => {
        const from = finding.counterexample
        const example = from === null ? undefined : own.get(from)
        if (from === null) return finding
        const to = from.replace(`/${migration.name}/counterexamples/`, () => `/${folders.get(migration)}/counterexamples/`)
        const placed = { ...finding, counterexample: to }
        if (example !== undefined) counterexamples.set(to, { ...example, finding: placed })
        return placed
      })
      return withClaims({ ...migration, findings })
    })
    return { ...result, migrations }
  })
  return { results, counterexamples }
}
