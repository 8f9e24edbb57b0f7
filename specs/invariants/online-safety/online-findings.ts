import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FindingResult, InvariantResult } from '../../../harness/result/index.ts'
import { verifyShared } from '../../../harness/vitest/index.ts'

/** What `online-safety` says of a migration that is written down for one spec. */
export async function onlineFindings(
  legacy: string,
  up: string,
  budget: { readonly lockWaitMs?: number } = {},
): Promise<{ readonly verdict: InvariantResult['verdict'] | undefined; readonly findings: readonly FindingResult[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-online-'))
  try {
    for (const [name, text] of Object.entries({ legacy, up })) writeFileSync(join(folder, `${name}.sql`), text)
    const { result } = await verifyShared(folder, { runs: 1, online: { rows: 2000, ...budget } })
    const [migration] = result.migrations
    return {
      verdict: migration?.invariants.find((each) => each.id === 'online-safety')?.verdict,
      findings: (migration?.findings ?? []).filter((each) => each.invariant === 'online-safety'),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
