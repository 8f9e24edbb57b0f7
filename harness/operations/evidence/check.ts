import type { Cluster } from '../../postgres/index.ts'
import { type EvidenceDocument, readDocument } from './document.ts'
import { majorToRestoreInto, programsToRead } from './dump.ts'
import { restoreEvidence } from './restore.ts'
import { sumProblems } from './sums.ts'

export interface CheckOptions {
  /** The digest of `SHA256SUMS`, as it was kept elsewhere. */
  readonly digest?: string | undefined
  readonly signal: AbortSignal
  /** A server to restore into, as new as the one that the evidence is of; default a throw-away one. */
  readonly cluster?: Cluster | undefined
}

export interface CheckedEvidence {
  readonly document: EvidenceDocument
  /** Whether `SHA256SUMS` is there. */
  readonly signed: boolean
  /** Version of the throw-away server; undefined where nothing was restored. */
  readonly server: string | undefined
  readonly restored: readonly string[]
  /** Milliseconds that restoring the dump took; null where none was restored. */
  readonly restoreMs: number | null
  /** Whatever is not as it was taken, in sentences that name the file and the table; empty where all is well. */
  readonly problems: readonly string[]
}

/**
 * Check evidence: its `SHA256SUMS`, where it has them, and then whether what is restored from it is what its document says.
 *
 * Files that were changed are not restored: a dump is a program, which the throw-away server would run.
 *
 * @throws {InputError} When the folder holds no evidence.
 * @throws {EnvironmentError} When a program or a server to restore with is missing.
 */
export async function checkEvidence(folder: string, { digest, signal, cluster }: CheckOptions): Promise<CheckedEvidence> {
  const document = await readDocument(folder)
  const { signed, problems } = await sumProblems(folder, digest)
  if (problems.length > 0) return { document, signed, server: undefined, restored: [], restoreMs: null, problems }
  const programs = document.dump === null ? undefined : programsToRead(document.dump)
  if (document.dump === null && document.schema === null)
    return {
      document,
      signed,
      server: undefined,
      restored: [],
      restoreMs: null,
      problems: ['Without a dump there is no schema to restore the CSV files into.'],
    }
  const major = majorToRestoreInto(Math.max(document.server.major, programs?.major ?? 0), document.server.encoding)
  return { document, signed, ...(await restoreEvidence(folder, document, { programs, major, signal, cluster })) }
}
