import type { Dataset } from '../data/index.ts'
import { type Bench, isOurs, type Look, type Probe, probesOf, thrown } from '../invariants/index.ts'
import { type Finding, findingKey } from '../result/index.ts'
import { type RunRequest, shrinkDataset } from '../run/index.ts'
import type { Inquiry } from './inquiry.ts'
import type { Learned } from './learn.ts'
import { shrinkAttempts, shrinkerOf, shrinkMs } from './shrink-finding.ts'

/** Let each probe look at the migration in its own way, once for all invariants that share it, and judge what it saw. */
export async function lookByProbes(inquiry: Inquiry, learned: Learned): Promise<void> {
  const bench = benchOf(inquiry, learned)
  for (const probe of probesOf(inquiry.active)) {
    const look = await inquiry.clock.time(probe.name, () => lookBy(inquiry, bench, probe))
    inquiry.notChecked.push(...(look.notChecked ?? []))
    inquiry.judging.seeLook(probe, look, inquiry.subject.knowledge)
  }
}

async function lookBy(inquiry: Inquiry, bench: Bench, probe: Probe<unknown>): Promise<Look<unknown>> {
  if (inquiry.isOver) return { seen: [], leftOut: [{ because: 'the time limit was reached' }] }
  inquiry.progress(probe.name)
  const ours = inquiry.active.some((each) => each.looks === probe && isOurs(each))
  const look = await observe(probe, bench, { ours })
  const { judging, subject, collector, runner } = inquiry
  // What statements showed in a transaction is seen again with real commits before it is reported.
  const doubtful =
    runner.need.rung === 'transaction'
      ? judging.findingsOf(probe, look, subject.knowledge).filter((finding) => needsClone(finding, ours))
      : []
  if (doubtful.length === 0) return ours ? look : withFewestRows(inquiry, bench, probe, look)
  const again = await observe(probe, bench, { ours, on: 'clone' })
  const shown = new Set(judging.findingsOf(probe, again, subject.knowledge).map(placeOf))
  for (const finding of doubtful) {
    if (shown.has(placeOf(finding))) continue
    const { invariant, kind, relation, object } = finding
    collector.disagree({
      invariant,
      text: `${invariant} ${kind} on ${relation ?? object ?? 'the migration'}: seen in a transaction, not on a clone`,
    })
  }
  return ours ? again : withFewestRows(inquiry, bench, probe, again)
}

/** A probe of the user's that throws, or gives something else than a look, leaves its invariants unknown. */
async function observe(
  probe: Probe<unknown>,
  bench: Bench,
  { ours, on }: { readonly ours: boolean; readonly on?: 'clone' },
): Promise<Look<unknown>> {
  if (ours) return probe.observe(bench, on)
  try {
    const look: unknown = await probe.observe(bench, on)
    if (isLook(look)) return look
    return { seen: [], leftOut: [{ because: `its probe "${probe.name}" gave no look: an object with a list "seen"` }] }
  } catch (error) {
    bench.signal?.throwIfAborted()
    return { seen: [], leftOut: [{ because: `its probe "${probe.name}" threw ${thrown(error)}` }] }
  }
}

function isLook(look: unknown): look is Look<unknown> {
  const { seen, leftOut = [] } = (look ?? {}) as Partial<Look<unknown>>
  return Array.isArray(seen) && seen.every((each) => typeof each === 'object' && each !== null) && Array.isArray(leftOut)
}

/** What was seen, and for each finding the fewest of the first rows on which the probe shows it still. */
async function withFewestRows(inquiry: Inquiry, bench: Bench, probe: Probe<unknown>, look: Look<unknown>): Promise<Look<unknown>> {
  const { first } = bench
  const { judging, runner, subject } = inquiry
  if (first === undefined) return look
  const onFirstRows = look.seen.filter(({ request }) => request !== undefined && request === first.request)
  const findings = judging.findingsOf(probe, { seen: onFirstRows }, subject.knowledge).filter(({ severity }) => severity !== 'info')
  const fewest: Look<unknown>['seen'][number][] = []
  for (const key of new Set(findings.map(findingKey))) {
    const showing = async (dataset: Dataset, on?: 'clone') => {
      if (inquiry.isOver) return undefined
      const filling = { kind: 'dataset', dataset } as const
      const request: RunRequest = { ...first.request, regime: 'edge', extreme: dataset.extreme, bands: undefined, filling }
      const run = await runner.run(subject, request)
      if (run.failure !== undefined) return undefined
      const small = await observe(
        probe,
        { ...bench, first: { run, request, dataset } },
        { ours: false, ...(on === undefined ? {} : { on }) },
      )
      return small.seen.find((each) =>
        judging.findingsOf(probe, { seen: [each] }, subject.knowledge).some((one) => findingKey(one) === key),
      )
    }
    const deadline = Math.min(inquiry.limit, performance.now() + shrinkMs)
    const limits = { deadline, attempts: shrinkAttempts }
    const { dataset } = await shrinkDataset(first.dataset, shrinkerOf(subject), async (each) => (await showing(each)) !== undefined, limits)
    const shown = await showing(dataset, 'clone')
    if (shown !== undefined) fewest.push(shown)
  }
  return { ...look, seen: [...look.seen, ...fewest] }
}

/** What the catalogs show is so on any rung; of the user's findings that must be said. */
function needsClone({ severity, known, byStatements }: Finding, ours: boolean): boolean {
  return severity !== 'info' && known === 'observed' && (byStatements ?? !ours)
}

function placeOf({ invariant, relation, attribute, object }: Finding): string {
  return JSON.stringify([invariant, relation, attribute, object])
}

function benchOf(inquiry: Inquiry, learned: Learned): Bench {
  const { base, subject, runner, clones, depth, exclusions, judging, limit, signal, context } = inquiry
  return {
    subject,
    runner,
    clones,
    depth,
    exclusions,
    limit,
    signal,
    seed: context.seed,
    lanes: learned.lanes,
    session: base.session,
    role: base.role,
    superuser: base.cluster.superuser,
    online: context.options.online,
    empty: learned.empty.run,
    first: learned.banded[0],
    repetitions: learned.repetitions,
    failing: () => judging.failing,
    widen: (also) => inquiry.prepare(also),
  }
}
