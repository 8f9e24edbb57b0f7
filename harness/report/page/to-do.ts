import type { FindingResult } from '../../result/index.ts'
import { bySeverity, placeOf, subjectOf } from '../severity.ts'
import { findingAnchor, type PageData, type PageMigration, shortPlace } from './page-data.ts'

/** One thing to do: several findings at one place with one remedy are one. */
export interface ToDo {
  readonly page: PageMigration
  readonly hint: string
  readonly place: string | undefined
  /** Findings that it settles, the gravest first. */
  readonly of: readonly { readonly anchor: string; readonly subject: string }[]
  readonly severity: FindingResult['severity']
}

/** What to do now: the remedies of findings that count and follow from no other, the gravest first. */
export function toDoNow({ migrations }: PageData): readonly ToDo[] {
  const open = migrations.flatMap((page) => {
    const { findings } = page.migration
    const counting = findings.filter(({ waived, severity }) => waived === null && severity !== 'info')
    const ids = new Set(counting.map(({ id }) => id))
    return counting.filter(({ cause, id }) => cause === null || cause === id || !ids.has(cause)).map((finding) => ({ page, finding }))
  })
  const order = bySeverity(open.map(({ finding }) => finding))
  const sorted = open.toSorted((left, right) => order.indexOf(left.finding) - order.indexOf(right.finding))
  const grouped = new Map<string, ToDo>()
  for (const { page, finding } of sorted) {
    const full = placeOf(finding)
    const place = full === null ? undefined : shortPlace(full, page.migration)
    const hint = finding.hint ?? finding.message
    const key = JSON.stringify([page.anchor, place, hint])
    const known = grouped.get(key)
    const one = { anchor: findingAnchor(page, finding), subject: subjectOf(finding) ?? finding.invariant }
    grouped.set(
      key,
      known === undefined ? { page, hint, place, of: [one], severity: finding.severity } : { ...known, of: [...known.of, one] },
    )
  }
  return [...grouped.values()]
}
