import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifyShared } from 'godwit/vitest'
import { findingLines } from '../../../../harness/report/finding-lines.ts'
import { bySeverity } from '../../../../harness/report/severity.ts'
import type { FindingResult, MigrationResult } from '../../../../harness/result/index.ts'
import type { Example } from './example.ts'

const columns = 100
const plain = (text: string) => text

/**
 * Verify one side of an example, as `godwit verify` verifies a folder.
 *
 * @param rule  Id of a rule, `invariant/kind`.
 * @returns The gravest finding of that rule as the terminal prints it; undefined where there is none.
 */
export async function printedFor(rule: string, side: 'bad' | 'good', example: Example): Promise<string | undefined> {
  const parent = mkdtempSync(join(tmpdir(), 'godwit-example-'))
  try {
    const folder = join(parent, 'example')
    mkdirSync(folder)
    const { up, down } = example[side]
    const files = { 'legacy.sql': example.legacy, 'up.sql': up, 'down.sql': down, 'contract.ts': example.contract }
    for (const [name, text] of Object.entries(files)) if (text !== undefined) writeFileSync(join(folder, name), `${text}\n`)
    const { result } = await verifyShared(folder, { runs: 20, seed: 'findings', ...example.options })
    const [migration] = result.migrations
    if (migration === undefined) throw new Error(`the ${side} example of ${rule} was not verified`)
    const [finding] = bySeverity(migration.findings.filter((each) => `${each.invariant}/${each.kind}` === rule))
    return finding === undefined ? undefined : asPrinted(finding, migration, example[side].up)
  } finally {
    rmSync(parent, { recursive: true })
  }
}

function asPrinted(finding: FindingResult, { path }: MigrationResult, up: string): string {
  const excerpt = (file: string, line: number) => (file.endsWith('up.sql') ? up.split('\n')[line - 1] : undefined)
  const lines = findingLines(finding, 0, { columns, base: path, excerpt, paint: { severity: plain, dim: plain } })
  return lines.map((line) => line.replace(/^ {2}/, '').trimEnd()).join('\n')
}
