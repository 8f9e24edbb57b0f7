import { createHash, randomBytes } from 'node:crypto'
import type { VerifyOptions } from './options.ts'

/** The seed of a run as a text: what the caller said, a random one, or a digest of the files and the options that matter. */
export function seedText(options: VerifyOptions, digests: readonly string[]): string {
  if (options.seed === 'random') return randomBytes(8).toString('hex')
  return options.seed ?? sha256([...digests, configDigest(options)].join('\n')).slice(0, 16)
}

/** A 31-bit seed for one purpose, from the text: the same text and purpose give the same number. */
export function seedNumber(seed: string, purpose: string): number {
  return Number.parseInt(sha256(`${seed}\u0000${purpose}`).slice(0, 8), 16) & 0x7fff_ffff
}

/** Digest of the options that a verdict depends on. */
export function configDigest(options: VerifyOptions): string {
  const { runs, rows, failOn, only, runAs, prelude, skipExtensions, format, online } = options
  return sha256(JSON.stringify({ runs, rows, failOn, only, runAs, prelude, skipExtensions, format, online }))
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
