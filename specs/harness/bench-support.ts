import { availableParallelism, loadavg } from 'node:os'
import { markdownTable } from 'markdown-table'
import { median, medianAbsoluteDeviation } from 'simple-statistics'
import { bench } from 'vitest'

/** What a benchmark is set against: the most it may be, or the least. */
export type Budget = { readonly most: number } | { readonly least: number }

/** One figure measured, once for each round. */
export interface Figure {
  readonly what: string
  readonly values: readonly number[]
  /** After the number: ` ms`, ` s`, ` ×`, ` /s`. */
  readonly unit: string
  readonly budget?: Budget
  /** In the place of values: why there are none. */
  readonly notMeasured?: string
}

/**
 * Measure something and print its figures as a table. `work` runs once, does its own rounds, and closes what it opened: Vitest runs no
 * hooks around benchmarks, and does not wait for an asynchronous teardown.
 */
export function measure(title: string, work: () => Promise<readonly Figure[]>): void {
  // Declared async: what is not is called once more, to see what it returns.
  bench(title, async () => printFigures(title, await work()), { iterations: 1, time: 0, warmupIterations: 0, warmupTime: 0 })
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

/** How many rounds to run; `GODWIT_BENCH_ROUNDS` overrides the default of a benchmark. */
export function roundsOr(usual: number): number {
  return Number(process.env.GODWIT_BENCH_ROUNDS ?? usual)
}

function row({ what, values, unit, budget, notMeasured }: Figure): string[] {
  const limit = budget === undefined ? '' : 'most' in budget ? `≤ ${budget.most}${unit}` : `≥ ${budget.least}${unit}`
  if (values.length === 0) return [what, '–', '', '', '0', limit, `not measured: ${notMeasured ?? 'no round was run'}`]
  const figure = (value: number) => value.toFixed(digitsFor(value))
  const middle = median([...values])
  const kept = budget === undefined ? '' : ('most' in budget ? middle <= budget.most : middle >= budget.least) ? 'kept' : 'MISSED'
  const extremes = `${figure(Math.min(...values))} … ${figure(Math.max(...values))}`
  return [what, `${figure(middle)}${unit}`, figure(medianAbsoluteDeviation([...values])), extremes, String(values.length), limit, kept]
}

function digitsFor(value: number): number {
  return value >= 100 ? 0 : value >= 10 ? 1 : 2
}
