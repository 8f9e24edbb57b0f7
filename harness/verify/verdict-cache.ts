import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { History } from '../migration/index.ts'
import type { Counterexample } from './counterexample.ts'
import { rulesVersion, type VerifyOptions } from './options.ts'
import type { Passage } from './passage.ts'
import type { MigrationResult } from './result.ts'
import { configDigest, sha256 } from './seed.ts'

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

  constructor(
    { options, seed }: { readonly options: VerifyOptions; readonly seed: string },
    history: History,
    server: string,
    environment: readonly string[],
  ) {
    // A random seed asks for new runs.
    this.#directory = options.seed === 'random' ? undefined : options.cacheDirectory
    const declared = options.seed === undefined ? '' : seed
    const base = [rulesVersion, server, configDigest({ ...options, only: undefined }), declared, history.format, ...environment].join(
      '\u0000',
    )
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
      const saved = JSON.parse(text) as { result: MigrationResult; passage: Passage; counterexamples: [string, Counterexample][] }
      return { result: { ...saved.result, cached: true }, passage: saved.passage, counterexamples: new Map(saved.counterexamples) }
    } catch {
      // Half-written by a run that was killed: made anew.
      return undefined
    }
  }

  async write(at: number, verdict: StepVerdict): Promise<void> {
    const file = this.#fileOf(at)
    if (file === undefined) return
    await mkdir(dirname(file), { recursive: true })
    const own = `${file}.${process.pid}`
    await writeFile(own, JSON.stringify({ ...verdict, counterexamples: [...verdict.counterexamples] }))
    await rename(own, file)
  }

  #fileOf(at: number): string | undefined {
    const key = this.#keys[at]
    return this.#directory === undefined || key === undefined ? undefined : join(this.#directory, key.slice(0, 2), `${key}.json`)
  }
}
