import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'

/**
 * Digest of everything that decides what becomes of a record: the kinds, the program, and the options of a run. A run that was stopped
 * continues only if its digest is the same.
 */
export function rulesDigest(options: {
  readonly store: string
  readonly only: readonly string[] | undefined
  readonly skipValidation: boolean
}): string {
  const hash = createHash('sha256').update(JSON.stringify([options.store, options.only?.toSorted() ?? null, options.skipValidation]))
  for (const folder of [new URL('../kinds/', import.meta.url), new URL('./', import.meta.url)])
    for (const file of readdirSync(folder).sort())
      hash
        .update(file)
        .update('\0')
        .update(readFileSync(new URL(file, folder)))
  return hash.digest('hex').slice(0, 16)
}
