import { type Dataset, noRows, renderInserts } from '../data/index.ts'
import { type Again, type Bench, type Crashable, isOurs, type Look, type Probe, probesOf, thrown } from '../invariants/index.ts'
import { type Finding, findingKey, type ShownToClients } from '../result/index.ts'
import { type Base, CloneStages, crashCluster, type RunRequest, shrinkDataset, smallFillings } from '../run/index.ts'
import type { Inquiry } from './inquiry.ts'
import type { Learned } from './learn.ts'
import { shrinkAttempts, shrinkerOf } from './shrink-finding.ts'

/** Let each probe look at the migration in its own way, once for all invariants that share it, and judge what it saw. */
export async function lookByProbes(inquiry: Inquiry, learned: Learned): Promise<void> {
  const bench = benchOf(inquiry, learned)
  const { wanted } = inquiry.depth
  for (const probe of probesOf(inquiry.active.filter(({ id }) => wanted?.has(id) ?? true))) {
    const look = await inquiry.clock.time(probe.name, () => lookBy(inquiry, bench, probe))
    inquiry.notChecked.push(...(look.notChecked ?? []))
    inquiry.judging.seeLook(probe, look, inquiry.subject.knowledge)
    const ours = inquiry.active.some((each) => each.looks === probe && isOurs(each))
    if (ours) await inquiry.clock.time(probe.name, () => placeOnRows(inquiry, bench, probe, look))
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

/** Give each finding that clients show the fewest rows that show it: none where none is needed, one or two of each relation, else all. */
async function placeOnRows(inquiry: Inquiry, bench: Bench, probe: Probe<unknown>, look: Look<unknown>): Promise<void> {
  const { judging, collector, subject, exclusions, context } = inquiry
  const { over = subject } = look
  const place = (finding: Finding, clients: ShownToClients, dataset: Dataset) => {
    const shown = { ...clients, ...(clients.rows ? { rowsSql: renderInserts(over.plan, dataset) } : {}) }
    const request = { regime: 'edge', extreme: false, filling: { kind: 'dataset', dataset }, phases: ['up'] } as const
    collector.replace({ ...finding, shown: { ...finding.shown, clients: shown } }, request)
  }
  let open = judging.findingsOf(probe, look, subject.knowledge).flatMap((finding) => {
    const clients = finding.shown?.clients
    return finding.severity === 'info' || clients === undefined ? [] : [{ finding, clients }]
  })
  for (const { finding, clients } of open) if (!clients.rows) place(finding, clients, noRows)
  open = open.filter(({ clients }) => clients.rows)
  for (const dataset of open.length === 0 ? [] : smallFillings(over, context.seed, exclusions)) {
    if (open.length === 0 || inquiry.isOver) break
    const again = await probe.observe(bench, { rows: { kind: 'dataset', dataset }, over })
    const found = judging.findingsOf(probe, again, subject.knowledge)
    open = open.filter(({ finding }) => {
      const same = found.find((other) => findingKey(other) === findingKey(finding) && other.severity === finding.severity)?.shown?.clients
      // What is told of it stays what all rows told.
      if (same !== undefined) place(finding, same, dataset)
      return same === undefined
    })
  }
  const all = look.seen.find(({ request }) => request?.filling.kind === 'dataset')?.request?.filling
  if (all?.kind === 'dataset') for (const { finding, clients } of open) place(finding, clients, all.dataset)
}

/** A probe of the user's that throws, or gives something else than a look, leaves its invariants unknown. */
async function observe(
  probe: Probe<unknown>,
  bench: Bench,
  { ours, ...again }: { readonly ours: boolean } & Again,
): Promise<Look<unknown>> {
  if (ours) return probe.observe(bench, again)
  try {
    const look: unknown = await probe.observe(bench, again)
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
    const limits = { deadline: inquiry.limit, attempts: shrinkAttempts }
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

async function crashable(base: Base): Promise<Crashable> {
  const cluster = await crashCluster(base.cluster)
  try {
    return { cluster, clones: new CloneStages(await base.elsewhere(cluster)) }
  } catch (error) {
    await cluster.stop()
    throw error
  }
}

/** What the probes look with. */
export function benchOf(inquiry: Inquiry, learned: Learned): Bench {
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
    performance: context.options.performance,
    crash: context.options.crash,
    crashable: () => crashable(base),
    isolation: context.options.isolation,
    empty: learned.empty.run,
    first: learned.banded[0],
    repetitions: learned.repetitions,
    failing: () => judging.failing,
    widen: (also) => inquiry.prepare({ also: also }),
  }
}
