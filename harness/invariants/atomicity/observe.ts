import type { Subject } from '../../lineage/index.ts'
import { controlsTransaction, type Step } from '../../migration/index.ts'
import type { CloneStage, CloneStages } from '../../run/index.ts'
import { allInOrder, applyWithFault, executeRun, type Filling, fillStage } from '../../run/index.ts'
import { readRows } from '../../snapshot/index.ts'
import { type Bench, isOver, type Probe } from '../bench.ts'
import type { LeftOut, Look } from '../probe.ts'
import { crashInTheMiddle } from './crash.ts'
import {
  differenceOf,
  type Expected,
  type Fingerprint,
  fingerprintOf,
  lookAtWhatIsLeft,
  placeOf,
  relationBefore,
  rerunOf,
  same,
} from './left-behind.ts'
import type { FaultObservation, FaultsSeen } from './model.ts'

/** Of a script that PostgreSQL undoes as a whole so many places stand for all; of a program so many calls are tried. */
const mostPositions = 16
const mostCalls = 64

/**
 * Make `up` fail before each statement and before COMMIT, by an error and (at the middle and the last position) by a killed backend, and
 * look with a fresh connection at what is left; where it was asked for, kill the server too.
 */
export const injections: Probe<FaultsSeen> = {
  name: 'faults',
  async observe(bench: Bench): Promise<Look<FaultsSeen>> {
    const { subject, depth, first, crash } = bench
    const { up } = subject.migration
    if (depth.faults === 'none' && crash === undefined)
      return {
        seen: [],
        notApplicable:
          up.kind === 'program' ? 'it is a program that connects by itself' : 'it is one transaction, which PostgreSQL undoes as a whole',
      }
    if (bench.empty.failure !== undefined)
      return { seen: [], leftOut: [{ because: 'the migration fails even on an empty database', upFails: true }] }
    if (first === undefined && subject.scope.size > 0 && depth.variants > 0)
      return { seen: [], leftOut: [{ because: 'the migration fails on every generated data set', upFails: true }] }
    const filling: Filling = first === undefined ? { kind: 'sql', sql: '' } : { kind: 'dataset', dataset: first.dataset }
    const broken = depth.faults === 'none' ? { seen: [] } : await injectFaults(bench, filling)
    if (crash === undefined) return broken
    const crashes = await crashInTheMiddle(bench, crash, filling)
    if (crashes === undefined) return { ...broken, leftOut: [...(broken.leftOut ?? []), failedOnRows] }
    const [{ seen: injected = { faults: [], rows: 0 } } = {}] = broken.seen
    return {
      seen: [{ seen: { faults: [...injected.faults, ...crashes.faults], rows: injected.rows } }],
      leftOut: [...(broken.leftOut ?? []), ...crashes.notTried.map((because) => ({ because }))],
      notChecked: broken.notChecked ?? [],
    }
  },
}

const failedOnRows: LeftOut = { because: 'the migration failed on the rows on which it was to be interrupted', upFails: true }

/** An error before each statement, and a killed backend before some. */
async function injectFaults(bench: Bench, filling: Filling): Promise<Look<FaultsSeen>> {
  const { subject } = bench
  const { up } = subject.migration
  const { positions, skipped } = positionsOf(up)
  const injected = await injectAll(bench, filling, positions)
  if (injected === undefined) return { seen: [], leftOut: [failedOnRows] }
  const { faults, rows, cut } = injected
  const undone = isUndone(up)
  const failing = bench.failing()
  const onRows =
    failing === undefined || up.kind !== 'sql' || up.script.mode === 'transaction'
      ? []
      : await failOnRows(subject, bench.clones, failing, bench.signal)
  return {
    seen: [{ seen: { faults: [...faults, ...onRows], rows } }],
    leftOut: [
      ...(cut > 0 ? [{ because: `${cut} interruptions were not tried: the time limit was reached` }] : []),
      ...(skipped > 0 && !undone ? [{ because: `faults before ${skipped} of its positions were not tried` }] : []),
      ...(up.kind === 'program' && faults.length >= positions.length + 2
        ? [{ because: `calls after the first ${mostCalls} were not interrupted` }]
        : []),
    ],
    notChecked:
      skipped > 0 && undone ? [`atomicity: ${skipped} of the positions in up were not tried (the script is one transaction)`] : [],
  }
}

/** Where faults come: before each statement, and before COMMIT. How many calls a program makes is not known. */
function positionsOf(up: Step): { readonly positions: readonly number[]; readonly skipped: number } {
  if (up.kind === 'program') return { positions: Array.from({ length: mostCalls }, (_, at) => at), skipped: 0 }
  const { statements, mode } = up.script
  const all = Array.from({ length: statements.length + (mode === 'transaction' ? 1 : 0) }, (_, at) => at)
  if (!isUndone(up) || all.length <= mostPositions) return { positions: all, skipped: 0 }
  const step = Math.ceil(all.length / (mostPositions - 2))
  const positions = all.filter((at) => at === 0 || at === all.length - 1 || at % step === 0)
  return { positions, skipped: all.length - positions.length }
}

