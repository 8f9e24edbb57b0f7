import type { Dataset } from '../../data/index.ts'
import type { Subject } from '../../lineage/index.ts'
import type { Verdict } from '../../result/index.ts'
import type { CloneStages, Runner } from '../../run/index.ts'
import { allInOrder, executeRun, inOrder, type RunRequest, type State } from '../../run/index.ts'
import { type Migrated, unevenRelations, withoutDrawnAnew } from './drawn-anew.ts'
import { determinism, volatileAttributes } from './judge.ts'

const mostConfirmations = 3

/** Another order of rows is hidden where an index gives them in its own: a planner may do without, on other statistics. */
const otherPlans = { enable_indexscan: 'off', enable_indexonlyscan: 'off', enable_bitmapscan: 'off', enable_mergejoin: 'off' } as const

/** What repetitions of one migration on the same rows told. */
export interface Repeated {
  readonly verdicts: readonly Verdict[]
  /** Migrated attributes (paths) that differ from run to run. */
  readonly volatile: ReadonlySet<string>
  /** What the first repetition ended in, on a clone. */
  readonly migrated: State | undefined
  /** What the repetitions could not tell. */
  readonly notChecked: readonly string[]
}

/**
 * Migrate the same rows on clones of their own: twice as they are, once inserted in the opposite order; rows with ties (duplicates, equal
 * times) in either order. Rung 1 never decides this: its
 * clock stands still, and its transactions see one snapshot of the sequences.
 */
export async function repeatRuns(
  subject: Subject,
  onClones: 'always' | 'suspected',
  clones: CloneStages,
  dataset: Dataset,
  ties: readonly Dataset[],
  runner: Runner,
  lanes: number,
  signal: AbortSignal | undefined,
): Promise<Repeated> {
  const migrate = async (rows: Dataset, settings?: RunRequest['settings']): Promise<Migrated> =>
    clones.run(async (stage) => {
      const run = await executeRun(subject, stage, {
        regime: 'banded',
        extreme: false,
        filling: { kind: 'dataset', dataset: rows },
        until: 'up',
        settings,
        signal,
      })
      return { legacy: run.legacy, migrated: run.migrated }
    })
  const inTransaction = async (rows: Dataset, settings?: RunRequest['settings'], turn = 0) =>
    runner.run(
      subject,
      { regime: 'edge', extreme: false, filling: { kind: 'dataset', dataset: rows }, until: 'up', signal, settings },
      turn,
    )
  if (onClones === 'suspected' && runner.need.rung === 'transaction' && (await agree(dataset, ties, inTransaction))) {
    const saw = sawOf((await inTransaction(dataset)).migrated, 4 + 2 * ties.length)
    return {
      verdicts: [saw.rows === 0 ? { outcome: 'unknown', because: 'no migrated row was seen', saw } : { outcome: 'holds', saw }],
      volatile: new Set(),
      migrated: undefined,
      notChecked: [],
    }
  }
  const thrice = async (rows: Dataset) => {
    const [first, second, reordered] = await allInOrder([rows, rows, opposite(rows)], lanes, (each, at) =>
      migrate(each, at === 2 ? otherPlans : undefined),
    )
    return [first as Migrated, second as Migrated, reordered as Migrated] as const
  }
  const runs = await thrice(dataset)
  const [first, second, reordered] = withoutDrawnAnew(runs)
  if (first === undefined || second === undefined) {
    const saw = { relations: 0, rows: 0, cells: 0, runs: 0 }
    return {
      verdicts: [{ outcome: 'unknown', because: 'up failed on the rows that were to be migrated twice', saw }],
      volatile: new Set(),
      migrated: undefined,
      notChecked: [],
    }
  }
  const { knowledge } = subject
  // What the legacy schema draws anew differs from run to run too, and nobody should compare it.
  const volatile = new Set([
    ...volatileAttributes(first, second).keys(),
    ...(runs[0].migrated === undefined || runs[1].migrated === undefined
      ? []
      : volatileAttributes(runs[0].migrated, runs[1].migrated).keys()),
  ])
  const verdicts = [determinism.judge({ legacy: runs[0].legacy, first, second, reordered, knowledge })]
  // Ties are rare, so they are looked for where a run is cheap; what differs there is judged on clones, where the clock goes on.
  let confirmations = 0
  const bothWays = inOrder(ties, runner.lanes, async (rows, at) => ({
    rows,
    runs: [await inTransaction(rows, undefined, at), await inTransaction(opposite(rows), otherPlans, at)] as const,
  }))
  for await (const { rows, runs: tied } of bothWays) {
    const [straight, reversed] = withoutDrawnAnew(tied)
    if (straight === undefined || reversed === undefined) continue
    if (volatileAttributes(straight, reversed, true).size === 0 || confirmations >= mostConfirmations) continue
    confirmations += 1
    const again = await thrice(rows)
    const [once, twice, turned] = withoutDrawnAnew(again)
    if (once === undefined || twice === undefined) continue
    verdicts.push(
      determinism.judge({
        legacy: again[0].legacy,
        first: once,
        second: twice,
        reordered: turned,
        knowledge: { ...knowledge, volatile },
      }),
    )
  }
  const uneven = [...unevenRelations(runs)]
  return {
    verdicts,
    volatile,
    migrated: runs[0].migrated,
    notChecked:
      uneven.length === 0
        ? []
        : [`determinism: not judged of ${uneven.join(', ')}: by its triggers the legacy schema holds other rows there for another order`],
  }
}

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

function sawOf(state: State | undefined, runs: number) {
  const tables = [...(state?.rows.values() ?? [])]
  return {
    relations: tables.length,
    rows: tables.reduce((sum, table) => sum + table.rows.length, 0),
    cells: tables.reduce((sum, table) => sum + table.rows.length * table.attributes.length, 0),
    runs,
  }
}

function opposite(dataset: Dataset): Dataset {
  return { ...dataset, tables: new Map([...dataset.tables].map(([path, table]) => [path, { ...table, rows: [...table.rows].reverse() }])) }
}
