import * as vitest from 'vitest'
import { type BenchmarkOutcome, type Contenders, measureInTurn as measureRounds, ratiosOf } from '../result/index.ts'
import { plainJson } from './spec-record.ts'

/**
 * A benchmark on which claims of a migration rest, for `vitest bench`. `godwit/reporter` judges the claims by what it measured, and leaves the
 * reports.
 *
 * @param path  Folder of the migration, from the working directory.
 * @param work  Runs once, does its own rounds, and closes what it opened: Vitest runs no hooks around benchmarks.
 */
export function benchmarkClaims(path: string, title: string, work: () => Promise<readonly BenchmarkOutcome[]>): void {
  const measured = async (task: { readonly meta: vitest.TaskMeta } | undefined) => {
    const outcomes = await work()
    if (task !== undefined) task.meta.godwitBenchmark = plainJson({ path, outcomes })
  }
  // From Vitest 5 on a benchmark is a test in a file of benchmarks.
  if (!('bench' in vitest)) {
    vitest5(title, { timeout: 0 }, ({ task }) => measured(task))
    return
  }
  // Declared async: what is not is called once more, to see what it returns.
  vitest.bench(title, async () => measured(task), { iterations: 1, time: 0, warmupIterations: 0, warmupTime: 0 })
  const last = vitest.TestRunner.getCurrentSuite().tasks.at(-1)
  const task = last !== undefined && 'meta' in last ? last : undefined
}

/** Apart, since for the version that is installed `'bench' in vitest` leaves nothing of `vitest`. */
const vitest5 = vitest.test

/**
 * Measure a contender against a base: each round runs the base, the contender, and the base once more, so that what else the machine does falls on
 * all alike. The second base to the first is the control: without noise it is 1. One round more, which warms caches, is left out.
 *
 * @param name  As the contract names the benchmark.
 * @param rounds  At least 6 for a claim to be held or refuted.
 */
export async function measureInTurn(name: string, contenders: Contenders, rounds = 9): Promise<BenchmarkOutcome> {
  return { name, ...ratiosOf(await measureRounds(contenders, (measured) => measured.length < rounds)) }
}
