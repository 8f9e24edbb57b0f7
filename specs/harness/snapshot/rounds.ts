import { median, medianAbsoluteDeviation } from 'simple-statistics'

/** Contenders measured side by side: every round runs each once, in turn, so that what else the machine does falls on all alike. */
export class Rounds {
  readonly #times = new Map<string, number[]>()
  readonly #contenders: Readonly<Record<string, () => Promise<unknown>>>

  constructor(contenders: Readonly<Record<string, () => Promise<unknown>>>) {
    this.#contenders = contenders
  }

  async round(): Promise<void> {
    for (const [name, run] of Object.entries(this.#contenders)) {
      const start = performance.now()
      await run()
      this.#times.set(name, [...(this.#times.get(name) ?? []), performance.now() - start])
    }
  }

  /** Milliseconds of one contender, a number for each round. */
  times(name: string): readonly number[] {
    return this.#times.get(name) ?? []
  }

  /** One line for each contender: milliseconds, and the ratio of each round to `base` as median ± median absolute deviation. */
  report(base: string): string {
    const reference = this.#times.get(base) ?? []
    return [...this.#times]
      .map(([name, times]) => {
        const ratios = times.map((time, at) => time / (reference[at] ?? Number.NaN))
        return `${median(times).toFixed(0).padStart(8)} ms  ${median(ratios).toFixed(2).padStart(6)} ± ${medianAbsoluteDeviation(ratios).toFixed(2)}  ${name}`
      })
      .join('\n')
  }
}
