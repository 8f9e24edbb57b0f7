import { isPlausible } from '../../lineage/index.ts'
import type { Severity } from '../../result/index.ts'

const warnings = new Set(['case-folded', 'trimmed', 'null-filled', 'empty-made-null', 're-keyed'])

/** How grave an alteration of a cell is: a warning where it is mild, or no value that anyone has. */
export function weigh(alteration: string | undefined, cell: string | null, type: string): Severity {
  if (alteration !== undefined && warnings.has(alteration)) return 'warning'
  return isPlausible(cell, type) || alteration === undefined ? 'error' : 'warning'
}
