import type { Knowledge, Subject } from '../lineage/index.ts'
import { classOf, type Finding, findingKey, severityRank, type Verdict } from '../result/index.ts'
import type { RunObservation, RunRequest } from '../run/index.ts'
import type { Probe } from './bench.ts'
import type { Collected, Collector } from './collect.ts'
import type { AnyInvariant } from './invariant.ts'
import { judgeBy, type NoVerdict } from './judge-by.ts'
import type { Look } from './probe.ts'
import { runInvariantsOf } from './registry.ts'

/**
 * Judges observations, each once and by every invariant that sees it, when lineage and what varies are known: what is seen before waits.
 */
export class Judging {
  readonly #invariants: readonly AnyInvariant[]
  readonly #collector: Collector
  #knowledge: Knowledge | undefined
  #waiting: { readonly run: RunObservation; readonly request: RunRequest }[] = []
  /** Relation → runs with rows in it on which `up` went through. */
  readonly #passed = new Map<string, number>()
  #failing: RunRequest['filling'] | undefined
  /** Those of the user's whose judge gave no verdict once. */
  readonly #broken = new Set<string>()

  constructor(invariants: readonly AnyInvariant[], collector: Collector) {
    this.#invariants = invariants
    this.#collector = collector
  }

  /** Everything that is to be learned is known: judge what has waited, and from now on what comes. */
  learned(knowledge: Knowledge): void {
    this.#knowledge = knowledge
    for (const { run, request } of this.#waiting.splice(0)) this.#judge(run, request, knowledge)
  }

  see(run: RunObservation, request: RunRequest): void {
    if (run.failure === undefined) {
      for (const [path, { rows }] of run.legacy.rows) if (rows.length > 0) this.#passed.set(path, (this.#passed.get(path) ?? 0) + 1)
    } else if (request.filling.kind === 'dataset') this.#failing ??= request.filling
    if (this.#knowledge === undefined) this.#waiting.push({ run, request })
    else this.#judge(run, request, this.#knowledge)
  }

  #judge(run: RunObservation, request: RunRequest, knowledge: Knowledge): void {
    for (const invariant of runInvariantsOf(this.#invariants)) {
      const verdict = this.#verdictOf(invariant, run, knowledge)
      if (verdict !== undefined) this.#collector.add(invariant.id, verdict, request, run)
    }
  }

  /** Without a verdict the invariant is unknown, whatever it says of other observations. */
  #verdictOf(invariant: AnyInvariant, seen: unknown, knowledge: Knowledge): Verdict | undefined {
    const verdict = judgeBy(invariant, seen, knowledge)
    if (verdict.outcome !== 'none') return verdict
    if (!this.#broken.has(invariant.id)) this.#collector.leaveOut(invariant.id, verdict)
    this.#broken.add(invariant.id)
    return undefined
  }

  /** Judge what a probe saw, by the invariants that share it. */
  seeLook(probe: Probe<unknown>, look: Look<unknown>, knowledge: Knowledge): void {
    for (const invariant of this.#invariants) {
      if (invariant.looks !== probe) continue
      if (look.notApplicable !== undefined) this.#collector.add(invariant.id, { outcome: 'not-applicable', because: look.notApplicable })
      for (const { seen, request } of look.seen) {
        const verdict = this.#verdictOf(invariant, seen, knowledge)
        if (verdict !== undefined) this.#collector.add(invariant.id, request === undefined ? verdict : shownBy(verdict), request)
      }
      for (const left of look.leftOut ?? []) {
        if (left.invariant === undefined || left.invariant === invariant.id) this.#collector.leaveOut(invariant.id, left)
      }
    }
  }

  /** What the invariants that share a probe find in what it saw. */
  findingsOf(probe: Probe<unknown>, look: Look<unknown>, knowledge: Knowledge): readonly Finding[] {
    return this.#invariants.flatMap((invariant) =>
      invariant.looks === probe ? look.seen.flatMap(({ seen }) => findingsIn(judgeBy(invariant, seen, knowledge))) : [],
    )
  }

  /** How often `up` went through with rows in a relation. */
  passedWith(relation: string): number {
    return this.#passed.get(relation) ?? 0
  }

  /** Rows on which `up` fails, where a run found some. */
  get failing(): RunRequest['filling'] | undefined {
    return this.#failing
  }
}

/** The findings of a look, which was made on a clone where that matters: its rows show them as they are, and no other run is made. */
function shownBy(verdict: Verdict): Verdict {
  const seen = (finding: Finding): Finding => ({ ...finding, seenOnClone: true })
  if (verdict.outcome === 'not-applicable') return verdict
  if (verdict.outcome !== 'violated') return verdict.notes === undefined ? verdict : { ...verdict, notes: verdict.notes.map(seen) }
  const [first, ...others] = verdict.findings
  return { ...verdict, findings: [seen(first), ...others.map(seen)] }
}

/** Findings and notes of a verdict. */
export function findingsIn(verdict: Verdict | NoVerdict): readonly Finding[] {
  if (verdict.outcome === 'not-applicable' || verdict.outcome === 'none') return []
  return verdict.outcome === 'violated' ? verdict.findings : (verdict.notes ?? [])
}

/** Whether a finding is an earlier one that names no attribute, now with one: fewer rows can leave a single attribute to blame. */
function isPlaced(finding: Finding, before: Finding): boolean {
  return (
    before.invariant === 'applies' &&
    before.attribute === undefined &&
    finding.attribute !== undefined &&
    finding.kind === before.kind &&
    finding.relation === before.relation &&
    finding.object === before.object
  )
}

/** The finding of a run that is the collected one, of its class or graver, or undefined when this run does not show it. */
export function showsAgain(
  invariants: readonly AnyInvariant[],
  subject: Subject,
  run: RunObservation,
  collected: Pick<Collected, 'finding' | 'key'>,
): Finding | undefined {
  const { finding, key } = collected
  const same = findingsOfRun(invariants, subject, run, finding.invariant).filter((each) => findingKey(each) === key && isShown(each))
  const placed = findingsOfRun(invariants, subject, run, finding.invariant).find((each) => isPlaced(each, finding))
  // Rows without an extreme value that show the same are graver evidence: the extreme value was not needed.
  const found = same.find((each) => classOf(each) === classOf(finding)) ?? same.find((each) => isSameButGraver(each, finding)) ?? placed
  if (found?.severity !== 'info') return found
  // If `settle` revoked the acquittal, it stays revoked on the rows that show the alteration.
  return finding.acquittedFrom === undefined ? undefined : { ...found, severity: finding.severity }
}

function isSameButGraver(found: Finding, finding: Finding): boolean {
  return (
    found.acquittedFrom === undefined &&
    found.kind === finding.kind &&
    found.alteration === finding.alteration &&
    severityRank(found.severity) > severityRank(finding.severity)
  )
}

/** Whether a run shows the collected finding in any class: with random values, the class can differ from run to run. */
export function showsSomething(
  invariants: readonly AnyInvariant[],
  subject: Subject,
  run: RunObservation,
  { finding, key }: Pick<Collected, 'finding' | 'key'>,
): boolean {
  return findingsOfRun(invariants, subject, run, finding.invariant).some((each) => findingKey(each) === key && isShown(each))
}

function isShown({ severity, acquittedFrom }: Finding): boolean {
  return severity !== 'info' || acquittedFrom !== undefined
}

function findingsOfRun(invariants: readonly AnyInvariant[], subject: Subject, run: RunObservation, id: string): readonly Finding[] {
  const invariant = runInvariantsOf(invariants).find((each) => each.id === id)
  return invariant === undefined ? [] : findingsIn(judgeBy(invariant, run, subject.knowledge))
}
