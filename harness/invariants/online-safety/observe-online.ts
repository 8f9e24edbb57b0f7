import { readCatalog } from '../../catalog/index.ts'
import { type Dataset, seedDataset } from '../../data/index.ts'
import { restoreSleep } from '../../environment/index.ts'
import type { Subject } from '../../lineage/index.ts'
import type { Step } from '../../migration/index.ts'
import type { Session } from '../../postgres/index.ts'
import type { CloneStage, CloneStages, LockWatch, Traffic, WatchedStep } from '../../run/index.ts'
import { applyWatched, startTraffic, watchLocks } from '../../run/index.ts'
import type { Bench, Probe } from '../bench.ts'
import type { Look } from '../probe.ts'
import { clientStatements } from './client-statements.ts'
import { directionSeen, trafficSeen } from './direction-seen.ts'
import type { DirectionQueues, DirectionSeen, OnlineObservation } from './model.ts'
import { manyRowsOf, multiplyRows, parentsFirst, relationsByOid, rowsInEach } from './multiply-rows.ts'
import { observeQueue } from './observe-queue.ts'
import { longestWaitMs, type OnlineOptions } from './options.ts'
import { relationsInReach } from './reached-relations.ts'
import { squawkOpinions } from './squawk.ts'
import { findingsUnderTraffic } from './traffic-findings.ts'
import { withParents } from './vary-rows.ts'

/** What came of looking at a migration under traffic. */
export type Online =
  | { readonly outcome: 'observed'; readonly observation: OnlineObservation; readonly notChecked: readonly string[] }
  /** `nothing`: there is nothing to see; `unknown`: it could not be seen. */
  | { readonly outcome: 'nothing' | 'unknown'; readonly because: string; readonly notChecked: readonly string[] }

export interface OnlinePlan {
  readonly options: OnlineOptions
  /** Rows with which `up` goes through, to be copied. */
  readonly dataset: Dataset | undefined
  readonly signal: AbortSignal | undefined
}

/** Two that mostly read and two that mostly write would be four sessions too: each does both. */
const clientCount = 4
/** Deadlocks and other rollbacks, locks that were not granted, cancelled statements, tuples changed at the same time: alone it meets none. */
const byTraffic = /^(40|55|57|XX)/
/** A value of the harness's own, which no migration sets. */
const lockTimeoutMs = 9_999

/** The migration applied once more to tables with many rows, while clients go on; where that was asked for. */
export const liveTraffic: Probe<OnlineObservation> = {
  name: 'live traffic',
  async observe(bench: Bench): Promise<Look<OnlineObservation>> {
    const { subject, clones, first, signal } = bench
    if (bench.online === undefined) return { seen: [], notApplicable: 'it was not asked for (--online)' }
    if (bench.empty.failure !== undefined)
      return { seen: [], leftOut: [{ because: 'the migration fails even on an empty database', upFails: true }] }
    const online = await observeOnline(subject, clones, { options: bench.online, dataset: first?.dataset, signal })
    const { notChecked } = online
    if (online.outcome === 'observed') return { seen: [{ seen: online.observation }], notChecked }
    if (online.outcome === 'nothing') return { seen: [], notApplicable: online.because, notChecked }
    return { seen: [], leftOut: [{ because: online.because }], notChecked }
  },
}

/**
 * Apply a migration, and its `down`, to a database of its own with many rows, while clients go on with the legacy workload.
 *
 * Before, the same clients work without it: what they run into by themselves is not the migration's. Where it turns out to do much under a
 * lock, it is applied once more to a quarter of the rows.
 */
export async function observeOnline(subject: Subject, clones: CloneStages, plan: OnlinePlan): Promise<Online> {
  const reached = await relationsInReach(subject, clones)
  if (reached.size === 0) return { outcome: 'nothing', because: 'it locks no table that existed before', notChecked: [] }
  const paths = parentsFirst(subject.plan.order, withParents(subject.legacy, reached))
  const wanted = rowsInEach(plan.options.rows, paths.length)
  const first = await underTraffic(subject, clones, plan, { reached, paths, rows: wanted })
  // What is unique only after `up` cannot be known beforehand: the rows that it went through with are left as they are then.
  const online =
    first.outcome === 'unknown' && first.data
      ? await underTraffic(subject, clones, plan, { reached, paths, rows: 1 }).then((again) => ({
          ...again,
          notChecked: [
            ...again.notChecked,
            `online-safety: tested on few rows only, because the migration fails on many: ${first.because}`,
          ],
        }))
      : first
  if (online.outcome !== 'observed') return online
  return await withQueues(
    subject,
    clones,
    plan,
    { reached, paths, rows: 1 },
    await onFewerRows(subject, clones, plan, { reached, paths, rows: wanted }, online),
  )
}

