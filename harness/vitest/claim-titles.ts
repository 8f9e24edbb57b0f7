import { isClaimId } from '../result/index.ts'

/**
 * Ids of the claims that a title is about: those that it begins with, up to a colon. `SB-2: totals` and `SB-1, SB-2: totals` are about claims;
 * `SB-2 is refuted on the plan as written` is not, since it says something else than that the claim holds.
 */
export function claimIdsOf(title: string): readonly string[] {
  const ids = (/^([^:]*):/.exec(title)?.[1] ?? '').split(',').map((each) => each.trim())
  return ids.every(isClaimId) ? ids : []
}
