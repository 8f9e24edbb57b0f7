import type { OpaqueStep } from '../history.ts'
import type { Step } from '../model.ts'
import { controlsTransaction } from '../script.ts'
import type { Reading } from './script-of.ts'

/** A BEGIN or COMMIT in a file that its tool wraps in a transaction ends or doubles the tool's own: worth a word. */
export function warnOfTransactionControl({ tool, warnings }: Reading, step: Step | OpaqueStep | undefined): void {
  if (step?.kind !== 'sql' || step.script.mode !== 'transaction') return
  const control = step.script.statements.find(controlsTransaction)
  if (control === undefined) return
  warnings.push(
    `${control.file}:${control.line}: "${control.text}" meddles with the transaction that ${tool} opens itself: what comes before a failure may stay`,
  )
}
