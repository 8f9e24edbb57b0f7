import { applies, classOf, type Finding, type RunObservation, runInvariants } from '../invariant/index.ts'
import { type Collected, type Collector, findingKey } from './collect.ts'
import type { RunRequest } from './execute.ts'
import type { Subject } from './subject.ts'

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

/** The finding of a run that is the collected one and of its class, or undefined when this run does not show it. */
export function showsAgain(subject: Subject, run: RunObservation, collected: Collected): Finding | undefined {
  return findAgain(subject, run, collected, (each) => classOf(each) === classOf(collected.finding))
}

/** Whether a run shows something of what the collected finding is about: of values by chance not twice the same is told. */
export function showsSomething(subject: Subject, run: RunObservation, collected: Collected): boolean {
  return findAgain(subject, run, collected, () => true) !== undefined
}

function findAgain(
  subject: Subject,
  run: RunObservation,
  collected: Collected,
  isMeant: (finding: Finding) => boolean,
): Finding | undefined {
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
      (each) =>
        findingKey(each) === collected.key && isMeant(each) && (each.severity !== 'info' || each.evidence.acquittedFrom !== undefined),
    ) ?? findings.find((each) => isPlaced(each, collected.finding))
  // An acquittal that fell stays fallen on the rows that show the alteration.
  return found?.severity === 'info'
    ? collected.finding.evidence.acquittedFrom === undefined
      ? undefined
      : { ...found, severity: collected.finding.severity }
    : found
}
