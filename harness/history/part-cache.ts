import { readPreludes } from '../environment/index.ts'
import type { History, HistoryStep } from '../formats/index.ts'
import { rulesDigest } from '../invariants/index.ts'
import { type Migration, shownPath } from '../migration/index.ts'
import { codeDigest } from '../package.ts'
import { sha256 } from '../run/index.ts'
import type { VerifyOptions } from '../verify/index.ts'
import { hasSeen, openEntry, sealedEntry, seenRows } from './cache-entry.ts'
import type { Selection } from './history.ts'
import type { HistoryPart, PairPart } from './parts.ts'
import { configDigest } from './seed-text.ts'
import { stepDigest } from './step-digest.ts'
import type { VerdictStore } from './store/verdict-store.ts'

/** A part that an earlier run made, and the version of the server that it was made on. */
export interface KnownPart<Part> {
  readonly part: Part
  readonly version: string
}

/** Where a part is kept. */
export interface Kept<Part> {
  readonly read: () => Promise<KnownPart<Part> | undefined>
  /** Begin to keep it; nothing waits for a store that is far away. */
  readonly write: (part: Part, version: string) => void
}

interface Entry<Part> extends KnownPart<Part> {
  /** By the name of the step. */
  readonly seen: readonly (readonly [step: string, rows: readonly string[]])[]
}

/** What parts depend on beside their own files. */
interface PartsOf {
  readonly options: VerifyOptions
  readonly seed: string
  /** What tells the server's programs from others before it runs; undefined where that is not known, and nothing is kept. */
  readonly server: string | undefined
}

/**
 * A pair, or a whole history, as an earlier run found it, where nothing has changed that it depends on: for it no server is started.
 *
 * Not kept: what programs do, since they may load files that are not known here; what a time limit cut; what did not apply.
 */
export class PartCache {
  readonly #store: VerdictStore | undefined
  readonly #about: PartsOf
  readonly #writes: Promise<void>[] = []

  constructor(store: VerdictStore | undefined, about: PartsOf) {
    const { options, server } = about
    const { seed, timeLimitMs, performance } = options
    // A random seed asks for new runs, a limit may have cut others, and what a clock said may be said otherwise at a better time.
    const asksAnew = seed === 'random' || timeLimitMs !== undefined || performance !== undefined
    this.#store = asksAnew || server === undefined ? undefined : store
    this.#about = about
  }

  async pair(migration: Migration, path: string): Promise<Kept<PairPart>> {
    const { name, digest, contract, legacy, legacyData, up, down } = migration
    if ([up, down].some(isProgram)) return notKept
    const files = [...legacy, ...legacyData].map(({ file }) => file)
    return this.#kept(['pair', path, name, shownPath(migration.path), files, digest, contract], { platform: undefined })
  }

  async history(history: History, { selected, dealt }: Selection): Promise<Kept<HistoryPart>> {
    if (history.steps.some(({ up, down }) => [up, down].some(isProgram))) return notKept
    const { steps, path, ...about } = history
    const told = ['history', path, { ...about, root: shownPath(history.root) }, steps.map(stepText), [...selected], [...dealt]]
    return this.#kept(told, history)
  }

  /** Wait for all that was begun to be written. */
  async written(): Promise<void> {
    await Promise.all(this.#writes)
  }

  async #kept<Part extends PairPart | HistoryPart>(told: readonly unknown[], { platform }: Pick<History, 'platform'>): Promise<Kept<Part>> {
    const store = this.#store
    if (store === undefined) return notKept
    const { options, seed, server } = this.#about
    const { files } = await readPreludes({ platform, prelude: options.prelude })
    const key = sha256(
      JSON.stringify([
        'part',
        codeDigest(),
        rulesDigest(options.invariants),
        server,
        configDigest(options),
        options.reportDirectory,
        seed,
        files.map(({ file, text }) => [file, text]),
        ...told,
      ]),
    )
    return {
      read: async () => {
        const text = await store.read(key)
        const body = text === undefined ? undefined : openEntry(key, text)
        if (body === undefined) return undefined
        const { part, version, seen } = JSON.parse(body) as Entry<Part>
        if (!seen.every(([step, rows]) => hasSeen(rows, options.saved?.get(step) ?? []))) return undefined
        return { part: asCached(part), version }
      },
      write: (part, version) => {
        if ('steps' in part && (part.brokenAt !== null || part.cut !== null)) return
        const verdicts: readonly Omit<PairPart, 'notes'>[] = 'steps' in part ? part.steps : [part]
        const seen = verdicts.map(
          ({ result, counterexamples }) => [result.name, seenRows(options.saved?.get(result.name) ?? [], counterexamples)] as const,
        )
        this.#writes.push(store.write(key, sealedEntry(key, JSON.stringify({ part, version, seen } satisfies Entry<Part>))))
      },
    }
  }
}

const notKept = { read: async () => undefined, write: () => undefined }

function isProgram(step: Pick<HistoryStep['up'], 'kind'> | undefined): boolean {
  return step?.kind === 'program'
}

function stepText(step: HistoryStep): unknown {
  const { version, path, files, batch } = step
  return [stepDigest(step), version, shownPath(path), files.map(shownPath), batch]
}

function asCached<Part extends PairPart | HistoryPart>(part: Part): Part {
  if (!('steps' in part)) return { ...part, result: { ...part.result, cached: true } }
  return { ...part, steps: part.steps.map((step) => ({ ...step, result: { ...step.result, cached: true } })) }
}
