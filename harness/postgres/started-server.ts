import type { ClusterAddress } from './cluster.ts'

/** A server that answers, before anything is said about databases in it. */
export interface StartedServer {
  readonly address: ClusterAddress
  /** Gives back all that was made for it. */
  stop(): Promise<void>
  /** Undefined for a server that is not ours to kill. */
  crash?(): Promise<void>
}

export interface StartOptions {
  readonly startupTimeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Server settings over those of a throwaway server, e.g. durable ones when a crash is the subject. */
  readonly onDisk: boolean
  readonly settings: Readonly<Record<string, string>>
  readonly allowAnyServer: boolean
  readonly clock: StageClock
}

/** Names the parts of a start as they end. */
export class StageClock {
  readonly #laps: Record<string, number> = {}
  #last = performance.now()

  lap(stage: string): void {
    const now = performance.now()
    this.#laps[stage] = Math.round((now - this.#last) * 10) / 10
    this.#last = now
  }

  /** Milliseconds by stage. */
  get laps(): Readonly<Record<string, number>> {
    return this.#laps
  }
}
