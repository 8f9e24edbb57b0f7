import type { Finding, Verdict } from '../../result/index.ts'
import { modeText, whomItStops } from '../../run/index.ts'
import type { Invariant } from '../invariant.ts'
import { opinionEvidence, strongest } from './lock-findings.ts'
import type { DirectionSeen, OnlineObservation } from './model.ts'
import { liveTraffic } from './observe-online.ts'
import { queueFindings } from './queue-findings.ts'
import { rules } from './rules.ts'
import { round } from './text.ts'
import { findingsUnderTraffic, waitEvidence } from './traffic-findings.ts'

/**
 * Under live traffic no statement of a client fails and none waits longer than the budget; no lock that stops clients is held while rows are
 * rewritten, scanned or written in numbers that grow with the table.
 *
 * Kinds: `client-fails`, `client-waits` and `migration-fails` are errors, seen under traffic; `rewrite`, `scan` and `held` are warnings, since
 * how long they last is a matter of the rows there are; `queue` is what waits behind the migration
 * while it waits for a transaction that only reads, a warning where that is longer than the budget; `measured` is information: what each
 * direction took.
 */
export const onlineSafety: Invariant<OnlineObservation> = {
  id: 'online-safety',
  holds: 'under live traffic no statement fails or waits longer than the budget; with `--online` ([online](docs/online-safety.md))',
  violation: 'clients fail or wait while it runs',
  rules,
  looks: liveTraffic,
  judge(observation: OnlineObservation): Verdict {
    const { directions, quiet, rows } = observation
    const saw = {
      relations: rows.size,
      rows: [...rows.values()].reduce((sum, each) => sum + each, 0),
      cells: 0,
      runs: directions.reduce((sum, each) => sum + each.traffic.statements, 0),
    }
    if (quiet.statements === 0) return { outcome: 'unknown', because: 'clients had no statement to send', saw }
    const findings = [...findingsUnderTraffic(observation), ...queueFindings(observation)]
    const notes = [...findings.filter((each) => each.severity === 'info'), ...directions.map((seen) => measured(seen, observation))]
    const [worst, ...rest] = findings.filter((each) => each.severity !== 'info')
    return worst === undefined ? { outcome: 'holds', saw, notes } : { outcome: 'violated', findings: [worst, ...rest, ...notes], saw }
  },
}

/** What a direction took, found wanting or not. */
function measured(seen: DirectionSeen, { budget, clients, quiet, rows }: OnlineObservation): Finding {
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
      ? 'no client waited for a lock'
      : `a client waited for a lock for ${round(longest.waitedMs)} ms at most`
  const timeout =
    locks.length === 0 || seen.lockTimeout !== undefined
      ? ''
      : '. No lock_timeout is set: if the migration has to wait for a lock, clients queue behind it'
  return {
    invariant: 'online-safety',
    kind: 'measured',
    severity: 'info',
    known: 'observed',
    object: seen.direction,
    message: `${seen.direction} took ${round(seen.durationMs)} ms with ${clients} clients at work; ${wait}${timeout}`,
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
    hint:
      timeout === ''
        ? undefined
        : `Set a limit before the statement that needs the lock (SET lock_timeout = '${Math.max(1, Math.floor(budget.lockWaitMs / 2))}ms'), and run the migration again if it is reached.`,
  }
}
