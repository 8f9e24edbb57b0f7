import { takeEvidence } from '../evidence/take.ts'
import type { RestoreResult } from './model.ts'
import type { RehearseOptions } from './options.ts'

/**
 * The way back by a backup, and how long it takes: the dump that the copy was made of, or evidence of the copy, taken and proven now.
 *
 * @returns Null where nobody asked for evidence.
 * @throws {InputError | EnvironmentError} As `takeEvidence` does; nothing was changed on the copy then.
 */
export async function restoreOf({ copy, reach, evidence, signal, say }: RehearseOptions): Promise<RestoreResult | null> {
  if (copy.restoredMs !== undefined) return { from: copy.place, kind: 'dump', durationMs: copy.restoredMs }
  if (evidence === undefined) return null
  say(`taking evidence in ${evidence}`)
  const { document } = await takeEvidence({
    url: copy.url,
    migrations: [reach],
    folder: evidence,
    all: false,
    dump: true,
    proof: true,
    signed: false,
    signal,
    say: () => undefined,
  })
  return { from: evidence, kind: 'evidence', durationMs: document.proof.outcome === 'proven' ? document.proof.restoreMs : null }
}
