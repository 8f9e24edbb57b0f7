import type { Severity } from '../../result/index.ts'
import type { rules } from './rules.ts'

/** A property of which something is found when it is not as it was. */
export interface Watched {
  readonly kind: keyof typeof rules
  readonly severity: Severity
  /** What happens, after the object's name: `public.items.code takes NULL now`. Of objects that are judged as a whole it is not asked. */
  readonly says?: ((before: string | undefined, after: string | undefined) => string) | undefined
  /** Whether this change is one for the worse; default any. */
  readonly isLess?: ((before: string | undefined, after: string | undefined) => boolean) | undefined
}

/** A property that another invariant judges, or that nobody needs to. */
export interface Unwatched {
  readonly because: string
}

export type Field = Watched | Unwatched

export type Fields = Readonly<Record<string, Field>>

export const no = (because: string): Unwatched => ({ because })

export const rights = no('access-parity judges what each role can do')
export const detail = (what: string, isLess?: Watched['isLess']): Watched => ({
  kind: 'detail',
  severity: 'info',
  says: () => `has lost its ${what}`,
  isLess,
})
export const comment = detail('comment', isLost)
export const label = no('a label belongs to a provider of its own; rollback-restores-state compares it')
export const seenByReaders = no('only readers of the schema see it, beside the definition itself')
export const storage = (what: string): Watched => ({
  kind: 'storage',
  severity: 'info',
  says: (before, after) =>
    `has ${after === undefined ? 'no' : 'another'} ${what}${after === undefined ? '' : ` (${after})`}; it was ${before ?? 'the default'}`,
})
export const byStatement = no('only a statement that gives it changes it')

export function isLost(before: string | undefined, after: string | undefined): boolean {
  return before !== undefined && after === undefined
}

/** A partitioned table has none. */
export function isOther(before: string | undefined, after: string | undefined): boolean {
  return before !== undefined && after !== undefined
}

export function isNoMore(before: string | undefined, after: string | undefined): boolean {
  return before === 'true' && after === 'false'
}

export function hasLostItem(before: string | undefined, after: string | undefined): boolean {
  const now = new Set((after ?? '').split(', '))
  return (before ?? '').split(', ').some((each) => each !== '' && !now.has(each))
}
