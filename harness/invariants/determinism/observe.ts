import type { Dataset } from '../../data/index.ts'
import type { Subject } from '../../lineage/index.ts'
import type { Runner } from '../../run/index.ts'
import { allInOrder, executeRun, inOrder, type RunRequest, type State } from '../../run/index.ts'
import { withoutIssued } from '../drawn.ts'
import type { Look } from '../probe.ts'
import { type Migrated, unevenRelations, withoutDrawnAnew } from './drawn-anew.ts'
import { determinism, followsVolatile, volatileAttributes } from './judge.ts'
import type { Repetition, SessionRun } from './repetition.ts'
import { otherSessions, otherSettings } from './sessions.ts'

/** Another order of rows is hidden where an index gives them in its own: a planner may do without, on other statistics. */
const otherPlans: Readonly<Record<string, string>> = {
  enable_indexscan: 'off',
  enable_indexonlyscan: 'off',
  enable_bitmapscan: 'off',
  enable_mergejoin: 'off',
}
/** What may not make a difference, all at once, for rows in the opposite order: where nothing differs so, nothing does one by one. */
const otherwise = { ...otherPlans, ...otherSettings }

/** What repetitions of one migration on the same rows told. */
export interface Repeated {
  readonly look: Look<Repetition>
  /** Migrated attributes (paths) that differ from run to run. */
  readonly volatile: ReadonlySet<string>
  /** What the first repetition ended in, on a clone. */
  readonly migrated: State | undefined
}

export interface RepeatPlan {
  /** Whether clones are made only where runs in transactions differ. */
  readonly onClones: 'always' | 'suspected'
  readonly dataset: Dataset
  /** What a run on the data set in a transaction showed already; undefined where there was none. */
  readonly known: Migrated | undefined
  /** Rows with ties (duplicates, equal times). */
  readonly ties: readonly Dataset[]
  /** How many clones may be worked on at a time. */
  readonly lanes: number
  readonly signal: AbortSignal | undefined
}

const nothingVaries = { volatile: new Set<string>(), migrated: undefined }
const upFailed: Repeated = {
  look: { seen: [], leftOut: [{ because: 'the migration failed on the rows that were to be migrated twice', upFails: true }] },
  ...nothingVaries,
}

/**
 * Migrate the same rows on clones of their own: twice as they are, once inserted in the opposite order; rows with ties (duplicates, equal
 * times) in either order. Rung 1 never decides this: its
 * clock stands still, and its transactions see one snapshot of the sequences.
 */
export async function repeatRuns(subject: Subject, runner: Runner, plan: RepeatPlan): Promise<Repeated> {
  const { onClones, dataset, ties } = plan
  const ways = waysToRun(subject, runner, plan)
  if (onClones === 'suspected' && runner.need.rung === 'transaction') {
    const known = plan.known ?? (await ways.inTransaction(dataset))
    if (known.migrated === undefined) return upFailed
    if (await agree(known, plan, ways.inTransaction, runner.lanes)) {
      const alike = { legacy: known.legacy, first: known.migrated, second: known.migrated, reordered: undefined, runs: 2 + 2 * ties.length }
      return { look: { seen: [{ seen: alike }] }, ...nothingVaries }
    }
  }
  const runs = await ways.thrice(dataset)
  const twice = repetitionOf(runs)
  if (twice === undefined) return upFailed
  // What the legacy schema draws anew differs from run to run too, and nobody should compare it.
  const volatile = new Set([
    ...volatileAttributes(twice.first, twice.second).keys(),
    ...(runs[0].migrated === undefined || runs[1].migrated === undefined
      ? []
      : volatileAttributes(runs[0].migrated, runs[1].migrated).keys()),
  ])
  const here = runner.need.rung === 'transaction' ? (plan.known ?? (await ways.inTransaction(dataset))) : undefined
  const there = await inOtherSessions(dataset, ways, { here, volatile })
  const repetition = repetitionOf(runs, there) ?? twice
  const isViolated = (seen: Repetition) => determinism.judge(seen, { ...subject.knowledge, volatile }).outcome === 'violated'
  const tied = await repeatTies(ties, ways, { lanes: runner.lanes, volatile, isViolated })
  const uneven = [...unevenRelations(runs)]
  const [mine, others] = [
    uneven.filter((path) => subject.knowledge.written.has(path)),
    uneven.filter((path) => !subject.knowledge.written.has(path)),
  ]
  return {
    look: {
      seen: [repetition, ...tied].map((seen) => ({ seen })),
      leftOut: unevenText(mine).map((because) => ({ because })),
      notChecked: unevenText(others).map((text) => `determinism: ${text}`),
    },
    volatile,
    migrated: runs[0].migrated,
  }
}

