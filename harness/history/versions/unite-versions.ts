import { groupBy } from '../../catalog/index.ts'
import {
  coverageOfAll,
  type FailOn,
  type FindingResult,
  gravest,
  type InvariantResult,
  judgeMigration,
  type MigrationResult,
  mergeResults,
  type SourceResult,
  severityRank,
  type VerifyResult,
  warningsOf,
} from '../../result/index.ts'
import type { Counterexample } from '../../verify/index.ts'
import type { Verified } from '../assemble.ts'
import { differencesOf, type OnVersion } from './differences.ts'
import { sameOnVersions } from './rules.ts'
import { type Walked, walkedStep } from './walk.ts'

/** What was found out on one version. */
export interface VersionRun {
  /** As messages name it. */
  readonly version: string
  readonly verified: Verified
  readonly walked: Walked
}

/**
 * One result of the results on several versions: each finding once, with the versions where it is not on all of them; what differs as
 * findings of its own; for each migration the worst verdict. Pure.
 *
 * @param runs  Of the same files with the same options; at least two.
 */
export function uniteVersions(runs: readonly VersionRun[], failOn: FailOn): Verified {
  const [first] = runs
  if (first === undefined) throw new Error('there is no version')
  const results = runs.map(({ verified }) => verified.result)
  // An order that all share: one version may have cut what another verified.
  const all = new Map(results.flatMap(({ migrations }) => migrations.map((each) => [`${each.path}\u0000${each.name}`, each] as const)))
  const migrations = [...all.values()].map(({ path, name }) =>
    uniteMigration(
      runs.map(({ version, verified, walked }): OnVersion => {
        const result = verified.result.migrations.find((each) => each.path === path && each.name === name)
        return { version, result, step: walkedStep(walked, { path, name }) }
      }),
      failOn,
    ),
  )
  const merged = mergeResults(results)
  const result: VerifyResult = {
    ...merged,
    digest: { ...merged.digest, server: results.map(({ digest }) => digest.server).join(', ') },
    verdict: gravest([...results.map(({ verdict }) => verdict), ...migrations.map(({ verdict }) => verdict)]),
    warnings: warningsOf(migrations),
    postgres: { ...merged.postgres, version: runs.map(({ version }) => version).join(', ') },
    seed: first.verified.result.seed,
    sources: first.verified.result.sources.map((_, at) => uniteSource(runs, at)),
    migrations,
    coverage: coverageOfAll(migrations),
    ownInvariants: [...(first.verified.result.ownInvariants ?? []), sameOnVersions],
  }
  const counterexamples = new Map(migrations.flatMap(({ findings }) => findings.flatMap((finding) => exampleOf(finding, runs))))
  return { result, counterexamples, waivers: first.verified.waivers }
}

function uniteMigration(all: readonly OnVersion[], failOn: FailOn): MigrationResult {
  const verified = all.flatMap(({ version, result }) => (result === undefined ? [] : [{ version, result }]))
  const [first] = verified
  if (first === undefined) throw new Error('a migration that no version has')
  const results = verified.map(({ result }) => result)
  const { result } = first
  const findings = uniteFindings(verified)
  const differences = differencesOf(result.name, all, findings)
  const ids = result.invariants.map(({ id }) => id)
  const united: MigrationResult = {
    ...result,
    cached: results.every(({ cached }) => cached),
    runs: results.reduce((sum, each) => sum + each.runs, 0),
    invariants: [...ids.map((id) => uniteInvariant(id, verified)), compared(all)],
    coverage: leastCovered(results),
    notChecked: uniteTexts(verified.map((each) => ({ ...each, texts: each.result.notChecked }))),
    disagreements: uniteTexts(verified.map((each) => ({ ...each, texts: each.result.disagreements }))),
    timings: sum(results.map(({ timings }) => timings)),
  }
  const { coverage, ...uncovered } = united
  return judgeMigration(coverage === undefined ? uncovered : united, [...findings, ...differences], failOn)
}

/** On one version another data set may have been saved under the same path: that of the finding as it is reported. */
function exampleOf(
  { id, counterexample, evidence }: FindingResult,
  runs: readonly VersionRun[],
): readonly (readonly [string, Counterexample])[] {
  if (counterexample === null) return []
  const reported = runs.find(({ verified }) =>
    verified.result.migrations.some(({ findings }) => findings.some((each) => each.id === id && each.evidence === evidence)),
  )
  const example = reported?.verified.counterexamples.get(counterexample)
  return example === undefined ? [] : [[counterexample, example]]
}

type Verdicts = readonly { readonly version: string; readonly result: MigrationResult }[]

