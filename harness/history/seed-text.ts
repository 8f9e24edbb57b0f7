import { randomBytes } from 'node:crypto'
import { sha256 } from '../run/index.ts'
import { type VerifyOptions, whatAffects } from '../verify/index.ts'

/** The seed of a run as a text: what the caller said, a random one, or a digest of the files and the options that matter. */
export function seedText(options: VerifyOptions, digests: readonly string[]): string {
  if (options.seed === 'random') return randomBytes(8).toString('hex')
  return options.seed ?? sha256([...digests, configDigest(options)].join('\n')).slice(0, 16)
}

/** Digest of the options that the verdict of a step depends on, in whatever order they are given. */
export function configDigest(options: VerifyOptions): string {
  // What the caller's invariants say and do is in the digest of the rules: a text that they change draws no other rows.
  const plain = { ...options, invariants: options.invariants?.map(({ id }) => id) }
  const set = Object.entries(plain).filter(([name]) => whatAffects[name as keyof VerifyOptions] === 'verdict')
  const order = Object.keys(whatAffects)
  return sha256(JSON.stringify(Object.fromEntries(set.toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b)))))
}