type Settings = RunRequest['settings']
type Thrice = readonly [Migrated, Migrated, Migrated]

/** One migration on rows of our choice. */
interface WaysToRun {
  /** @param turn  Which of the runner's lanes it goes through. */
  inTransaction(rows: Dataset, settings?: Settings, turn?: number): Promise<Migrated>
  onClone(rows: Dataset, settings?: Settings): Promise<Migrated>
  /** On clones of their own: twice as the rows are, once in the opposite order. */
  thrice(rows: Dataset): Promise<Thrice>
}

function waysToRun(subject: Subject, runner: Runner, { lanes, signal }: RepeatPlan): WaysToRun {
  const request = (dataset: Dataset, settings: Settings): RunRequest => ({
    regime: 'banded',
    extreme: false,
    filling: { kind: 'dataset', dataset },
    phases: ['up'],
    settings,
    signal,
  })
  const onClone = async (rows: Dataset, settings?: Settings): Promise<Migrated> =>
    runner.clones.run(async (stage) => {
      const { legacy, migrated } = await executeRun(subject, stage, request(rows, settings))
      return { legacy, migrated }
    })
  return {
    onClone,
    inTransaction: (rows, settings, turn = 0) => runner.run(subject, { ...request(rows, settings), regime: 'edge' }, turn),
    async thrice(rows) {
      const [first, second, reordered] = await allInOrder([rows, rows, opposite(rows)], lanes, (each, at) =>
        onClone(each, at === 2 ? otherPlans : undefined),
      )
      return [first as Migrated, second as Migrated, reordered as Migrated]
    },
  }
}

/** Undefined where `up` failed on the rows as they are. */
function repetitionOf(runs: Thrice, there: readonly SessionMigrated[] = []): Repetition | undefined {
  const [first, second, reordered, ...others] = withoutDrawnAnew([...runs, ...there.map(({ migrated }) => migrated)])
  if (first === undefined || second === undefined) return undefined
  const sessions = there.flatMap(({ setting }, at): SessionRun[] => {
    const state = others[at]
    return state === undefined ? [] : [{ setting, state }]
  })
  return { legacy: runs[0].legacy, first, second, reordered, sessions }
}

interface SessionMigrated {
  readonly setting: SessionRun['setting']
  readonly migrated: Migrated
}

/**
 * Runs in sessions with another setting, on clones: only those settings of which a transaction shows that they make a difference.
 *
 * @param how.here  A run in a transaction with the usual settings; undefined where such runs cannot be made.
 */
async function inOtherSessions(
  rows: Dataset,
  ways: WaysToRun,
  { here, volatile }: { readonly here: Migrated | undefined; readonly volatile: ReadonlySet<string> },
): Promise<readonly SessionMigrated[]> {
  if (here !== undefined && !differ(here, await ways.inTransaction(rows, otherSettings), { volatile })) return []
  const found: SessionMigrated[] = []
  for (const [setting, value] of otherSessions) {
    const settings = { [setting]: value }
    if (here !== undefined && !differ(here, await ways.inTransaction(rows, settings), { volatile })) continue
    found.push({ setting, migrated: await ways.onClone(rows, settings) })
  }
  return found
}

