import type { FindingWaiver, MigrationResult, SourceResult, VerifyResult } from '../result/index.ts'
import { coverageOfAll, gravest, judgeMigration, warningsOf } from '../result/index.ts'
import type { Counterexample } from '../verify/index.ts'
import { notTried } from './batches.ts'
import { Composition } from './compose.ts'
import type { WayBack } from './end-to-end.ts'
import type { HistoryPart, PairsPart, SourcePart, VerifiedPart } from './parts.ts'
import { isJudged } from './plain-results.ts'
import { rebaseVerdict } from './rebase-verdict.ts'

export interface Verified {
  readonly result: VerifyResult
  /** By path, as it stands in the finding. */
  readonly counterexamples: ReadonlyMap<string, Counterexample>
  /** What comments in the SQL accept: to be given to `acceptFindings`. */
  readonly waivers: readonly FindingWaiver[]
}

/**
 * Unite what machines found out of one project. All parts of a run give what one machine that had all steps gives, but for durations; some of
 * them give a result that names its shard, in which steps of other machines are missing.
 *
 * Pure: the same parts give the same result, in whatever order they are given.
 *
 * @param parts  At least one; of one project, as the caller has made sure.
 * @param to.reportDirectory  Where the counterexamples will lie; default: where the first part says.
 */
export function assemble(parts: readonly VerifiedPart[], to: { readonly reportDirectory?: string } = {}): Verified {
  const [first] = parts
  if (first === undefined) throw new Error('there is no part')
  const directory = to.reportDirectory ?? first.reportDirectory
  const here = parts.map((part) => ({ ...part, sources: part.sources.map((source) => placed(source, part.reportDirectory, directory)) }))
  // Some of several machines.
  const shard = parts.length === first.shard?.count ? undefined : first.shard
  const sources = first.sources.map((_, at) =>
    assembleSource(
      here.map((part) => sourceAt(part, at)),
      first,
    ),
  )
  const migrations = sources.flatMap((each) => each.migrations)
  const timings: Record<string, number> = {}
  for (const more of [...parts.map((each) => each.timings), ...sources.map((each) => each.timings)])
    for (const [stage, ms] of Object.entries(more)) timings[stage] = (timings[stage] ?? 0) + ms
  const notes = first.serverNote === undefined ? [] : [first.serverNote]
  const result: VerifyResult = {
    version: 1,
    // Where a branch adds nothing, or another machine has everything, there is nothing to hold against it.
    verdict:
      migrations.length === 0 && (first.since !== undefined || shard !== undefined)
        ? 'holds'
        : gravest(migrations.map((each) => each.verdict)),
    warnings: warningsOf(migrations),
    postgres: first.postgres,
    seed: first.seed,
    durationMs: parts.reduce((sum, each) => sum + each.durationMs, 0),
    timings,
    digest: first.digest,
    ...(first.since === undefined ? {} : { since: first.since }),
    ...(shard === undefined ? {} : { shard }),
    sources: sources.map(({ source }) => ({ ...source, notes: [...notes, ...source.notes] })),
    migrations,
    coverage: coverageOfAll(migrations),
    ...(first.ownInvariants === undefined ? {} : { ownInvariants: first.ownInvariants }),
  }
  return { result, counterexamples: new Map(sources.flatMap((each) => [...each.counterexamples])), waivers: first.waivers }
}

interface AssembledSource {
  readonly source: SourceResult
  readonly migrations: readonly MigrationResult[]
  readonly counterexamples: readonly (readonly [path: string, example: Counterexample])[]
  readonly timings: Readonly<Record<string, number>>
}

function assembleSource(parts: readonly SourcePart[], about: Pick<VerifiedPart, 'failOn' | 'shard'>): AssembledSource {
  const [first] = parts
  if (first?.kind === 'history') return assembleHistory(parts as readonly HistoryPart[], about)
  return assemblePairs(parts as readonly PairsPart[], about)
}

function assemblePairs(parts: readonly PairsPart[], { shard }: Pick<VerifiedPart, 'shard'>): AssembledSource {
  const steps = inOrder(parts.flatMap((part) => part.steps))
  const [first] = parts
  return {
    source: {
      path: first?.path ?? '',
      format: first?.format ?? 'pair',
      steps: first?.total ?? 0,
      verified: steps.filter(({ result }) => !result.cached).length,
      cached: steps.filter(({ result }) => result.cached).length,
      brokenAt: null,
      endToEnd: null,
      notes: [...new Set(steps.flatMap((each) => each.notes)), ...missingNotes(parts, shard)],
    },
    migrations: steps.map((each) => each.result),
    counterexamples: steps.flatMap((each) => each.counterexamples),
    timings: sum(steps.map((each) => each.result.timings)),
  }
}

