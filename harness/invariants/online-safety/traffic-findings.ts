import type { Finding } from '../../result/index.ts'
import { lockFindings } from './lock-findings.ts'
import type { ClientFailure, ClientWait, DirectionSeen, OnlineObservation } from './model.ts'
import { cut, round } from './text.ts'

/** What clients and the migration ran into. */
export function findingsUnderTraffic(observation: OnlineObservation): readonly Finding[] {
  return observation.directions.flatMap((seen) => [
    ...(seen.failure === undefined ? [] : [failureFinding(seen, seen.failure)]),
    ...seen.failures.filter((each) => !each.lasting).map((each) => clientFinding(seen, each)),
    ...lastingFindings(seen),
    ...waitFinding(seen, observation),
    ...lockFindings(seen, observation),
  ])
}

function failureFinding({ direction, durationMs }: DirectionSeen, failure: NonNullable<DirectionSeen['failure']>): Finding {
  const { sqlstate, message, file, line } = failure
  return {
    invariant: 'online-safety',
    kind: 'migration-fails',
    severity: 'error',
    known: 'observed',
    object: direction,
    file,
    line,
    message: `${direction} fails under traffic: ${message} (${sqlstate})`,
    evidence: { sqlstate, afterMs: round(durationMs) },
    hint: 'Take the locks in the order in which clients take them, in short transactions, and retry after a time-out.',
  }
}

/** A client's statement that fails while the migration runs, and goes again after it. */
function clientFinding(seen: DirectionSeen, { statement, sqlstate, message, times, atMs, during }: ClientFailure): Finding {
  const cause = during === undefined ? undefined : seen.statements[during]
  return {
    invariant: 'online-safety',
    kind: 'client-fails',
    severity: 'error',
    known: 'observed',
    relation: statement.relation,
    object: `${seen.direction}: ${statement.name}: ${sqlstate}`,
    file: cause?.file,
    line: cause?.line,
    message: `while ${seen.direction} runs a client's ${statement.name} fails: ${message} (${sqlstate})`,
    evidence: { sqlstate, times, atMs: round(atMs), client: cut(statement.sql), during: cause === undefined ? null : cut(cause.text) },
    hint: 'Let clients find the old or the new state at any moment: replace in one transaction, and retry on the client.',
  }
}

/** What fails from then on is what the new schema means to old clients: `backward-compatibility` judges it. */
function lastingFindings({ direction, failures }: DirectionSeen): readonly Finding[] {
  const lasting = failures.filter((each) => each.lasting)
  const [first] = lasting
  if (first === undefined) return []
  const others = lasting.length === 1 ? '' : ` and ${lasting.length - 1} more`
  return [
    {
      invariant: 'online-safety',
      kind: 'client-fails',
      severity: 'info',
      known: 'observed',
      object: `${direction}: from then on`,
      message: `from ${direction} on a client's ${first.statement.name}${others} fail: ${first.message} (${first.sqlstate})`,
      evidence: {
        judgedBy: 'backward-compatibility',
        statements: lasting.map(({ statement, sqlstate, message }) => `${statement.name}: ${message} (${sqlstate})`),
      },
    },
  ]
}

function waitFinding(seen: DirectionSeen, { budget }: OnlineObservation): readonly Finding[] {
  const [longest] = seen.waits
  if (longest === undefined || longest.waitedMs <= budget.lockWaitMs) return []
  const cause = longest.during === undefined ? undefined : seen.statements[longest.during]
  const over = seen.waits.filter((each) => each.waitedMs > budget.lockWaitMs).length
  return [
    {
      invariant: 'online-safety',
      kind: 'client-waits',
      severity: 'error',
      known: 'observed',
      relation: longest.statement?.relation,
      object: seen.direction,
      file: cause?.file,
      line: cause?.line,
      message: `while ${seen.direction} runs a client's ${longest.statement?.name ?? 'statement'} waits ${round(longest.waitedMs)} ms, the budget is ${budget.lockWaitMs} ms`,
      evidence: { waits: over, ...waitEvidence(longest, seen) },
      hint: 'Hold strong locks briefly: validate, backfill and build indexes apart from the statement that needs the lock.',
    },
  ]
}

/** A wait, as readers see it. */
export function waitEvidence({ statement, waitedMs, during }: ClientWait, { statements }: DirectionSeen): Record<string, unknown> {
  const cause = during === undefined ? undefined : statements[during]
  return {
    waitedMs: round(waitedMs),
    client: statement === undefined ? null : cut(statement.sql),
    during: cause === undefined ? null : cut(cause.text),
  }
}
