import type { MigrationResult } from '../../result/index.ts'
import { bySeverity } from '../severity.ts'
import { counted } from '../visible-text.ts'

/** Whether the migration can be taken back, in sentences, from the checks of `down`. */
export function wayBack({ invariants, findings }: MigrationResult): string {
  const restores = invariants.find(({ id }) => id === 'rollback-restores-state')
  const again = invariants.find(({ id }) => id === 'round-trip')
  if (restores === undefined) return 'Not known: the way back was not checked.'
  const twice =
    again?.verdict === 'holds'
      ? ' After down the migration can be applied again with the same result.'
      : again?.verdict === 'violated'
        ? ` After down the migration cannot simply be applied again: ${sentence(withoutIds(again.because))}`
        : ''
  switch (restores.verdict) {
    case 'holds':
      return `Yes. The down migration brought back all data and the whole schema in ${counted(restores.saw.runs, 'run')}.${twice}`
    case 'violated': {
      const against = bySeverity(findings).filter(({ invariant, waived }) => invariant === restores.id && waived === null)
      const [first] = against
      const more =
        against.length > 1
          ? ` ${counted(against.length - 1, 'more difference')} ${against.length === 2 ? 'is' : 'are'} among the findings.`
          : ''
      return `Not in full. The down migration does not restore what was there before: ${sentence(first?.message ?? restores.because)}${more}${twice}`
    }
    case 'unknown':
      return `Not known: ${sentence(restores.because)}`
    case 'not-applicable':
      return `No way back was tested: ${sentence(restores.because)} Keep a backup, and plan how to correct forwards.`
  }
}

/** Ids of findings say nothing to a reader. */
export function withoutIds(because: string): string {
  return because.replace(/^follows from [0-9a-f]{16}: /, '')
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
