import type { BenchmarkOutcome, VerifyResult } from '../result/index.ts'

/**
 * What `describeMigration` leaves for the reporter in the meta of its suite. Plain JSON: it goes from the worker to the main process, and
 * through the blob of a shard.
 */
export interface SpecRecord {
  /** As the spec names it. */
  readonly path: string
  /** Null where it could not be verified. */
  readonly result: VerifyResult | null
  readonly error: string | null
  /** Directory that the paths of counterexamples begin with. */
  readonly reportDirectory: string
  /** Text of each counterexample file by its path. */
  readonly counterexamples: readonly (readonly [path: string, text: string])[]
}

/** What `claim` leaves in the meta of its test. */
export interface ClaimRecord {
  readonly id: string
  readonly text: string
  /** The error by which a claim that is known not to hold was refuted again. */
  readonly refutation?: string
}

/** What `benchmarkClaims` leaves in the meta of its benchmark. */
export interface BenchmarkRecord {
  /** The migration, as the benchmark names it. */
  readonly path: string
  readonly outcomes: readonly BenchmarkOutcome[]
}

declare module 'vitest' {
  interface TaskMeta {
    godwit?: SpecRecord
    godwitClaim?: ClaimRecord
    godwitBenchmark?: BenchmarkRecord
  }
}

/** A copy that JSON can hold: evidence may come from elsewhere than our own invariants, and one BigInt would break the blob of a whole shard. */
export function plainJson<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? String(item) : item))) as Value
}