interface Differing {
  /** The rows were stored in another order in one of them. */
  readonly reordered?: boolean
  /** Attributes that differ from run to run by themselves. */
  readonly volatile: ReadonlySet<string>
}

/** Whether two runs on the same rows end in different rows. */
function differ(left: Migrated, right: Migrated, { reordered = false, volatile }: Differing): boolean {
  const [one, other] = withoutDrawnAnew([left, right])
  if (one === undefined || other === undefined) return false
  const found = reordered
    ? volatileAttributes(withoutIssued(one, left.legacy), withoutIssued(other, left.legacy), true)
    : volatileAttributes(one, other)
  return [...found].some(([key, [path, attribute]]) => !volatile.has(key) && !followsVolatile(one, path, attribute, volatile))
}

/** Ties are rare, so they are looked for where a run is cheap; what differs there is judged on clones, where the clock goes on. */
async function repeatTies(
  ties: readonly Dataset[],
  ways: WaysToRun,
  {
    lanes,
    volatile,
    isViolated,
  }: { readonly lanes: number; readonly volatile: ReadonlySet<string>; isViolated(seen: Repetition): boolean },
): Promise<readonly Repetition[]> {
  const found: Repetition[] = []
  const bothWays = inOrder(ties, lanes, async (rows, at) => {
    const straight = await ways.inTransaction(rows, undefined, at)
    const both = await ways.inTransaction(opposite(rows), otherwise, at)
    if (!differ(straight, both, { reordered: true, volatile })) return { rows, straight, ordered: false, inSession: false }
    const reversed = await ways.inTransaction(opposite(rows), otherPlans, at)
    const there = await ways.inTransaction(rows, otherSettings, at)
    return {
      rows,
      straight,
      ordered: differ(straight, reversed, { reordered: true, volatile }),
      inSession: differ(straight, there, { volatile }),
    }
  })
  // One data set on which the order of rows decides is enough; a tie that clones do not show is no reason to stop.
  const shown = { order: false, session: false }
  for await (const { rows, straight, ...differs } of bothWays) {
    const ordered = !shown.order && differs.ordered
    const inSession = !shown.session && differs.inSession
    if (!ordered && !inSession) continue
    const repetition = repetitionOf(
      await ways.thrice(rows),
      inSession ? await inOtherSessions(rows, ways, { here: straight, volatile }) : [],
    )
    if (repetition === undefined) continue
    found.push(repetition)
    shown.session ||= inSession
    shown.order ||= ordered && isViolated(repetition)
  }
  return found
}

function unevenText(paths: readonly string[]): readonly string[] {
  return paths.length === 0
    ? []
    : [`not judged of ${paths.join(', ')}: by its triggers the legacy schema holds other rows there for another order`]
}

/**
 * Whether runs in transactions of their own all end alike: on rows in one order, and on the same in the opposite order in another session. Each
 * has a time of its own, and draws anew, so that only what changes within one transaction (`clock_timestamp()` apart) stays hidden.
 */
async function agree(known: Migrated, { dataset, ties }: RepeatPlan, run: WaysToRun['inTransaction'], lanes: number): Promise<boolean> {
  const alike = inOrder([dataset, ...ties], lanes, async (rows, turn) => {
    const straight = rows === dataset ? known : await run(rows, undefined, turn)
    const both = await run(opposite(rows), otherwise, turn)
    // Where only one of them fails, clones have to tell.
    const fails = [straight, both].filter(({ migrated }) => migrated === undefined).length
    return fails !== 1 && !differ(straight, both, { reordered: true, volatile: new Set() })
  })
  for await (const each of alike) if (!each) return false
  return true
}

function opposite(dataset: Dataset): Dataset {
  return { ...dataset, tables: new Map([...dataset.tables].map(([path, table]) => [path, { ...table, rows: [...table.rows].reverse() }])) }
}
