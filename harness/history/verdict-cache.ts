import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { History } from '../formats/index.ts'
import { rulesDigest } from '../invariants/index.ts'
import type { Passage } from '../lineage/index.ts'
import type { MigrationResult } from '../result/index.ts'
import { sha256 } from '../run/index.ts'
import type { Counterexample, VerifyOptions } from '../verify/index.ts'
import { rebaseVerdict, type ShownPaths, shownPaths } from './rebase-verdict.ts'
import { configDigest } from './seed-text.ts'

/** What was found out about one step. */
export interface StepVerdict {
  readonly result: MigrationResult
  readonly passage: Passage
  readonly counterexamples: ReadonlyMap<string, Counterexample>
}

/** Verdicts of earlier runs, bound to everything that they depend on: all files up to the step, options, seed, server, rules. */
export class VerdictCache {
  readonly #directory: string | undefined
  readonly #keys: readonly string[]
  readonly #shown: (at: number) => ShownPaths

  constructor(options: VerifyOptions, history: History, server: string, environment: readonly string[]) {
    // A random seed asks for new runs.
    this.#directory = options.seed === 'random' ? undefined : options.cacheDirectory
    this.#shown = (at) => shownPaths(history, at, options)
    const base = [
      rulesDigest(options.invariants),
      server,
      // A contract counts for its own step and those after it.
      configDigest({ ...options, contracts: undefined }),
      history.format,
      ...environment,
    ].join('\u0000')
    let chain = sha256(base)
    this.#keys = history.steps.map((step) => {
      chain = sha256([chain, step.name, step.digest, JSON.stringify(options.contracts?.[step.name] ?? null)].join('\u0000'))
      return chain
    })
  }

  async read(at: number): Promise<StepVerdict | undefined> {
    const file = this.#fileOf(at)
    if (file === undefined) return undefined
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text === undefined) return undefined
    try {
      const saved = JSON.parse(text) as {
        shown: ShownPaths
        result: MigrationResult
        passage: Passage
        counterexamples: [string, Counterexample][]
      }
      const { result, passage, counterexamples } = saved
      const verdict = { result: { ...result, cached: true }, passage, counterexamples: new Map(counterexamples) }
      return rebaseVerdict(verdict, saved.shown, this.#shown(at))
    } catch {
      // Half-written by a run that was killed, or by an older version: made anew.
      return undefined
    }
  }

  async write(at: number, verdict: StepVerdict): Promise<void> {
    const file = this.#fileOf(at)
    if (file === undefined) return
    await mkdir(dirname(file), { recursive: true })
    const own = `${file}.${process.pid}`
    await writeFile(own, JSON.stringify({ ...verdict, shown: this.#shown(at), counterexamples: [...verdict.counterexamples] }))
    await rename(own, file)
  }

  #fileOf(at: number): string | undefined {
    const key = this.#keys[at]
    return this.#directory === undefined || key === undefined ? undefined : join(this.#directory, key.slice(0, 2), `${key}.json`)
  }
}
