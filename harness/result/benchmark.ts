import type { Budget } from '../migration/index.ts'
import type { Ruling } from './ground.ts'

/** What a benchmark measured: ratios of rounds, and the same for two measurements of one and the same work (the control, A/A). */
export interface BenchmarkOutcome {
  readonly name: string
  /** One for each round. */
  readonly ratios: readonly number[]
  /** Ratios of equal work: without noise each is 1. */
  readonly control: readonly number[]
}

/** Below so many rounds no two of them enclose the median with 95 % confidence. */
export const fewestRounds = 6

/**
 * What a benchmark says of the claim that rests on it. Noise neither holds nor refutes it:
 * held where the interval of the ratio keeps the budget as a whole; refuted where even its better end misses the budget by more than the
 * control strays from 1; else it is too noisy to tell.
 */
export function judgeBenchmark(budget: Budget, { ratios, control }: BenchmarkOutcome): Ruling {
  const measured = medianInterval(ratios)
  const equal = medianInterval(control)
  const wanted = 'most' in budget ? `at most ${budget.most}` : `at least ${budget.least}`
  if (measured === undefined || equal === undefined) {
    const rounds = Math.min(ratios.length, control.length)
    return { state: 'not-checked', because: `Too few rounds to tell: ${rounds} of at least ${fewestRounds} (budget: ${wanted}).` }
  }
  const spread = Math.max(Math.abs(equal.low - 1), Math.abs(equal.high - 1))
  const facts = `${shown(measured.median)} (${shown(measured.low)} to ${shown(measured.high)}) in ${ratios.length} rounds; budget: ${wanted}; equal work differs by up to ${shown(spread * 100)} %`
  if (keeps(budget, measured.low) && keeps(budget, measured.high))
    return { state: 'held', because: `The ratio keeps its budget: ${facts}.` }
  const margin = 1 + spread
  const better = 'most' in budget ? measured.low / margin : measured.high * margin
  if (!keeps(budget, better)) return { state: 'refuted', because: `The ratio misses its budget: ${facts}.` }
  return { state: 'not-checked', because: `Too noisy to tell: ${facts}.` }
}

function keeps(budget: Budget, ratio: number): boolean {
  return 'most' in budget ? ratio <= budget.most : ratio >= budget.least
}

interface Interval {
  readonly low: number
  readonly median: number
  readonly high: number
}

/** The median, and two of the values that enclose the true one with at least 95 % confidence, whatever the distribution. */
export function medianInterval(values: readonly number[]): Interval | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const count = sorted.length
  if (count < fewestRounds || sorted.some((each) => !Number.isFinite(each))) return undefined
  // How many values lie below the true median is binomial with p = 1/2: leave out 2.5 % at either end.
  let rank = 0
  let below = 0
  let probability = 0.5 ** count
  while (below + probability <= 0.025) {
    below += probability
    rank += 1
    probability = (probability * (count - rank + 1)) / rank
  }
  const at = (index: number) => sorted[index] ?? Number.NaN
  const median = (at(Math.floor((count - 1) / 2)) + at(Math.ceil((count - 1) / 2))) / 2
  return { low: at(rank - 1), median, high: at(count - rank) }
}

function shown(value: number): string {
  return value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString()
}
