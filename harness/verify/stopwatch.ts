/** Adds up how long named stages take, in milliseconds. */
export interface Stopwatch {
  time<Result>(stage: string, work: () => Promise<Result>): Promise<Result>
  timings(): Readonly<Record<string, number>>
}

export function stopwatch(): Stopwatch {
  const spent = new Map<string, number>()
  return {
    async time(stage, work) {
      const started = performance.now()
      try {
        return await work()
      } finally {
        spent.set(stage, (spent.get(stage) ?? 0) + performance.now() - started)
      }
    },
    timings: () => Object.fromEntries([...spent].map(([stage, ms]) => [stage, Math.round(ms * 10) / 10])),
  }
}
