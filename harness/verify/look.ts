import { type Dataset, noRows, renderInserts } from '../data/index.ts'
import { type Bench, type Look, type Probe, probesOf } from '../invariants/index.ts'
import { type Finding, findingKey, type ShownToClients } from '../result/index.ts'
import { smallFillings } from '../run/index.ts'
import type { Inquiry } from './inquiry.ts'
import type { Learned } from './learn.ts'

/** Let each probe look at the migration in its own way, once for all invariants that share it, and judge what it saw. */
export async function lookByProbes(inquiry: Inquiry, learned: Learned): Promise<void> {
  const bench = benchOf(inquiry, learned)
  for (const probe of probesOf(inquiry.active)) {
    const look = await inquiry.clock.time(probe.name, () => lookBy(inquiry, bench, probe))
    inquiry.notChecked.push(...(look.notChecked ?? []))
    inquiry.judging.seeLook(probe, look, inquiry.subject.knowledge)
    await inquiry.clock.time(probe.name, () => placeOnRows(inquiry, bench, probe, look))
  }
}

async function lookBy(inquiry: Inquiry, bench: Bench, probe: Probe<unknown>): Promise<Look<unknown>> {
  if (inquiry.isOver) return { seen: [], leftOut: [{ because: 'the time limit was reached' }] }
  inquiry.progress(probe.name)
  const look = await probe.observe(bench)
  const { judging, subject, collector, runner } = inquiry
  // What statements showed in a transaction is seen again with real commits before it is reported.
  const doubtful = runner.need.rung === 'transaction' ? judging.findingsOf(probe, look, subject.knowledge).filter(needsClone) : []
  if (doubtful.length === 0) return look
  const again = await probe.observe(bench, { on: 'clone' })
  const shown = new Set(judging.findingsOf(probe, again, subject.knowledge).map(placeOf))
  for (const finding of doubtful) {
    if (shown.has(placeOf(finding))) continue
    const { invariant, kind, relation, object } = finding
    collector.disagree({
      invariant,
      text: `${invariant} ${kind} on ${relation ?? object ?? 'the migration'}: seen in a transaction, not on a clone`,
    })
  }
  return again
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

/** What the catalogs show is so on any rung. */
function needsClone({ severity, known, byStatements }: Finding): boolean {
  return severity !== 'info' && known === 'observed' && byStatements === true
}

function placeOf({ invariant, relation, attribute, object }: Finding): string {
  return JSON.stringify([invariant, relation, attribute, object])
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
    empty: learned.empty.run,
    first: learned.banded[0],
    repetitions: learned.repetitions,
    failing: () => judging.failing,
    widen: (also) => inquiry.prepare(also),
  }
}
