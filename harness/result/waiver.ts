import type { FindingResult } from './result.ts'

/** A finding that is accepted until a day, by someone, for a reason; what it leaves out matches anything. A contract's waiver is one too. */
export interface FindingWaiver {
  /** Id of the finding, as it stands in a report. */
  readonly finding?: string | undefined
  readonly invariant?: string | undefined
  readonly kind?: string | undefined
  readonly relation?: string | undefined
  readonly attribute?: string | undefined
  /** Name of the step; `*` stands for any text. */
  readonly migration?: string | undefined
  /** Only what is found in these lines of a file, both included: the statement that a comment in the SQL speaks of. */
  readonly at?: { readonly file: string; readonly from: number; readonly to: number } | undefined
  readonly owner: string
  readonly reason: string
  /** ISO date; from the day after, the finding counts again. */
  readonly expires: string
}

/** What a waiver looks at. */
export interface Waivable {
  readonly id: string
  readonly invariant: string
  readonly kind: string
  readonly relation?: string | null | undefined
  readonly attribute?: string | null | undefined
  readonly file?: string | null | undefined
  readonly line?: number | null | undefined
}

/** Whether a waiver speaks of a finding, expired or not. */
export function matchesWaiver(waiver: FindingWaiver, finding: Waivable, migration: string): boolean {
  const same = (wanted: string | undefined, is: string | null | undefined) => wanted === undefined || wanted === is
  return (
    same(waiver.finding, finding.id) &&
    same(waiver.invariant, finding.invariant) &&
    same(waiver.kind, finding.kind) &&
    same(waiver.relation, finding.relation) &&
    same(waiver.attribute, finding.attribute) &&
    (waiver.migration === undefined || matchesName(waiver.migration, migration)) &&
    (waiver.at === undefined || isAt(waiver.at, finding))
  )
}

/** @param today  ISO date; on the day itself a waiver still holds. */
export function isExpired(waiver: { readonly expires: string | null }, today: string): boolean {
  return waiver.expires !== null && today > waiver.expires
}

/** What a report shows of the first waiver that speaks of a finding and has not expired; null where there is none. */
export function waivedBy(
  waivers: readonly FindingWaiver[],
  finding: Waivable,
  { migration, today }: { readonly migration: string; readonly today: string },
): FindingResult['waived'] {
  const waiver = waivers.find((each) => !isExpired(each, today) && matchesWaiver(each, finding, migration))
  return waiver === undefined ? null : { owner: waiver.owner, reason: waiver.reason, expires: waiver.expires }
}

/** What a report says of a waiver that has expired. */
export function expiredText(waiver: FindingWaiver): string {
  return `the waiver of ${waiver.owner} for ${subjectText(waiver)} expired on ${waiver.expires}: the finding counts again`
}

/** What a waiver speaks of, in words: `zero-loss on public.items.notes`. */
export function subjectText({ finding, invariant, kind, relation, attribute, migration, at }: FindingWaiver): string {
  const what = invariant ?? (finding === undefined ? 'any finding' : `finding ${finding}`)
  const where = relation ?? (at === undefined ? undefined : `${at.file}:${at.from}`) ?? migration ?? 'the migration'
  return `${what}${kind === undefined ? '' : ` (${kind})`} on ${where}${attribute === undefined ? '' : `.${attribute}`}`
}

function isAt({ file, from, to }: NonNullable<FindingWaiver['at']>, finding: Waivable): boolean {
  return finding.file === file && finding.line != null && from <= finding.line && finding.line <= to
}

function matchesName(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 's').test(name)
}

/** Today as an ISO date, in UTC: the same on every machine. */
export function todayUtc(): string {
  return new Date().toISOString().slice(0, 10)
}
