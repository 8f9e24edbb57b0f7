import { createHash } from 'node:crypto'

/** A 31-bit seed for one purpose, from the text: the same text and purpose give the same number. */
export function seedNumber(seed: string, purpose: string): number {
  return Number.parseInt(sha256(`${seed}\u0000${purpose}`).slice(0, 8), 16) & 0x7fff_ffff
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
