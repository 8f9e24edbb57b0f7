import type { InvariantResult } from '../../result/index.ts'

const marks = { holds: '✓', violated: '✗', unknown: '?', 'not-applicable': '–' } as const
const words = { holds: 'passed', violated: 'failed', unknown: 'not tested', 'not-applicable': 'does not apply' } as const

/** A verdict as a sign and a word: never by colour alone. */
export function VerdictMark({ verdict, word }: { readonly verdict: InvariantResult['verdict']; readonly word?: string | undefined }) {
  return (
    <span class={`mark ${verdict}`}>
      <span aria-hidden="true">{marks[verdict]}</span> {word ?? words[verdict]}
    </span>
  )
}

/** The sign alone, for where the word stands beside it. */
export function markOf(verdict: InvariantResult['verdict']): string {
  return marks[verdict]
}

/** The word for a verdict. */
export function wordOf(verdict: InvariantResult['verdict']): string {
  return words[verdict]
}
