import { partsOf, shownName } from '../../postgres/index.ts'
import type { Severity } from '../../result/index.ts'
import type { rules } from './rules.ts'

/** A property of which something is found when it is not as it was. */
export interface Watched {
  readonly kind: keyof typeof rules
  readonly severity: Severity
  /** What happens, after the object's name: `items.code accepts NULL now`. Of objects that are judged as a whole it is not asked. */
  readonly says?: ((before: string | undefined, after: string | undefined) => string) | undefined
  /** The SQL that puts the property back, from the object's path and the value that it had. */
  readonly restore?: ((name: string, before: string) => string) | undefined
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
  says: () => `loses its ${what}`,
  isLess,
})
export const comment = detail('comment', isLost)
export const label = no('a label belongs to a provider of its own; rollback-restores-state compares it')
export const seenByReaders = no('only readers of the schema see it, beside the definition itself')
export const storage = (what: string): Watched => ({
  kind: 'storage',
  severity: 'info',
  says: (before, after) =>
    after === undefined ? `loses its ${what} (${before})` : `has the ${what} ${after} instead of ${before ?? 'the default'}`,
})
export const byStatement = no('only a statement that gives it changes it')

/** `ALTER TABLE t ALTER COLUMN c SET NOT NULL;`, from the path of a column. */
export function alterColumn(path: string, change: string): string {
  const parts = partsOf(path)
  const quoted = parts.map((part) => (/^[a-z_][a-z0-9_$]*$/.test(part) ? part : `"${part.replaceAll('"', '""')}"`))
  const relation = quoted.slice(0, -1).join('.')
  return `ALTER TABLE ${shownName(relation)} ALTER COLUMN ${quoted.at(-1)} ${change};`
}

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
