import { availableParallelism, loadavg } from 'node:os'
import { markdownTable } from 'markdown-table'
import { median, medianAbsoluteDeviation } from 'simple-statistics'
import { bench } from 'vitest'
import { judgeBenchmark } from '../../harness/result/index.ts'
import { benchmarkClaims } from '../../harness/vitest/index.ts'

/** What a benchmark is set against: the most it may be, or the least. */
export type Budget = { readonly most: number } | { readonly least: number }

/** One figure measured, once for each round. */
export interface Figure {
  readonly what: string
  readonly values: readonly number[]
  /** After the number: ` ms`, ` s`, ` ×`, ` /s`. */
  readonly unit: string
  readonly budget?: Budget
  /** Ratios of equal work in the same rounds: a claim may rest on a figure that has them. */
  readonly control?: readonly number[]
  /** In the place of values: why there are none. */
  readonly notMeasured?: string
}

/**
 * Measure something and print its figures as a table. `work` runs once, does its own rounds, and closes what it opened: Vitest runs no
 * hooks around benchmarks, and does not wait for an asynchronous teardown.
 *
 * @param migration  Folder of the migration whose claims rest on the figures that have a control.
 */
export function measure(title: string, work: () => Promise<readonly Figure[]>, migration?: string): void {
  const measured = async () => {
    const figures = await work()
    printFigures(title, figures)
    return figures.flatMap(({ what, values, control }) => (control === undefined ? [] : [{ name: what, ratios: values, control }]))
  }
  if (migration !== undefined) benchmarkClaims(migration, title, measured)
  // Declared async: what is not is called once more, to see what it returns.
  else bench(title, async () => void (await measured()), { iterations: 1, time: 0, warmupIterations: 0, warmupTime: 0 })
}

/** Print figures as a table: median, spread, extremes, and whether the median keeps the budget; the load of the machine stands beside it. */
function printFigures(title: string, figures: readonly Figure[]): void {
  const head = ['', 'median', '± MAD', 'min … max', 'rounds', 'budget', '']
  const table = markdownTable([head, ...figures.map(row)], { align: ['l', 'r', 'r', 'r', 'r', 'r', 'l'] })
  const load = loadavg().map((each) => each.toFixed(1))
  console.log(
    `${title}\n(${availableParallelism()} cores; load over 1, 5, 15 min: ${load.join(', ')}; Node ${process.version})\n\n${table}\n`,
  )
}

/** The ratio of each round to the same round of `base`: what else the machine did then fell on both. */
export function ratios(times: readonly number[], base: readonly number[]): readonly number[] {
  return times.map((time, at) => time / (base[at] ?? Number.NaN))
}

/** The control of a figure that is no comparison: each round to the one before it, which did the same. */
export function roundToRound(values: readonly number[]): readonly number[] {
  return ratios(values.slice(1), values)
}

/** How many rounds to run; `GODWIT_BENCH_ROUNDS` overrides the default of a benchmark. */
export function roundsOr(usual: number): number {
  return Number(process.env.GODWIT_BENCH_ROUNDS ?? usual)
}

function row({ what, values, unit, budget, control, notMeasured }: Figure): string[] {
  const limit = budget === undefined ? '' : 'most' in budget ? `≤ ${budget.most}${unit}` : `≥ ${budget.least}${unit}`
  if (values.length === 0) return [what, '–', '', '', '0', limit, `not measured: ${notMeasured ?? 'no round was run'}`]
  const figure = (value: number) => value.toFixed(digitsFor(value))
  const middle = median([...values])
  const kept = budget === undefined ? '' : ('most' in budget ? middle <= budget.most : middle >= budget.least) ? 'kept' : 'MISSED'
  const judged =
    budget === undefined || control === undefined ? kept : judgedWord[judgeBenchmark(budget, { name: what, ratios: values, control }).state]
  const extremes = `${figure(Math.min(...values))} … ${figure(Math.max(...values))}`
  return [what, `${figure(middle)}${unit}`, figure(medianAbsoluteDeviation([...values])), extremes, String(values.length), limit, judged]
}

const judgedWord = { held: 'kept', refuted: 'MISSED', 'not-checked': 'too noisy to tell' } as const

function digitsFor(value: number): number {
  if (value > 0 && value < 0.1) return 4
  return value >= 100 ? 0 : value >= 10 ? 1 : 2
}