/** Each finding as the version has it on which it is gravest. */
function uniteFindings(verified: Verdicts): readonly FindingResult[] {
  const seen = verified.flatMap(({ version, result }) => result.findings.map((finding) => ({ version, finding })))
  return [...groupBy(seen, ({ finding }) => finding.id).values()].flatMap((same) => {
    const [worst] = same.toSorted((a, b) => severityRank(b.finding.severity) - severityRank(a.finding.severity))
    if (worst === undefined) return []
    const { finding } = worst
    if (same.length === verified.length) return [finding]
    return [
      {
        ...finding,
        message: `${finding.message.replace(/\.$/, '')} (on PostgreSQL ${same.map(({ version }) => version).join(', ')} only)`,
      },
    ]
  })
}

const order = ['violated', 'unknown', 'holds', 'not-applicable'] as const

/** The worst of what the versions say; what findings say on top of it `judgeMigration` adds. */
function uniteInvariant(id: string, verified: Verdicts): InvariantResult {
  const said = verified.flatMap(({ version, result }) =>
    result.invariants.filter((each) => each.id === id).map((invariant) => ({ version, invariant })),
  )
  const [worst] = said.toSorted((a, b) => order.indexOf(a.invariant.verdict) - order.indexOf(b.invariant.verdict))
  if (worst === undefined) throw new Error(`no version judged ${id}`)
  const unknown = said.find(({ invariant }) => invariant.verdict === 'unknown')
  const { invariant } = worst
  const everywhere = said.every((each) => each.invariant.verdict === invariant.verdict && each.invariant.because === invariant.because)
  const because = everywhere || invariant.because === '' ? invariant.because : `${invariant.because} (on PostgreSQL ${worst.version})`
  const blockedBy = [...new Set(said.flatMap((each) => each.invariant.blockedBy ?? []))]
  const otherwise = unknown === undefined || invariant.verdict !== 'violated' ? invariant.otherwise : unknown.invariant.because
  return {
    ...invariant,
    because,
    under: [...new Set(said.flatMap((each) => each.invariant.under))],
    ...(otherwise === undefined ? {} : { otherwise }),
    ...(blockedBy.length === 0 ? {} : { blockedBy }),
  }
}

/** What the comparison itself says, its findings aside. */
function compared(all: readonly OnVersion[]): InvariantResult {
  const missing = all.flatMap(({ version, result, step }) => {
    if (result === undefined) return [`it was not verified on PostgreSQL ${version}`]
    return step === undefined ? [`it was not applied to an empty database on PostgreSQL ${version}`] : []
  })
  return {
    id: sameOnVersions.id,
    verdict: missing.length === 0 ? 'holds' : 'unknown',
    because: missing.join('; '),
    saw: { relations: 0, rows: 0, cells: 0, runs: all.length - missing.length },
    under: [],
  }
}

function leastCovered(results: readonly MigrationResult[]): MigrationResult['coverage'] {
  const covered = results.flatMap(({ coverage }) => coverage ?? [])
  return covered.toSorted((a, b) => a.reached * b.feasible - b.reached * a.feasible)[0]
}

function uniteTexts(said: readonly { readonly version: string; readonly texts: readonly string[] }[]): readonly string[] {
  const seen = said.flatMap(({ version, texts }) => [...new Set(texts)].map((text) => ({ version, text })))
  return [...groupBy(seen, ({ text }) => text)].map(([text, on]) =>
    on.length === said.length ? text : `${text} (on PostgreSQL ${on.map(({ version }) => version).join(', ')})`,
  )
}

function uniteSource(runs: readonly VersionRun[], at: number): SourceResult {
  const all = runs.flatMap(({ version, verified }) => {
    const source = verified.result.sources[at]
    return source === undefined ? [] : [{ version, source }]
  })
  const [first] = all
  if (first === undefined) throw new Error('a source that no version has')
  const broken = all.find(({ source }) => source.brokenAt !== null)
  const ends = all.flatMap(({ version, source }) => (source.endToEnd === null ? [] : [{ version, end: source.endToEnd }]))
  const [worst] = ends.toSorted((a, b) => order.indexOf(a.end.verdict) - order.indexOf(b.end.verdict))
  const onAll = new Set(ends.map(({ end }) => end.because)).size <= 1
  return {
    ...first.source,
    verified: Math.min(...all.map(({ source }) => source.verified)),
    cached: Math.min(...all.map(({ source }) => source.cached)),
    brokenAt: broken?.source.brokenAt ?? null,
    endToEnd:
      worst === undefined || onAll
        ? (worst?.end ?? null)
        : { ...worst.end, because: `${worst.end.because} (on PostgreSQL ${worst.version})` },
    notes: [
      ...uniteTexts(all.map(({ version, source }) => ({ version, texts: source.notes }))),
      ...(broken === undefined || all.every(({ source }) => source.brokenAt !== null)
        ? []
        : [`"${broken.source.brokenAt?.migration}" does not apply on PostgreSQL ${broken.version}`]),
    ],
  }
}

function sum(all: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {}
  for (const timings of all) for (const [stage, ms] of Object.entries(timings)) sums[stage] = (sums[stage] ?? 0) + ms
  return sums
}
