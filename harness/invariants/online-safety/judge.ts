import type { Finding, Verdict } from '../../result/index.ts'
import { modeText, whomItStops } from '../../run/index.ts'
import { lockFindings, opinionEvidence, strongest } from './lock-findings.ts'
import type { ClientFailure, ClientWait, DirectionSeen, OnlineObservation } from './model.ts'
import { cut, round } from './text.ts'

/**
 * Under live traffic no statement of a client fails and none waits longer than the budget; no lock that stops clients is held while rows are
 * rewritten, scanned or written in numbers that grow with the table.
 *
 * Kinds: `client-fails`, `client-waits` and `migration-fails` are errors, seen under traffic; `rewrite`, `scan` and `held` are warnings, since
 * how long they last is a matter of the rows there are; `measured` is information: what each direction took.
 */
export const onlineSafety = {
  id: 'online-safety',
  kinds: ['client-fails', 'client-waits', 'migration-fails', 'rewrite', 'scan', 'held', 'measured'],
  judge(observation: OnlineObservation): Verdict {
    const { directions, quiet, rows } = observation
    const saw = {
      relations: rows.size,
      rows: [...rows.values()].reduce((sum, each) => sum + each, 0),
      cells: 0,
      runs: directions.reduce((sum, each) => sum + each.traffic.statements, 0),
    }
    if (quiet.statements === 0) return { outcome: 'unknown', because: 'no client had a statement to send', saw }
    const findings = directions.flatMap((seen) => [
      ...(seen.failure === undefined ? [] : [failureFinding(seen, seen.failure)]),
      ...seen.failures.filter((each) => !each.lasting).map((each) => clientFinding(seen, each)),
      ...lastingFindings(seen),
      ...waitFinding(seen, observation),
      ...lockFindings(seen, observation),
    ])
    const notes = [...findings.filter((each) => each.severity === 'info'), ...directions.map((seen) => measured(seen, observation))]
    const [worst, ...rest] = findings.filter((each) => each.severity !== 'info')
    return worst === undefined ? { outcome: 'holds', saw, notes } : { outcome: 'violated', findings: [worst, ...rest, ...notes], saw }
  },
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

/** What a direction took, found wanting or not. */
function measured(seen: DirectionSeen, { clients, quiet, rows }: OnlineObservation): Finding {
  const [longest] = seen.waits
  const locks = seen.statements.flatMap((statement) =>
    strongest(statement.locks)
      .filter((each) => whomItStops(each.mode) !== undefined)
      .map((each) => ({
        relation: each.relation,
        lock: modeText(each.mode),
        heldMs: round(each.heldMs),
        line: statement.line,
        ...opinionEvidence(statement),
      })),
  )
  const wait =
    longest === undefined || longest.waitedMs < 1
      ? 'no client waited for a millisecond'
      : `the longest wait of a client was ${round(longest.waitedMs)} ms`
  const timeout =
    locks.length === 0 || seen.lockTimeout !== undefined ? '' : '; no lock_timeout is set: behind a long transaction clients queue'
  return {
    invariant: 'online-safety',
    kind: 'measured',
    severity: 'info',
    known: 'observed',
    object: seen.direction,
    message: `${seen.direction} took ${round(seen.durationMs)} ms under the traffic of ${clients} clients; ${wait}${timeout}`,
    evidence: {
      durationMs: round(seen.durationMs),
      clients,
      statements: seen.traffic.statements,
      longestStatementMs: round(seen.traffic.longestMs),
      longestStatementWithoutMs: round(quiet.longestMs),
      rows: Object.fromEntries(rows),
      lockTimeout: seen.lockTimeout ?? null,
      locks,
      ...(longest === undefined ? {} : { longestWait: waitEvidence(longest, seen) }),
    },
    hint: timeout === '' ? undefined : 'SET lock_timeout before the statement that needs the lock, and try again when it ends.',
  }
}

function waitEvidence({ statement, waitedMs, during }: ClientWait, { statements }: DirectionSeen): Record<string, unknown> {
  const cause = during === undefined ? undefined : statements[during]
  return {
    waitedMs: round(waitedMs),
    client: statement === undefined ? null : cut(statement.sql),
    during: cause === undefined ? null : cut(cause.text),
  }
}