/** The same on a quarter of the rows, where something was found whose duration is a matter of the rows. */
async function onFewerRows(
  subject: Subject,
  clones: CloneStages,
  plan: OnlinePlan,
  { reached, paths, rows }: Scene,
  online: Observed,
): Promise<Observed> {
  if (!isHeavy(online.observation)) return online
  const fewer = Math.floor(rows / 4)
  const small = await underTraffic(subject, clones, plan, { reached, paths, rows: fewer })
  if (small.outcome !== 'observed') return online
  const directions = online.observation.directions.map((seen) => {
    const other = small.observation.directions.find((each) => each.direction === seen.direction)
    return other === undefined
      ? seen
      : { ...seen, smaller: { rows: fewer, durationsMs: new Map(other.statements.map((each, at) => [at, each.durationMs])) } }
  })
  return { ...online, observation: { ...online.observation, directions } }
}

type Observed = Extract<Online, { outcome: 'observed' }>

/** A migration that gives up waiting is applied again, for what comes after that statement: so often at most. */
const mostPasses = 4

/** Who waits behind the migration while a transaction is left open that has read its tables. */
async function withQueues(subject: Subject, clones: CloneStages, plan: OnlinePlan, scene: Scene, online: Observed): Promise<Observed> {
  const found = new Map<string, DirectionQueues>()
  const skips = { up: 0, down: 0 }
  let leftOut = false
  for (let pass = 0; pass < mostPasses; pass++) {
    const again = await clones.run(async (stage) => {
      const { clients } = await setScene(subject, stage, plan.dataset, scene)
      const sent = clients.find((each) => each.length > 0) ?? []
      for (const [direction, step] of directionsOf(subject)) {
        plan.signal?.throwIfAborted()
        const relations = direction === 'up' ? relationsByOid(subject.legacy) : await relationsNow(subject, stage)
        const reached = new Map([...relations].filter(([, path]) => scene.reached.has(path)))
        const budgetMs = online.observation.budget.lockWaitMs
        const seen = await observeQueue(stage, step, {
          relations: reached,
          statements: sent,
          budgetMs,
          skip: skips[direction],
          signal: plan.signal,
        })
        const statements = step.kind === 'sql' ? step.script.statements : []
        found.set(direction, { direction, statements, queues: [...(found.get(direction)?.queues ?? []), ...seen.queues] })
        leftOut ||= seen.leftOut
        skips[direction] = seen.gaveUpAt === undefined ? Number.POSITIVE_INFINITY : seen.gaveUpAt + 1
        if (seen.gaveUpAt !== undefined) return true
        if (seen.failed) return false
      }
      return false
    })
    if (!again) break
    leftOut ||= pass === mostPasses - 1
  }
  const because = 'online-safety: the queue behind an open transaction was looked at for the first statements that wait, not for all'
  return {
    ...online,
    notChecked: leftOut ? [...online.notChecked, because] : online.notChecked,
    observation: { ...online.observation, queues: [...found.values()] },
  }
}

function directionsOf({ migration: { up, down } }: Subject): readonly (readonly ['up' | 'down', Step])[] {
  return [['up', up], ...(down === undefined ? [] : [['down', down] as const])]
}

/** Whether something was found whose duration is a matter of the rows. */
function isHeavy(observation: OnlineObservation): boolean {
  return findingsUnderTraffic(observation).some(({ severity }) => severity === 'warning')
}

interface Scene {
  readonly reached: ReadonlySet<string>
  readonly paths: readonly string[]
  readonly rows: number
}

async function underTraffic(
  subject: Subject,
  clones: CloneStages,
  plan: OnlinePlan,
  scene: Scene,
): Promise<Online & { readonly data?: boolean }> {
  return clones.run(async (stage) => {
    const { rows, clients, notChecked } = await setScene(subject, stage, plan.dataset, scene)
    if (clients.every((each) => each.length === 0)) return { outcome: 'unknown', because: 'clients have no statement to send', notChecked }
    await using observer = await stage.database.connect()
    await using looking = await stage.database.connect()
    await using traffic = await startTraffic(() => stage.connect(), clients)
    await using locks = watchLocks(looking, traffic.processIds)
    await traffic.turn()
    await traffic.turn()
    const quietUntilMs = performance.now()
    const crowd = { subject, stage, clients, traffic, locks, observer, quietUntilMs, signal: plan.signal }
    const { directions, unfit } = await observeDirections(crowd)
    if (unfit?.direction === 'up') return { outcome: 'unknown', because: unfit.because, notChecked, data: true }
    return {
      outcome: 'observed',
      notChecked:
        unfit === undefined ? notChecked : [...notChecked, `online-safety: down was not tested: it fails on these rows: ${unfit.because}`],
      observation: {
        budget: {
          lockWaitMs: longestWaitMs(subject.migration.contract, plan.options),
          manyRows: manyRowsOf(scene.rows),
        },
        clients: clientCount,
        rows: new Map([...rows].filter(([path]) => scene.reached.has(path))),
        quiet: trafficSeen(traffic.events, 0, quietUntilMs),
        directions,
        queues: [],
      },
    }
  })
}

