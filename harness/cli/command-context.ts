import type { VerifyFlags } from './verify-options.ts'

/** What a command of ours is given besides its arguments. */
export interface CommandContext {
  readonly signal: AbortSignal
  readonly setExitCode: (code: number) => void
}

export interface BaselineFlags extends VerifyFlags {
  readonly from?: string
  readonly prune?: true
  readonly base?: string
  readonly includeNew?: true
}

export interface ReportFlags {
  /** Folders that shards wrote. */
  readonly merge?: readonly string[]
}

export interface InitFlags {
  readonly github?: true
  readonly gitlab?: true
  readonly force?: true
}

export interface QueriesFlags extends VerifyFlags {
  readonly out?: string
}

export interface ObserveFlags {
  readonly url?: string
  readonly create?: true
  readonly json?: true
  readonly watch?: true
  /** Milliseconds. */
  readonly every?: number
  /** Milliseconds. */
  readonly badWait?: number
  readonly notify?: string
}
