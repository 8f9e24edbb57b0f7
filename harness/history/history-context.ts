import type { VerifyHooks, VerifyOptions } from '../verify/index.ts'
import type { StepsToVerify } from './deal.ts'
import type { VerdictStore } from './store/verdict-store.ts'

/** What a source is verified with. */
export interface HistoryContext {
  readonly options: VerifyOptions
  readonly seed: string
  readonly hooks: VerifyHooks
  /** Of verdicts; undefined where none are kept. */
  readonly store: VerdictStore | undefined
  /** The steps of this machine, of those to verify; undefined for all of them. */
  readonly share: ((steps: StepsToVerify) => ReadonlySet<number>) | undefined
}
