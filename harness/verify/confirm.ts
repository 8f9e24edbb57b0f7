import type { Dataset } from '../data/index.ts'
import { applies, type Collected, findingsIn, showsAgain, showsSomething } from '../invariants/index.ts'
import { type Finding, findingKey } from '../result/index.ts'
import { type RunObservation, type RunRequest, smallFillings } from '../run/index.ts'
import { blamedBySmallest } from './blame.ts'
import type { Inquiry } from './inquiry.ts'
import { FindingShrinker, phasesToShow, shrinkAttempts } from './shrink-finding.ts'

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

/** Most tries of all shrinking of one migration together; of a step of a history. */
const allAttempts = 1_500
const allAttemptsOfStep = 250
/** Of a step that a program runs: each try costs a database and the program. */
const allAttemptsOfProgram = 60

/**
 * Shrink each finding to the fewest rows that show it, and confirm it on rung 2. What a clone does not show is dropped, and the harness
 * contradicts itself: its invariant is unknown then.
 */
export async function confirmFindings(inquiry: Inquiry): Promise<readonly Confirmed[]> {
  const { subject, runner, collector, invariants, depth, context, exclusions } = inquiry
  const confirmed: Confirmed[] = []
  const smallest: Dataset[] = []
  const small = depth.scope === 'reached' ? smallFillings(subject, context.seed, exclusions) : []
  const isProgram = subject.migration.up.kind === 'program' && subject.migration.up.sends !== undefined
  let left = isProgram ? allAttemptsOfProgram : small.length > 0 ? allAttemptsOfStep : allAttempts
  const together = await confirmTogether(inquiry, small)
  const shrinker = new FindingShrinker(invariants, subject, runner)
  for (const collected of collector.findings()) {
    const { finding, key, request } = collected
    const shown = together.get(key) ?? withoutRun(collected)
    if (shown !== undefined || request === undefined) {
      confirmed.push(shown ?? { finding, key, dataset: undefined, observation: collected.observation, smallest: true })
      continue
    }
    const limits = { attempts: Math.min(shrinkAttempts, left), deadline: inquiry.limit }
    const found = await shrinker.shrink(collected, request, smallest, limits)
    left -= found.attempts
    if (found.dataset !== undefined) smallest.push(found.dataset)
    const onClone = await runner.runOnClone(subject, { ...found.request, phases: phasesToShow(invariants, finding) })
    const same = showsAgain(invariants, subject, onClone, collected)
    const again = same ?? (showsSomething(invariants, subject, onClone, collected) ? finding : undefined)
    // Before lineage was learned, or with more rows, only the relation was known: the same cause is told of its attribute by now.
    if ((again === undefined || findingKey(again) !== key) && isPlacedSince(inquiry, onClone, finding)) {
      collector.drop(key)
      continue
    }
    if (again === undefined) {
      collector.disagree({ invariant: finding.invariant, text: `${nameOf(finding)}: seen in a transaction, not on a clone` })
      collector.drop(key)
      continue
    }
    const told = inSession(again, found.request)
    const blamed = blamedBySmallest(subject, told, found.dataset)
    // The same cause was placed by the server in another run.
    if (blamed !== told && collector.findings().some((each) => each.key === findingKey(blamed))) continue
    confirmed.push({ finding: blamed, key, dataset: found.dataset, observation: onClone, smallest: found.complete })
  }
  return confirmed
}

function inSession(finding: Finding, { settings }: RunRequest): Finding {
  return settings === undefined ? finding : { ...finding, settings }
}

/** A finding for which no run is made again: it was seen on a clone and shrunk there, or no rows show it. */
function withoutRun({ finding, key, request, observation }: Collected): Confirmed | undefined {
  const isPlaced = finding.seenOnClone === true || finding.shown?.clients !== undefined
  if (finding.severity !== 'info' && isPlaced && request?.filling.kind === 'dataset')
    return { finding, key, dataset: request.filling.dataset, observation: undefined, smallest: true }
  if (finding.severity === 'info' || request === undefined || finding.kind === 'missing')
    return { finding, key, dataset: undefined, observation, smallest: true }
  return undefined
}

function nameOf({ invariant, kind, relation, object, attribute }: Finding): string {
  return `${invariant} ${kind} on ${relation ?? object ?? 'the migration'}${attribute === undefined ? '' : `.${attribute}`}`
}

/**
 * Runs on small data sets, in a transaction and again on a clone; by key, each finding that both show, with the first data set that does.
 *
 * @param small  What one of them shows is confirmed by it, together with all else that it shows.
 */
async function confirmTogether(inquiry: Inquiry, small: readonly Dataset[]): Promise<ReadonlyMap<string, Confirmed>> {
  const { subject, runner, collector, invariants } = inquiry
  const confirmed = new Map<string, Confirmed>()
  for (const dataset of small) {
    const open = collector.findings().filter((each) => withoutRun(each) === undefined && !confirmed.has(each.key))
    if (open.length === 0) break
    const request: RunRequest = {
      regime: 'edge',
      extreme: dataset.extreme,
      filling: { kind: 'dataset', dataset },
      phases: ['up', 'down', 'up'],
    }
    const run = await runner.run(subject, request)
    const shown = open.filter((each) => showsAgain(invariants, subject, run, each) !== undefined)
    if (shown.length === 0) continue
    const onClone = await runner.runOnClone(subject, request)
    for (const each of shown) {
      const finding = showsAgain(invariants, subject, onClone, each)
      if (finding !== undefined) confirmed.set(each.key, { finding, key: each.key, dataset, observation: onClone, smallest: true })
    }
  }
  return confirmed
}

/** Whether a run fails as the finding says, of an attribute of the same relation for which there is a finding of its own. */
function isPlacedSince({ subject, collector }: Inquiry, run: RunObservation, { invariant, kind, relation, attribute }: Finding): boolean {
  if (invariant !== applies.id || attribute !== undefined) return false
  return findingsIn(applies.judge(run, subject.knowledge)).some(
    (each) => each.kind === kind && each.relation === relation && collector.findings().some((other) => other.key === findingKey(each)),
  )
}