/** Many rows, and what clients are to do with them. */
async function setScene(subject: Subject, stage: CloneStage, dataset: Dataset | undefined, { reached, paths, rows }: Scene) {
  await stage.look(restoreSleep)
  if (dataset !== undefined) await stage.look((session) => seedDataset(session, subject.plan, dataset, subject.takesRows))
  const filled = await stage.look((session) => multiplyRows(session, subject.legacy, paths, { wanted: rows }))
  const touched = paths.filter((path) => reached.has(path))
  const sent = await stage.look((session) => clientStatements(subject, session, touched, clientCount, filled.ways))
  return {
    rows: filled.rows,
    clients: sent.clients,
    notChecked: [...filled.notFilled, ...sent.notTried].map((each) => `online-safety: ${each}`),
  }
}

/** Clients at work on a database, and what watches them. */
interface Crowd {
  readonly subject: Subject
  readonly stage: CloneStage
  /** What each client sends, over and over. */
  readonly clients: readonly (readonly unknown[])[]
  readonly traffic: Traffic
  readonly locks: LockWatch
  readonly observer: Session
  /** When the first direction began, by `performance.now()`: what failed before fails by itself. */
  readonly quietUntilMs: number
  readonly signal: AbortSignal | undefined
}

interface DirectionsSeen {
  readonly directions: readonly DirectionSeen[]
  /** It fails on the rows, and would without clients: nothing was seen of it. */
  readonly unfit?: { readonly direction: 'up' | 'down'; readonly because: string } | undefined
}

/** `up`, then `down`, until one fails. */
async function observeDirections(crowd: Crowd): Promise<DirectionsSeen> {
  const directions: DirectionSeen[] = []
  for (const [direction, step] of directionsOf(crowd.subject)) {
    crowd.signal?.throwIfAborted()
    const { applied, seen } = await observeDirection(crowd, direction, step)
    const failure = applied.outcome.outcome === 'failed' ? applied.outcome.failure : undefined
    if (failure !== undefined && !byTraffic.test(failure.sqlstate))
      return { directions, unfit: { direction, because: `${failure.message} (${failure.sqlstate})` } }
    directions.push(step.kind === 'sql' ? { ...seen, statements: await squawkOpinions(step.script, seen.statements) } : seen)
    if (failure !== undefined) break
  }
  return { directions }
}

async function observeDirection(
  crowd: Crowd,
  direction: 'up' | 'down',
  step: Step,
): Promise<{ readonly applied: WatchedStep; readonly seen: DirectionSeen }> {
  const { subject, stage, observer, traffic, locks, signal, quietUntilMs } = crowd
  const relations = direction === 'up' ? relationsByOid(subject.legacy) : await relationsNow(subject, stage)
  await using session = await stage.connect(undefined, { lockTimeoutMs })
  const fromMs = performance.now()
  const beforeCommit = () => letClientsMeet(crowd)
  const applied = await applyWatched(session, step, { relations, observer, locks, url: stage.url, signal, beforeCommit })
  await traffic.turn()
  return { applied, seen: directionSeen({ direction, applied, traffic, locks, quietUntilMs, fromMs }) }
}

/** Held open until each client has run into it or gone past it: how long that takes is not counted. */
async function letClientsMeet({ clients, traffic, locks }: Crowd): Promise<void> {
  const from = traffic.ended()
  const met = () => {
    const waiting = locks.waiting()
    return traffic
      .processIds()
      .every((pid, client) => waiting.has(pid) || (traffic.ended()[client] ?? 0) > (from[client] ?? 0) + (clients[client]?.length ?? 0))
  }
  const deadline = performance.now() + 500
  while (!met() && performance.now() < deadline) await locks.sample()
}

/** Legacy names where the relation is the same, the new ones else. */
async function relationsNow(subject: Subject, stage: CloneStage): Promise<ReadonlyMap<number, string>> {
  const now = await stage.look(readCatalog)
  return new Map([...relationsByOid(now), ...relationsByOid(subject.legacy)])
}