/** What only all steps together tell: copies that a later step relies on, the first step that does not apply, the way back from the end. */
function assembleHistory(parts: readonly HistoryPart[], { failOn, shard }: Pick<VerifiedPart, 'failOn' | 'shard'>): AssembledSource {
  const steps = inOrder(parts.flatMap((part) => part.steps))
  const unapplied = new Map(parts.flatMap((part) => part.unapplied))
  const composition = new Composition(failOn)
  const byIndex = new Map(steps.map((step) => [step.at, step]))
  const indexes = [...new Set([...unapplied.keys(), ...byIndex.keys()])].toSorted((a, b) => a - b)
  const composed = indexes.flatMap((at) => {
    const [missed, step] = [unapplied.get(at), byIndex.get(at)]
    if (missed !== undefined) composition.miss(missed)
    if (step === undefined) return []
    return [step.composed ? composition.pass(step.result, step.passage) : step.result]
  })
  const [broken] = parts.flatMap(({ brokenAt }) => brokenAt ?? []).toSorted((a, b) => a.at - b.at)
  const ending = parts.find((part) => part.ending !== null)?.ending
  const [cut] = parts.flatMap((part) => part.cut ?? []).toSorted((a, b) => a.at - b.at)
  const [first] = parts
  const format = first?.format ?? ''
  // The machine with the last step may have had all its verdicts from the cache, and not know of a step that does not apply.
  const batches = broken === undefined || (ending?.batches ?? null) === null ? ending?.batches : notTried(format, broken.migration)
  const migrations = composed.map((each) => withWayBack(each, ending?.back ?? undefined, failOn))
  return {
    source: {
      path: first?.path ?? '',
      format,
      steps: first?.total ?? 0,
      verified: migrations.filter((each) => !each.cached && isJudged(each)).length,
      cached: migrations.filter((each) => each.cached).length,
      brokenAt: broken === undefined ? null : withoutIndex(broken),
      endToEnd: ending?.back?.endToEnd ?? null,
      notes: [
        ...(parts.find((part) => part.notes.length > 0)?.notes ?? []),
        ...(batches ?? []),
        ...(cut === undefined ? [] : [cut.note]),
        ...missingNotes(parts, shard),
      ],
    },
    migrations,
    counterexamples: steps.flatMap((each) => each.counterexamples),
    timings: sum([...steps.map((each) => each.result.timings), ...parts.map((part) => part.timings)]),
  }
}

/** The step whose down fails on the way back, unless its own round trip says so already. */
function withWayBack(result: MigrationResult, back: WayBack | undefined, failOn: 'error' | 'warning'): MigrationResult {
  const blamed = back?.blamed
  const known = result.findings.some((each) => each.invariant === 'rollback-restores-state' && each.severity === 'error')
  if (blamed === undefined || blamed.step !== result.name || known) return result
  return judgeMigration(result, [...result.findings, blamed.finding], failOn)
}

/** Of a source of which other machines have steps: whoever reads this alone must not take it for the whole. */
function missingNotes(parts: readonly SourcePart[], shard: VerifiedPart['shard']): readonly string[] {
  const selected = parts[0]?.selected.length ?? 0
  const dealt = new Set(parts.flatMap((part) => part.dealt)).size
  if (shard === undefined || dealt === selected) return []
  const has = `Shard ${shard.index} of ${shard.count} has ${dealt} of ${selected} steps`
  return [`${has}. What other steps show of these is only in the merged report: godwit report --merge.`]
}

function sourceAt({ sources }: VerifiedPart, at: number): SourcePart {
  const source = sources[at]
  if (source === undefined) throw new Error('the parts have different sources')
  return source
}

/** With the paths of counterexamples as they will be. */
function placed(source: SourcePart, from: string, to: string): SourcePart {
  if (from === to) return source
  const shown = (report: string) => ({ path: source.path, report, files: [] })
  const move = <Step extends SourcePart['steps'][number]>(step: Step): Step => {
    const verdict = { result: step.result, counterexamples: new Map(step.counterexamples) }
    const moved = rebaseVerdict(verdict, shown(from), shown(to)) ?? verdict
    return { ...step, result: moved.result, counterexamples: [...moved.counterexamples] }
  }
  return source.kind === 'pairs' ? { ...source, steps: source.steps.map(move) } : { ...source, steps: source.steps.map(move) }
}

function withoutIndex({ at: _, ...brokenAt }: NonNullable<HistoryPart['brokenAt']>): NonNullable<SourceResult['brokenAt']> {
  return brokenAt
}

function inOrder<Step extends { readonly at: number }>(steps: readonly Step[]): readonly Step[] {
  return steps.toSorted((a, b) => a.at - b.at)
}

function sum(all: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {}
  for (const timings of all) for (const [stage, ms] of Object.entries(timings)) sums[stage] = (sums[stage] ?? 0) + ms
  return sums
}
