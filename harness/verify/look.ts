import { type Bench, type Look, type Probe, probesOf } from '../invariants/index.ts'
import type { Finding } from '../result/index.ts'
import type { Inquiry } from './inquiry.ts'
import type { Learned } from './learn.ts'

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
  const look = await probe.observe(bench)
  const { judging, subject, collector, runner } = inquiry
  // What statements showed in a transaction is seen again with real commits before it is reported.
  const doubtful = runner.need.rung === 'transaction' ? judging.findingsOf(probe, look, subject.knowledge).filter(needsClone) : []
  if (doubtful.length === 0) return look
  const again = await probe.observe(bench, 'clone')
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

/** What the catalogs show is so on any rung. */
function needsClone({ severity, known, byStatements }: Finding): boolean {
  return severity !== 'info' && known === 'observed' && byStatements === true
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