async function injectAll(
  bench: Bench,
  filling: Filling,
  positions: readonly number[],
): Promise<{ readonly faults: readonly FaultObservation[]; readonly rows: number; readonly cut: number } | undefined> {
  const { subject, clones, lanes, signal } = bench
  const { up } = subject.migration
  const kills = new Set([positions[Math.floor(positions.length / 2)], positions.at(-1)])
  const plan = [
    ...positions.map((before) => ({ fault: 'error' as const, before })),
    ...positions.filter((at) => kills.has(at)).map((before) => ({ fault: 'terminate' as const, before })),
  ]
  const migrated = await clones.run(async (stage) => {
    const run = await executeRun(subject, stage, { regime: 'banded', extreme: false, filling, phases: ['up'], signal })
    return run.migrated === undefined ? undefined : stage.look((session) => fingerprintOf(subject, session))
  })
  if (migrated === undefined) return undefined
  let [rows, cut] = [0, 0]
  const pending = [...plan]
  const observed = new Map<(typeof plan)[number], FaultObservation>()
  // A clone serves as long as the faults leave the legacy state behind.
  const injectPending = async (stage: CloneStage, legacy: Fingerprint) => {
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      const observation = await inject(subject, stage, next, { legacy, migrated, signal })
      observed.set(next, observation)
      if (isOver(bench)) cut += pending.splice(0).length
      // How many calls a program makes is not known: faults are tried until one comes too late.
      if (up.kind === 'program' && observation.left === 'migrated') pending.length = 0
      if (observation.left !== 'legacy') return
    }
  }
  const onSeeded = <Result>(work: (stage: CloneStage, legacy: Fingerprint) => Promise<Result>) =>
    clones.run(async (stage) => {
      rows = await seed(subject, stage, filling)
      return work(stage, await stage.look((session) => fingerprintOf(subject, session)))
    })
  const inLanes = (work: () => Promise<void>) =>
    allInOrder(Array.from({ length: lanes }), lanes, async () => {
      while (pending.length > 0) await work()
    })
  // Where each fault may leave something else, copying the files of a database with its rows takes less than filling it again.
  if (isUndone(up) || up.kind === 'program') await inLanes(() => onSeeded(injectPending))
  else await onSeeded((seeded, legacy) => inLanes(() => clones.runCopy(seeded, (stage) => injectPending(stage, legacy))))
  return { faults: plan.flatMap((each) => observed.get(each) ?? []), rows, cut }
}

/** Whether PostgreSQL undoes the script as a whole. */
function isUndone(up: Step): boolean {
  return up.kind === 'sql' && up.script.mode !== 'autocommit' && !up.script.statements.some(controlsTransaction)
}

/** A script without a transaction that fails on its rows needs no injected error: what it leaves is looked at as it is. */
async function failOnRows(
  subject: Subject,
  clones: CloneStages,
  filling: Filling,
  signal: AbortSignal | undefined,
): Promise<readonly FaultObservation[]> {
  return clones.run(async (stage) => {
    await fillStage(subject, stage, filling)
    const before = await stage.look((session) => fingerprintOf(subject, session))
    const outcome = await stage.apply(subject.migration.up, { signal })
    const left = await stage.look((session) => fingerprintOf(subject, session))
    if (outcome.outcome === 'applied' || same(left, before)) return []
    const { statement, index } = outcome.failure
    const again = await stage.apply(rerunOf(subject.migration.up, index), { signal })
    const base = {
      fault: 'error',
      before: index,
      place: placeOf(subject, index),
      relation: relationBefore(subject, index + 1),
      statement,
      left: 'other',
      difference: differenceOf(left, before),
    } as const
    return [
      {
        ...base,
        rerun: again.outcome === 'failed' ? { fails: `${again.failure.message} (${again.failure.sqlstate})` } : { differs: undefined },
      },
    ]
  })
}

async function inject(
  subject: Subject,
  stage: CloneStage,
  fault: { readonly fault: 'error' | 'terminate'; readonly before: number },
  { legacy, migrated, signal }: Expected,
): Promise<FaultObservation> {
  const { up } = subject.migration
  const statement = up.kind === 'sql' ? up.script.statements[fault.before] : undefined
  {
    await using session = await stage.connect()
    await stage.look((saboteur) =>
      applyWithFault(session, up, { fault: fault.fault, beforeStatement: fault.before, saboteur, url: stage.database.url() }),
    )
  }
  const base = {
    ...fault,
    place: placeOf(subject, fault.before),
    relation: relationBefore(subject, fault.before),
    statement: statement === undefined ? undefined : { text: statement.text, file: statement.file, line: statement.line },
  }
  return { ...base, ...(await lookAtWhatIsLeft(subject, stage, { legacy, migrated, signal }, fault.before)) }
}

async function seed(subject: Subject, stage: CloneStage, filling: Filling): Promise<number> {
  await fillStage(subject, stage, filling)
  const rows = await stage.look((session) => readRows(session, subject.legacy, [...subject.scope]))
  return [...rows.values()].reduce((sum, table) => sum + table.rows.length, 0)
}
