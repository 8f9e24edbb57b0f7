import type { HistoryStep } from '../formats/index.ts'
import { sha256 } from '../run/index.ts'

/**
 * A digest of what a step does and declares, whatever its files are called and wherever they are. More than that of its files: a tool puts
 * values of its environment and configuration into a script, which also say in which transactions it is sent, and a contract imports files.
 */
export function stepDigest({ name, digest, up, down, verify, contract, repeatable, foreign }: HistoryStep): string {
  const sent = [up, down].map((each) => (each?.kind === 'sql' ? [each.script.mode, each.script.resumes, each.script.text] : each?.kind))
  return sha256(JSON.stringify([name, digest, sent, verify?.text, contract, repeatable, foreign]))
}
