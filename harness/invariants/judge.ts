import type { Subject } from '../lineage/index.ts'
import { type Finding, findingKey } from '../result/index.ts'
import type { RunObservation, RunRequest } from '../run/index.ts'
import { applies } from './applies/judge.ts'
import type { Collected, Collector } from './collect.ts'
import { runInvariants } from './registry.ts'

/** Judge one run by every invariant that sees runs, and collect what they say. */
export function judgeRun(subject: Subject, run: RunObservation, collector: Collector, request: RunRequest): void {
  collector.count(run)
  for (const invariant of runInvariants) collector.add(invariant.id, invariant.judge({ run, knowledge: subject.knowledge }), request, run)
}

/** An error of `up` that two attributes could be to blame for is the same error where fewer rows leave one of them. */
function isPlaced(finding: Finding, before: Finding): boolean {
  return (
    before.invariant === applies.id &&
    before.attribute === undefined &&
    finding.attribute !== undefined &&
    finding.kind === before.kind &&
    finding.relation === before.relation &&
    finding.object === before.object
  )
}

/** The finding of a run that is the collected one, or undefined when this run does not show it. */
export function showsAgain(subject: Subject, run: RunObservation, collected: Collected): Finding | undefined {
  const invariant = runInvariants.find((each) => each.id === collected.finding.invariant)
  const verdict = invariant?.judge({ run, knowledge: subject.knowledge })
  const findings =
    verdict === undefined || verdict.outcome === 'not-applicable'
      ? []
      : verdict.outcome === 'violated'
        ? verdict.findings
        : (verdict.notes ?? [])
  const found =
    findings.find(
      (each) => findingKey(each) === collected.key && (each.severity !== 'info' || each.evidence.acquittedFrom !== undefined),
    ) ?? findings.find((each) => isPlaced(each, collected.finding))
  // An acquittal that fell stays fallen on the rows that show the alteration.
  return found?.severity === 'info'
    ? collected.finding.evidence.acquittedFrom === undefined
      ? undefined
      : { ...found, severity: collected.finding.severity }
    : found
}
