import { clientStatements, directionSeen, findingsUnderTraffic, longestWaitMs, trafficSeen } from '../../invariants/index.ts'
import type { Subject } from '../../lineage/index.ts'
import type { Session } from '../../postgres/index.ts'
import { type LockWatch, startTraffic, type Traffic, type WatchedStep } from '../../run/index.ts'
import type { Copy } from './copy.ts'
import type { FindingDraft } from './judge-checks.ts'
import type { WorkloadResult } from './model.ts'

const CLIENTS = 4
/** Longer than a client may wait for a lock on a copy; a statement that never ends would keep everything waiting. */
const LONGEST_MS = 40_000

/** Clients at work on a copy, each with the statements of the workload, until they are disposed of. */
export interface CopyClients extends AsyncDisposable {
  readonly processIds: () => readonly number[]
  /**
   * What they went through while a step was applied.
   *
   * @param fromMs  When it began, by `performance.now()`.
   */
  met(applied: WatchedStep, locks: LockWatch, fromMs: number): Promise<ClientsMet>
}

export interface ClientsMet {
  readonly result: WorkloadResult
  readonly findings: readonly FindingDraft[]
}

/**
 * Let clients send the workload of a contract to a copy, again and again; what they write is rolled back.
 *
 * @param observer  Reads a few rows, whose values fill the parameters.
 * @param longestMs  After so long the server ends a statement of theirs.
 * @returns Undefined where the contract has no workload.
 */
export async function startCopyClients(
  copy: Copy,
  subject: Subject,
  observer: Session,
  longestMs = LONGEST_MS,
): Promise<CopyClients | undefined> {
  if (subject.migration.contract.workload === undefined) return undefined
  const { clients } = await clientStatements(subject, observer, [], CLIENTS, new Map())
  const connect = async () => {
    const session = await copy.connect()
    await session.script(`SET statement_timeout = ${longestMs}`)
    return session
  }
  const traffic = await startTraffic(connect, clients)
  await traffic.turn()
  const quietUntilMs = performance.now()
  return {
    processIds: traffic.processIds,
    async met(applied, locks, fromMs) {
      await traffic.turn()
      return metBy({ subject, traffic, quietUntilMs }, applied, locks, fromMs)
    },
    [Symbol.asyncDispose]: () => traffic.stop(),
  }
}

interface Crowd {
  readonly subject: Subject
  readonly traffic: Traffic
  readonly quietUntilMs: number
}

/** What clients meet while a migration runs; what it does to tables is measured on its own session. */
const ofClients = new Set(['client-waits', 'client-fails'])

function metBy({ subject, traffic, quietUntilMs }: Crowd, applied: WatchedStep, locks: LockWatch, fromMs: number): ClientsMet {
  const seen = directionSeen({ direction: 'up', applied, traffic, locks, quietUntilMs, fromMs })
  const quiet = trafficSeen(traffic.events, 0, quietUntilMs)
  const lockWaitMs = longestWaitMs(subject.migration.contract)
  const budget = { lockWaitMs, manyRows: Number.POSITIVE_INFINITY }
  const observation = { budget, clients: traffic.clients, rows: new Map<string, number>(), quiet, directions: [seen] }
  const refused = traffic.events.filter(({ error, endMs }) => error !== undefined && endMs <= quietUntilMs)
  return {
    result: {
      clients: traffic.clients,
      statements: seen.traffic.statements,
      longestMs: seen.traffic.longestMs,
      longestBeforeMs: quiet.longestMs,
      budgetMs: lockWaitMs,
      waits: seen.waits.map(({ statement, waitedMs, during }) => {
        const cause = during === undefined ? undefined : seen.statements[during]
        return { statement: statement?.name ?? '', waitedMs, file: cause?.file ?? null, line: cause?.line ?? null }
      }),
      refused: [...new Map(refused.map(({ statement, error }) => [statement.name, `${error?.message} (${error?.sqlstate})`]))].map(
        ([statement, because]) => ({ statement, because }),
      ),
    },
    findings: findingsUnderTraffic(observation)
      .filter(({ kind, severity }) => ofClients.has(kind) && severity !== 'info')
      .map(({ invariant, kind, message, relation = null, file = null, line = null }) => ({
        invariant,
        kind,
        message,
        relation,
        ...(file === null ? {} : { file, line }),
      })),
  }
}
