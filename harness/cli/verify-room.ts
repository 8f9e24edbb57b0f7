import { EnvironmentError } from '../errors.ts'
import type { VerifyResult } from '../verify/index.ts'
import type { ProgressEvent } from './progress.ts'

export interface VerifyOptions {
  readonly runs?: number
  readonly rows?: number
  readonly seed?: string
  readonly postgres?: string
  readonly failOn?: 'error' | 'warning'
  readonly only?: readonly string[]
  readonly timeLimitMs?: number
  readonly runAs?: string
  readonly prelude?: string
  readonly skipExtensions?: readonly string[]
  readonly format?: string
  readonly reportDirectory?: string
  readonly saved?: ReadonlyMap<string, readonly string[]>
}

export interface VerifyHooks {
  onProgress?(event: ProgressEvent): void
  readonly signal?: AbortSignal
}

/** The part of verify/ that the command uses. */
export interface VerifyRoom {
  verify(
    paths: readonly string[],
    options: VerifyOptions,
    hooks: VerifyHooks,
  ): Promise<{ readonly result: VerifyResult; readonly counterexamples: ReadonlyMap<string, string> }>
  replay(file: string, options: VerifyOptions, hooks: VerifyHooks): Promise<{ readonly violates: boolean; readonly message: string }>
}

/** Load verify/ and all below it: only once a command wants it, for it is most of the start-up time. */
export async function loadVerifyRoom(): Promise<VerifyRoom> {
  const room: Partial<VerifyRoom> = await import('../verify/index.ts')
  const { verify, replay } = room
  if (verify === undefined || replay === undefined) throw new EnvironmentError('this version of godwit cannot verify yet')
  return { verify, replay }
}
