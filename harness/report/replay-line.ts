import type { MigrationResult, VerifyResult } from '../result/index.ts'
import { bySeverity } from './severity.ts'

/** The command that shows the worst counterexample again, or null where none was saved. */
export function replayLine(migration: MigrationResult): string | null {
  const worst = bySeverity(migration.findings).find((finding) => finding.counterexample !== null)
  return worst?.counterexample == null ? null : replayCommand(worst.counterexample)
}

/** The command that shows one counterexample again. */
export function replayCommand(counterexample: string): string {
  return `npx godwit replay ${quotePath(counterexample)}`
}

/** The command that makes the same run again. */
export function againLine(migration: MigrationResult, run: Pick<VerifyResult, 'seed'>): string {
  return `npx godwit verify ${quotePath(migration.path)} --seed=${quoteArgument(run.seed)}`
}

function quotePath(path: string): string {
  return quoteArgument(path.startsWith('-') ? `./${path}` : path)
}

/** Quote for a POSIX shell, only where it is needed. */
function quoteArgument(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
