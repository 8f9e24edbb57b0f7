import type { ClaimResult, MigrationResult } from '../result/index.ts'
import { claimsByState, claimsCount, claimWord, whyOf } from './claims-text.ts'
import { counterexampleLink, findingLink } from './finding-link.ts'
import { code, type Markdown, prose, table } from './markdown-text.ts'
import { shorten } from './visible-text.ts'

export const claimHeader: readonly Markdown[] = ['claim', 'promise', 'state', 'why']

/** The claims of one migration as a section of its report; nothing where the plan declares none. */
export function claimsSection(migration: MigrationResult): readonly Markdown[] {
  const { claims = [] } = migration
  const count = claimsCount(migration)
  if (count === undefined) return []
  const rows = claimsByState(claims).map((claim) => {
    const [id = '', text = '', state = '', why = ''] = claimRow(claim, { longest: 2_000 })
    return [id, text, state, [why, ...linksOf(claim)].join('<br>')]
  })
  return ['## Claims', `${prose(count)}.`, table(claimHeader, rows)]
}

/** One row of a table of claims; `promise` and `why` are cut at so many code points. */
export function claimRow(claim: ClaimResult, { longest }: { readonly longest: number }): readonly Markdown[] {
  const { id, text, state } = claim
  const word = claimWord[state]
  return [code(id, 60), prose(shorten(text, longest)), state === 'refuted' ? `**${word}**` : word, prose(shorten(whyOf(claim), longest))]
}

function linksOf({ finding, counterexample }: ClaimResult): readonly Markdown[] {
  if (finding === undefined) return counterexample === undefined ? [] : [`Counterexample: ${code(counterexample, 1_000)}`]
  return [findingLink(finding), ...(counterexample === undefined ? [] : [`Counterexample: ${counterexampleLink(counterexample)}`])]
}
