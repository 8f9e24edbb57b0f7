import type { History } from '../formats/index.ts'
import { rulesDigest } from '../invariants/index.ts'
import type { Passage } from '../lineage/index.ts'
import { codeDigest } from '../package.ts'
import type { MigrationResult } from '../result/index.ts'
import { sha256 } from '../run/index.ts'
import type { Counterexample, SavedRows, VerifyOptions } from '../verify/index.ts'
import { hasSeen, openEntry, sealedEntry, seenRows } from './cache-entry.ts'
import { rebaseVerdict, type ShownPaths, shownPaths } from './rebase-verdict.ts'
import { configDigest } from './seed-text.ts'
import { stepDigest } from './step-digest.ts'
import type { VerdictStore } from './store/verdict-store.ts'

/** What was found out about one step. */
export interface StepVerdict {
  readonly result: MigrationResult
  readonly passage: Passage
  readonly counterexamples: ReadonlyMap<string, Counterexample>
}

/** Verdicts of earlier runs, bound to everything that they depend on: all files up to the step, options, seed, server, rules, version. */
export class VerdictCache {
  readonly #store: VerdictStore | undefined
  readonly #keys: readonly string[]
  readonly #shown: (at: number) => ShownPaths
  readonly #saved: (at: number) => readonly SavedRows[]
  readonly #writes: Promise<void>[] = []

  constructor(store: VerdictStore | undefined, { options, history, server, environment, alone }: CachedFor) {
    // A random seed asks for new runs.
    this.#store = options.seed === 'random' ? undefined : store
    this.#saved = (at) => options.saved?.get(history.steps[at]?.name ?? '') ?? []
    this.#shown = (at) => shownPaths(history, at, options)
    const base = [
      // Nothing is read where nothing is kept.
      this.#store === undefined ? '' : codeDigest(),
      rulesDigest(options.invariants),
      server,
      // A contract counts for its own step and those after it.
      configDigest({ ...options, contracts: undefined }),
      history.format,
      alone ? 'as thoroughly as a migration of its own' : 'as one of many',
      ...environment,
    ].join('\u0000')
    let chain = sha256(base)
    this.#keys = history.steps.map((step) => {
      chain = sha256([chain, stepDigest(step), JSON.stringify(options.contracts?.[step.name] ?? null)].join('\u0000'))
      return chain
    })
  }

  async read(at: number): Promise<StepVerdict | undefined> {
    const key = this.#keys[at]
    const text = key === undefined ? undefined : await this.#store?.read(key)
    const body = key === undefined || text === undefined ? undefined : openEntry(key, text)
    if (body === undefined) return undefined
    const saved = JSON.parse(body) as {
      shown: ShownPaths
      seen: readonly string[]
      result: MigrationResult
      passage: Passage
      counterexamples: [string, Counterexample][]
    }
    const { result, passage, counterexamples, seen } = saved
    if (!hasSeen(seen, this.#saved(at))) return undefined
    const verdict = { result: { ...result, cached: true }, passage, counterexamples: new Map(counterexamples) }
    return rebaseVerdict(verdict, saved.shown, this.#shown(at))
  }

  /** Begin to keep a verdict; no step waits for a store that is far away. */
  write(at: number, verdict: StepVerdict): void {
    const key = this.#keys[at]
    if (this.#store === undefined || key === undefined) return
    const seen = seenRows(this.#saved(at), verdict.counterexamples)
    const body = JSON.stringify({ ...verdict, shown: this.#shown(at), seen, counterexamples: [...verdict.counterexamples] })
    this.#writes.push(this.#store.write(key, sealedEntry(key, body)))
  }

  /** Wait for all that was begun. */
  async written(): Promise<void> {
    await Promise.all(this.#writes)
  }
}

/** What verdicts depend on beside the steps. */
interface CachedFor {
  readonly options: VerifyOptions
  readonly history: History
  readonly server: string
  readonly environment: readonly string[]
  /** Whether each step is looked at as thoroughly as a migration of its own. */
  readonly alone: boolean
}
