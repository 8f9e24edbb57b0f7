import { counted } from '../../report/index.ts'
import type { Usage } from './model.ts'

const DAY_MS = 86_400_000
const MOST_NAMED = 5

/** Whether nobody has used a relation for so many days, and that is known. */
export interface UnusedFor {
  readonly answer: 'unused' | 'used' | 'unknown'
  /** Why not, in sentences without a period that name the users; empty where it is unused. */
  readonly reasons: readonly string[]
}

/** Judge a relation's usage by the days that were agreed on. */
export function unusedFor({ at, observedSince, because, uses }: Usage, days: number): UnusedFor {
  const from = Date.parse(at) - days * DAY_MS
  const late = uses.filter(({ last }) => Date.parse(last) > from)
  const certain = late.filter(({ unsure }) => unsure === null)
  const named = late.slice(0, MOST_NAMED).map(({ role, statement, last, through, unsure }) => {
    const way = through.length === 0 ? '' : `, through ${through.join(', ')}`
    return `${role} ${unsure === null ? 'used it' : 'may have used it'}, last seen at ${last}${way}: ${statement.replaceAll(/\s+/g, ' ').trim().slice(0, 120)}`
  })
  const more = late.length > MOST_NAMED ? [`${counted(late.length - MOST_NAMED, 'more statement')} used it`] : []
  const short =
    Date.parse(observedSince) > from ? [`observation is unbroken since ${observedSince} only: that is no ${counted(days, 'day')} yet`] : []
  const reasons = [...named, ...more, ...short, ...because.map((each) => each.replace(/\.$/, ''))]
  return { answer: certain.length > 0 ? 'used' : reasons.length > 0 ? 'unknown' : 'unused', reasons }
}
