import type { Finding } from './finding.ts'

/** What an invariant has seen: the guard against a vacuous pass. */
export interface Saw {
  readonly relations: number
  readonly rows: number
  readonly cells: number
  readonly runs: number
}

/** What an invariant says of one observation. `unknown` never counts as a pass. */
export type Verdict =
  | { readonly outcome: 'holds'; readonly saw: Saw; readonly notes?: readonly Finding[] }
  | { readonly outcome: 'violated'; readonly findings: readonly [Finding, ...Finding[]]; readonly saw: Saw }
  | {
      readonly outcome: 'unknown'
      readonly because: string /** Whether no other observation can make up for it. */
      readonly lasting?: boolean
      readonly saw: Saw
      readonly notes?: readonly Finding[]
    }
  | { readonly outcome: 'not-applicable'; readonly because: string }
