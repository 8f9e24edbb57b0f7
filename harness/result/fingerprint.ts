import { createHash } from 'node:crypto'
import type { Finding } from './finding.ts'

/** What makes two findings one: the same invariant on the same thing. How a cell was altered or lost is the gravest of what was seen. */
export function findingKey(finding: Finding): string {
  const kind = finding.kind.startsWith('cell-') ? 'cell' : finding.kind
  return JSON.stringify([finding.invariant, kind, finding.relation ?? null, finding.attribute ?? null, finding.object ?? null])
}

/** A fingerprint that stays from run to run and from machine to machine. */
export function findingId(migration: string, finding: Finding): string {
  return createHash('sha256')
    .update(`${migration}\u0000${findingKey(finding)}`)
    .digest('hex')
    .slice(0, 16)
}
