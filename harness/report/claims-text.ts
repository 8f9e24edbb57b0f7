import { type ClaimResult, claimsBy, type MigrationResult } from '../result/index.ts'
import { visibleText } from './visible-text.ts'

/** `9 held, 1 refuted (SB-6), 2 not checked`; undefined where the plan declares no claim. */
export function claimsCount({ claims = [] }: Pick<MigrationResult, 'claims'>): string | undefined {
  if (claims.length === 0) return undefined
  const refuted = claimsBy('refuted', claims)
  return [
    `${claimsBy('held', claims).length} held`,
    `${refuted.length} refuted${refuted.length === 0 ? '' : ` (${refuted.map(({ id }) => visibleText(id)).join(', ')})`}`,
    `${claimsBy('not-checked', claims).length} not checked`,
  ].join(', ')
}

/** Most lines that `claimLines` gives. */
export const mostClaimLines = 5

/** Claims for a terminal: one line that counts them, then one line for each that is refuted. Neither wrapped nor coloured. */
export function claimLines(migration: Pick<MigrationResult, 'claims'>): readonly string[] {
  const count = claimsCount(migration)
  if (count === undefined) return []
  const lines = claimsBy('refuted', migration.claims).map(refutedLine)
  const room = mostClaimLines - 1
  const shown = lines.length > room ? [...lines.slice(0, room - 1), `${lines.length - room + 1} more are refuted: see the report`] : lines
  return [`claims: ${count}`, ...shown]
}

/** `SB-6 is refuted: rollback gives back the legacy state. Why: …` */
function refutedLine(claim: ClaimResult): string {
  return visibleText(`${claim.id} is refuted${claim.accepted === undefined ? '' : ', and that is accepted'}: ${whyOf(claim)}`)
}

/** Why a claim is in its state, with who accepted it where it is refuted. */
export function whyOf({ because, accepted }: Pick<ClaimResult, 'because' | 'accepted'>): string {
  return accepted === undefined ? because : `${because} Accepted ${accepted}`
}

const order = { refuted: 0, 'not-checked': 1, held: 2 } as const

/** Refuted ones first, then what was not checked; else as the contract has them. */
export function claimsByState(claims: readonly ClaimResult[]): readonly ClaimResult[] {
  return claims.toSorted((a, b) => order[a.state] - order[b.state])
}

export const claimWord = { held: 'held', refuted: 'refuted', 'not-checked': 'not checked' } as const

/** What a list of alerts says of a claim. */
export interface ClaimNotice {
  readonly id: 'claim-refuted' | 'claim-not-checked'
  readonly level: 'warning' | 'note'
  readonly text: string
}

/** One for each claim that is not held. */
export function claimNotices({ name, claims = [] }: MigrationResult): readonly ClaimNotice[] {
  return claimsByState(claims).flatMap((claim) => {
    const { id, state, text, accepted } = claim
    if (state === 'held') return []
    const open = state === 'refuted' && accepted === undefined
    return [
      {
        id: `claim-${state}` as const,
        level: open ? ('warning' as const) : ('note' as const),
        text: `${name}: claim ${id} is ${claimWord[state]} (${text}): ${whyOf(claim)}`,
      },
    ]
  })
}
