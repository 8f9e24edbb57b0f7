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

/**
 * Migrate the same rows on clones of their own: twice as they are, once inserted in the opposite order; rows with ties (duplicates, equal
 * times) in either order. Rung 1 never decides this: its
 * clock stands still, and its transactions see one snapshot of the sequences.
 */
export async function repeatRuns(subject: Subject, runner: Runner, plan: RepeatPlan): Promise<Repeated> {
  const { onClones, dataset, ties, lanes, signal } = plan
  const { clones } = runner
  const migrate = async (rows: Dataset, settings?: RunRequest['settings']): Promise<Migrated> =>
    clones.run(async (stage) => {
      const run = await executeRun(subject, stage, {
        regime: 'banded',
        extreme: false,
        filling: { kind: 'dataset', dataset: rows },
        phases: ['up'],
        settings,
        signal,
      })
      return { legacy: run.legacy, migrated: run.migrated }
    })
  const inTransaction = async (rows: Dataset, settings?: RunRequest['settings'], turn = 0) =>
    runner.run(
      subject,
      { regime: 'edge', extreme: false, filling: { kind: 'dataset', dataset: rows }, phases: ['up'], signal, settings },
      turn,
    )
  if (onClones === 'suspected' && runner.need.rung === 'transaction' && (await agree(dataset, ties, inTransaction))) {
    const run = await inTransaction(dataset)
    const { migrated } = run
    if (migrated === undefined) return { look: { seen: [], leftOut: [{ because: failedAgain, upFails: true }] }, ...nothingVaries }
    const alike = { legacy: run.legacy, first: migrated, second: migrated, reordered: undefined, runs: 4 + 2 * ties.length }
    return { look: { seen: [{ seen: alike }] }, ...nothingVaries }
  }
  const thrice = async (rows: Dataset) => {
    const [first, second, reordered] = await allInOrder([rows, rows, opposite(rows)], lanes, (each, at) =>
      migrate(each, at === 2 ? otherPlans : undefined),
    )
    return [first as Migrated, second as Migrated, reordered as Migrated] as const
  }
  const runs = await thrice(dataset)
  const [first, second, reordered] = withoutDrawnAnew(runs)
  if (first === undefined || second === undefined)
    return { look: { seen: [], leftOut: [{ because: failedAgain, upFails: true }] }, ...nothingVaries }
  // What the legacy schema draws anew differs from run to run too, and nobody should compare it.
  const volatile = new Set([
    ...volatileAttributes(first, second).keys(),
    ...(runs[0].migrated === undefined || runs[1].migrated === undefined
      ? []
      : volatileAttributes(runs[0].migrated, runs[1].migrated).keys()),
  ])
  const seen: { readonly seen: Repetition }[] = [{ seen: { legacy: runs[0].legacy, first, second, reordered } }]
  // Ties are rare, so they are looked for where a run is cheap; what differs there is judged on clones, where the clock goes on.
  let shown = false
  const bothWays = inOrder(ties, runner.lanes, async (rows, at) => ({
    rows,
    runs: [await inTransaction(rows, undefined, at), await inTransaction(opposite(rows), otherPlans, at)] as const,
  }))
  for await (const { rows, runs: tied } of bothWays) {
    const [straight, reversed] = withoutDrawnAnew(tied)
    if (straight === undefined || reversed === undefined) continue
    if (volatileAttributes(straight, reversed, true).size === 0 || shown) continue
    const again = await thrice(rows)
    const [once, twice, turned] = withoutDrawnAnew(again)
    if (once === undefined || twice === undefined) continue
    const repetition = { legacy: again[0].legacy, first: once, second: twice, reordered: turned }
    seen.push({ seen: repetition })
    // One data set on which the order of rows decides is enough; a tie that clones do not show is no reason to stop.
    shown = determinism.judge(repetition, { ...subject.knowledge, volatile }).outcome === 'violated'
  }
  const uneven = [...unevenRelations(runs)]
  const [mine, others] = [
    uneven.filter((path) => subject.knowledge.written.has(path)),
    uneven.filter((path) => !subject.knowledge.written.has(path)),
  ]
  return {
    look: {
      seen,
      leftOut: unevenText(mine).map((because) => ({ because })),
      notChecked: unevenText(others).map((text) => `determinism: ${text}`),
    },
    volatile,
    migrated: runs[0].migrated,
  }
}

function unevenText(paths: readonly string[]): readonly string[] {
  return paths.length === 0
    ? []
    : [`not judged of ${paths.join(', ')}: by its triggers the legacy schema holds other rows there for another order`]
}

const failedAgain = 'up failed on the rows that were to be migrated twice'

/**
 * Whether runs in transactions of their own all end alike: on the same rows, and on rows in the opposite order. Each has a time of its own,
 * so that only what changes within one transaction (`clock_timestamp()` apart) stays hidden.
 */
async function agree(
  dataset: Dataset,
  ties: readonly Dataset[],
  run: (rows: Dataset, settings?: RunRequest['settings']) => Promise<Migrated>,
): Promise<boolean> {
  const straightRun = await run(dataset)
  const [first, second] = withoutDrawnAnew([straightRun, await run(dataset)])
  if (first === undefined || second === undefined || volatileAttributes(first, second).size > 0) return false
  for (const rows of [dataset, ...ties]) {
    const [straight, reversed] = withoutDrawnAnew([rows === dataset ? straightRun : await run(rows), await run(opposite(rows), otherPlans)])
    if (straight !== undefined && reversed !== undefined && volatileAttributes(straight, reversed, true).size > 0) return false
  }
  return true
}

function opposite(dataset: Dataset): Dataset {
  return { ...dataset, tables: new Map([...dataset.tables].map(([path, table]) => [path, { ...table, rows: [...table.rows].reverse() }])) }
}
