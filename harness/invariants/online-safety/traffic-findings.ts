import type { Finding } from '../../result/index.ts'
import { lockFindings } from './lock-findings.ts'
import type { ClientFailure, ClientWait, DirectionSeen, UnderTraffic } from './model.ts'
import { cut, round, shownIn } from './text.ts'

/** What clients and the migration ran into. */
export function findingsUnderTraffic(observation: UnderTraffic): readonly Finding[] {
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
    hint:
      sqlstate === '40P01'
        ? 'Lock tables in the order in which clients lock them, in short transactions.'
        : 'Run it again when the table is less busy, or in shorter transactions.',
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
    message: `While ${seen.direction} runs, a client's ${shownIn(statement.name)} fails: ${message} (${sqlstate})`,
    evidence: { sqlstate, times, atMs: round(atMs), client: cut(statement.sql), during: cause === undefined ? null : cut(cause.text) },
    hint: 'Replace the old object by the new one in one transaction, so that clients find one of them at any moment.',
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
      message: `After ${direction}, a client's ${shownIn(first.statement.name)}${others} ${lasting.length === 1 ? 'fails' : 'fail'}: ${first.message} (${first.sqlstate})`,
      evidence: {
        judgedBy: 'backward-compatibility',
        statements: lasting.map(({ statement, sqlstate, message }) => `${statement.name}: ${message} (${sqlstate})`),
      },
    },
  ]
}

function waitFinding(seen: DirectionSeen, { budget }: UnderTraffic): readonly Finding[] {
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
      message: `While ${seen.direction} runs, a client's ${shownIn(longest.statement?.name ?? 'statement')} waits ${round(longest.waitedMs)} ms for a lock; the budget is ${budget.lockWaitMs} ms`,
      evidence: { waits: over, ...waitEvidence(longest, seen) },
      hint: 'Commit right after the statement that needs the lock: validate, fill columns and build indexes in other transactions.',
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
