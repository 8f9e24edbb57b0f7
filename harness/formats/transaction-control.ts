import type { Step } from '../migration/index.ts'
import { controlsTransaction } from '../migration/index.ts'
import type { OpaqueStep } from './history.ts'
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

/** Whether a file ends the transaction that it runs in: it cannot share one with other steps. */
export function breaksOut(step: Step | OpaqueStep): boolean {
  return step.kind === 'sql' && step.script.statements.some(controlsTransaction)
}
