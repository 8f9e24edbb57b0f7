import type { Dataset } from '../data/index.ts'
import { applies, type Collected, findingsIn, showsAgain, showsSomething } from '../invariants/index.ts'
import { type Finding, findingKey } from '../result/index.ts'
import { inOrder, type RunObservation, type RunRequest, smallFillings } from '../run/index.ts'
import { blamedBySmallest } from './blame.ts'
import type { Inquiry } from './inquiry.ts'
import { FindingShrinker, phasesToShow, type Shrunk, shrinkAttempts } from './shrink-finding.ts'

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
  const { subject, collector, invariants, depth, context, exclusions } = inquiry
  const confirmed: Confirmed[] = []
  const small = depth.scope === 'reached' ? smallFillings(subject, context.seed, exclusions) : []
  const isProgram = subject.migration.up.kind === 'program' && subject.migration.up.sends !== undefined
  const most = isProgram ? allAttemptsOfProgram : small.length > 0 ? allAttemptsOfStep : allAttempts
  const together = await confirmTogether(inquiry, small)
  const found = shrinkEach(inquiry, wantedOf(inquiry), together, most)
  for await (const { collected, shown, shrunk, onClone } of found) {
    const { finding, key, request } = collected
    if (shrunk === undefined || onClone === undefined || request === undefined) {
      confirmed.push(shown ?? { finding, key, dataset: undefined, observation: collected.observation, smallest: true })
      continue
    }
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
    const told = inSession(again, shrunk.request)
    const blamed = blamedBySmallest(subject, told, shrunk.dataset)
    // The same cause was placed by the server in another run.
    if (blamed !== told && collector.findings().some((each) => each.key === findingKey(blamed))) continue
    confirmed.push({ finding: blamed, key, dataset: shrunk.dataset, observation: onClone, smallest: shrunk.complete })
  }
  return confirmed
}

/** A finding with the smallest rows that show it and what a clone shows on them, where a run shows it. */
interface Found {
  readonly collected: Collected
  readonly shown: Confirmed | undefined
  readonly shrunk: Shrunk | undefined
  readonly onClone: RunObservation | undefined
}

/**
 * Shrink findings, as many at a time as there are lanes. What one is given of those before it, small rows and how many tries are left, is of
 * those that end before it begins where two lanes are there: so that lanes change nothing of what is found.
 */
function shrinkEach(
  { subject, runner, invariants, limit }: Inquiry,
  findings: readonly Collected[],
  together: ReadonlyMap<string, Confirmed>,
  most: number,
): AsyncGenerator<Found, void, void> {
  const shrinker = new FindingShrinker(invariants, subject, runner)
  const ended: Shrunk[] = []
  const shownAlready = (collected: Collected) => together.get(collected.key) ?? withoutRun(collected)
  const open = findings.filter((each) => shownAlready(each) === undefined && each.request !== undefined).length
  let begun = 0
  return inOrder(findings, runner.lanes, async (collected): Promise<Found> => {
    const shown = shownAlready(collected)
    if (shown !== undefined || collected.request === undefined) return { collected, shown, shrunk: undefined, onClone: undefined }
    const place = begun++
    const before = ended.slice(0, Math.max(0, place - 1))
    const left = before.reduce((rest, { attempts }) => rest - attempts, most)
    const limits = { attempts: Math.min(shrinkAttempts, left), deadline: limit }
    const known = before.flatMap(({ dataset }) => dataset ?? [])
    const shrunk = await shrinker.shrink(collected, collected.request, known, limits, open > 1 ? place : undefined)
    ended[place] = shrunk
    const onClone = await runner.runOnClone(subject, { ...shrunk.request, phases: phasesToShow(invariants, collected.finding) })
    return { collected, shown, shrunk, onClone }
  })
}

function wantedOf({ collector, depth }: Inquiry): readonly Collected[] {
  return collector.findings().filter(({ finding }) => depth.wanted?.has(finding.invariant) ?? true)
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
  const { subject, runner, invariants } = inquiry
  const confirmed = new Map<string, Confirmed>()
  for (const dataset of small) {
    const open = wantedOf(inquiry).filter((each) => withoutRun(each) === undefined && !confirmed.has(each.key))
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
