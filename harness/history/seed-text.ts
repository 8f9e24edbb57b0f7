import { randomBytes } from 'node:crypto'
import { sha256 } from '../run/index.ts'
import type { VerifyOptions } from '../verify/index.ts'

/** The seed of a run as a text: what the caller said, a random one, or a digest of the files and the options that matter. */
export function seedText(options: VerifyOptions, digests: readonly string[]): string {
  if (options.seed === 'random') return randomBytes(8).toString('hex')
  return options.seed ?? sha256([...digests, configDigest(options)].join('\n')).slice(0, 16)
}

/** Digest of the options that a verdict depends on. */
export function configDigest(options: VerifyOptions): string {
  const { runs, rows, failOn, only, runAs, prelude, skipExtensions, format, online } = options
  return sha256(JSON.stringify({ runs, rows, failOn, only, runAs, prelude, skipExtensions, format, online }))
}
