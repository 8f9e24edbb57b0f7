import type { Finding } from './finding.ts'
import { modeText, whomItStops } from './online-safety/lock-modes.ts'
import type { ClientFailure, ClientWait, DirectionSeen, LockTaken, OnlineObservation, WatchedStatement } from './online-safety/model.ts'
import type { Verdict } from './support.ts'

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
      ...seen.failures.map((each) => clientFinding(seen, each)),
      ...waitFinding(seen, observation),
      ...seen.statements.flatMap((statement, index) => lockFindings(seen, statement, index, observation)),
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

/** A failure that ends with the migration is its own; one that stays is what the new schema means to old clients, which is judged apart. */
function clientFinding(seen: DirectionSeen, failure: ClientFailure): Finding {
  const { statement, sqlstate, message, lasting, times, atMs, during } = failure
  const cause = during === undefined ? undefined : seen.statements[during]
  return {
    invariant: 'online-safety',
    kind: 'client-fails',
    severity: lasting ? 'info' : 'error',
    known: 'observed',
    relation: statement.relation,
    object: `${seen.direction}: ${statement.name}: ${sqlstate}`,
    file: cause?.file,
    line: cause?.line,
    message: `${lasting ? `from ${seen.direction} on` : `while ${seen.direction} runs`} a client's ${statement.name} fails: ${message} (${sqlstate})`,
    evidence: {
      ...(lasting ? { judgedBy: 'backward-compatibility' } : {}),
      sqlstate,
      times,
      atMs: round(atMs),
      client: cut(statement.sql),
      during: cause === undefined ? null : cut(cause.text),
    },
    hint: lasting
      ? 'Keep what old clients use until none is left (expand, move, contract).'
      : 'Let clients find the old or the new state at any moment: replace in one transaction, and retry on the client.',
  }
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

function lockFindings(
  seen: DirectionSeen,
  statement: WatchedStatement,
  index: number,
  { budget, rows }: OnlineObservation,
): readonly Finding[] {
  const long = (count: number) => count >= budget.manyRows
  return strongest(statement.locks).flatMap((lock): readonly Finding[] => {
    const whom = whomItStops(lock.mode)
    if (whom === undefined) return []
    const find = (kind: string, what: string, heavy: WatchedStatement, at: number, hint: string): Finding => ({
      invariant: 'online-safety',
      kind,
      severity: 'warning',
      known: 'observed',
      relation: lock.relation,
      object: seen.direction,
      file: heavy.file,
      line: heavy.line,
      message: `${seen.direction} ${what} under ${modeText(lock.mode)}, which stops ${whom}: ${timeText(heavy, at, seen, rows.get(lock.relation))}`,
      evidence: {
        lock: modeText(lock.mode),
        heldMs: round(lock.heldMs),
        statement: cut(heavy.text),
        statementMs: round(heavy.durationMs),
        rows: rows.get(lock.relation) ?? 0,
        ...growthEvidence(heavy, at, seen),
        ...opinionEvidence(heavy),
      },
      hint,
    })
    if (statement.rewritten.includes(lock.relation))
      return [
        find(
          'rewrite',
          `rewrites ${lock.relation}`,
          statement,
          index,
          'Add a column beside it, fill it in batches, and swap the two in a transaction that does nothing else.',
        ),
      ]
    const scanned = statement.work.find((each) => each.relation === lock.relation && long(each.scanned))
    if (scanned !== undefined)
      return [
        find(
          'scan',
          `reads all rows of ${lock.relation}`,
          statement,
          index,
          'Build indexes CONCURRENTLY; add constraints NOT VALID and validate them in a later transaction.',
        ),
      ]
    const [heaviest] = seen.statements
      .map((each, at) => ({ each, at, rows: Math.max(0, ...each.work.map((work) => Math.max(work.scanned, work.written))) }))
      .filter((other) => other.at > index && other.each.transaction === statement.transaction && long(other.rows))
      .sort((left, right) => right.rows - left.rows)
    if (heaviest === undefined) return []
    return [
      find(
        'held',
        `holds ${lock.relation} while a statement works on ${heaviest.rows} rows`,
        heaviest.each,
        heaviest.at,
        'Commit after the statement that needs the lock, and move rows in a transaction of their own.',
      ),
    ]
  })
}

/** A statement that takes several locks on one relation is judged by the strongest. */
function strongest(locks: readonly LockTaken[]): readonly LockTaken[] {
  const order = ['ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock']
  const best = new Map<string, LockTaken>()
  for (const lock of locks) {
    const known = best.get(lock.relation)
    if (known === undefined || order.indexOf(lock.mode) > order.indexOf(known.mode)) best.set(lock.relation, lock)
  }
  return [...best.values()]
}

function timeText(statement: WatchedStatement, at: number, { smaller }: DirectionSeen, rows: number | undefined): string {
  const less = smaller?.durationsMs.get(at)
  const here = `${round(statement.durationMs)} ms${rows === undefined ? '' : ` on ${rows} rows`}`
  return less === undefined || smaller === undefined ? here : `${here}, ${round(less)} ms on ${smaller.rows}`
}

function growthEvidence(statement: WatchedStatement, at: number, { smaller }: DirectionSeen): Record<string, unknown> {
  const less = smaller?.durationsMs.get(at)
  return less === undefined || smaller === undefined
    ? {}
    : { fewerRows: smaller.rows, fewerRowsMs: round(less), growth: less > 0 ? Number((statement.durationMs / less).toFixed(1)) : null }
}

function opinionEvidence({ opinion }: WatchedStatement): Record<string, unknown> {
  return opinion === undefined ? {} : { squawk: opinion }
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

function round(ms: number): number {
  return ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms)
}

function cut(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
