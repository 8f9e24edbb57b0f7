import type { Dataset } from '../../data/index.ts'
import type { Subject } from '../../lineage/index.ts'
import type { Runner } from '../../run/index.ts'
import { allInOrder, executeRun, inOrder, type RunRequest, type State } from '../../run/index.ts'
import type { Look } from '../probe.ts'
import { type Migrated, unevenRelations, withoutDrawnAnew } from './drawn-anew.ts'
import { determinism, volatileAttributes } from './judge.ts'
import type { Repetition } from './repetition.ts'

/** Another order of rows is hidden where an index gives them in its own: a planner may do without, on other statistics. */
const otherPlans = { enable_indexscan: 'off', enable_indexonlyscan: 'off', enable_bitmapscan: 'off', enable_mergejoin: 'off' } as const

/** The settings of a session somewhere else: a zone half a day ahead, with a quarter of an hour in its offset and clocks that are put forward and back. */
export const elsewhere = { TimeZone: 'Pacific/Chatham' } as const

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
  /** Rows with ties (duplicates, equal times). */
  readonly ties: readonly Dataset[]
  /** How many clones may be worked on at a time. */
  readonly lanes: number
  readonly signal: AbortSignal | undefined
}

const nothingVaries = { volatile: new Set<string>(), migrated: undefined }
const upFailed: Repeated = {
  look: { seen: [], leftOut: [{ because: 'up failed on the rows that were to be migrated twice', upFails: true }] },
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
  if (onClones === 'suspected' && runner.need.rung === 'transaction' && (await agree(dataset, ties, ways.inTransaction))) {
    const { legacy, migrated } = await ways.inTransaction(dataset)
    if (migrated === undefined) return upFailed
    const alike = { legacy, first: migrated, second: migrated, reordered: undefined, runs: 4 + 2 * ties.length }
    return { look: { seen: [{ seen: alike }] }, ...nothingVaries }
  }
  const runs = await ways.thrice(dataset)
  const repetition = repetitionOf(runs, await ranElsewhere(dataset, ways, runner.need.rung === 'transaction'))
  if (repetition === undefined) return upFailed
  // What the legacy schema draws anew differs from run to run too, and nobody should compare it.
  const volatile = new Set([
    ...volatileAttributes(repetition.first, repetition.second).keys(),
    ...(runs[0].migrated === undefined || runs[1].migrated === undefined
      ? []
      : volatileAttributes(runs[0].migrated, runs[1].migrated).keys()),
  ])
  const isViolated = (seen: Repetition) => determinism.judge(seen, { ...subject.knowledge, volatile }).outcome === 'violated'
  const tied = await repeatTies(ties, ways, { lanes: runner.lanes, isViolated })
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
function repetitionOf(runs: Thrice, there?: Migrated): Repetition | undefined {
  const [first, second, reordered, elsewhere] = withoutDrawnAnew(there === undefined ? runs : [...runs, there])
  return first === undefined || second === undefined ? undefined : { legacy: runs[0].legacy, first, second, reordered, elsewhere }
}

/** A run in a session with another time zone; undefined where a transaction shows that it makes no difference. */
async function ranElsewhere(rows: Dataset, ways: WaysToRun, cheap: boolean): Promise<Migrated | undefined> {
  if (cheap) {
    const [here, there] = withoutDrawnAnew([await ways.inTransaction(rows), await ways.inTransaction(rows, elsewhere)])
    if (here !== undefined && there !== undefined && volatileAttributes(here, there).size === 0) return undefined
  }
  return ways.onClone(rows, elsewhere)
}

/** Ties are rare, so they are looked for where a run is cheap; what differs there is judged on clones, where the clock goes on. */
async function repeatTies(
  ties: readonly Dataset[],
  ways: WaysToRun,
  { lanes, isViolated }: { readonly lanes: number; isViolated(seen: Repetition): boolean },
): Promise<readonly Repetition[]> {
  const found: Repetition[] = []
  const bothWays = inOrder(ties, lanes, async (rows, at) => ({
    rows,
    runs: [await ways.inTransaction(rows, undefined, at), await ways.inTransaction(opposite(rows), otherPlans, at)] as const,
  }))
  // One data set on which the order of rows decides is enough; a tie that clones do not show is no reason to stop.
  let shown = false
  for await (const { rows, runs } of bothWays) {
    const [straight, reversed] = withoutDrawnAnew(runs)
    if (shown || straight === undefined || reversed === undefined) continue
    if (volatileAttributes(straight, reversed, true).size === 0) continue
    const repetition = repetitionOf(await ways.thrice(rows))
    if (repetition === undefined) continue
    found.push(repetition)
    shown = isViolated(repetition)
  }
  return found
}

function unevenText(paths: readonly string[]): readonly string[] {
  return paths.length === 0
    ? []
    : [`not judged of ${paths.join(', ')}: by its triggers the legacy schema holds other rows there for another order`]
}

/**
 * Whether runs in transactions of their own all end alike: on the same rows, and on rows in the opposite order. Each has a time of its own,
 * so that only what changes within one transaction (`clock_timestamp()` apart) stays hidden.
 */
async function agree(dataset: Dataset, ties: readonly Dataset[], run: WaysToRun['inTransaction']): Promise<boolean> {
  const straightRun = await run(dataset)
  const [first, second, there] = withoutDrawnAnew([straightRun, await run(dataset), await run(dataset, elsewhere)])
  if (first === undefined || second === undefined || volatileAttributes(first, second).size > 0) return false
  if (there !== undefined && volatileAttributes(first, there).size > 0) return false
  for (const rows of [dataset, ...ties]) {
    const [straight, reversed] = withoutDrawnAnew([rows === dataset ? straightRun : await run(rows), await run(opposite(rows), otherPlans)])
    if (straight !== undefined && reversed !== undefined && volatileAttributes(straight, reversed, true).size > 0) return false
  }
  return true
}

function opposite(dataset: Dataset): Dataset {
  return { ...dataset, tables: new Map([...dataset.tables].map(([path, table]) => [path, { ...table, rows: [...table.rows].reverse() }])) }
}
