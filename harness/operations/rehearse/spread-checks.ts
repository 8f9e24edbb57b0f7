import { shownName } from '../../postgres/index.ts'
import type { CheckResult } from './model.ts'
import type { SpreadRelation, SpreadSums } from './spread-rows.ts'

type Sums = ReadonlyMap<string, SpreadSums | string>

/** What the sums over rows on other servers say: whether rows are missing, and in which columns values are other ones. */
export function spreadChecks(spread: readonly SpreadRelation[], before: Sums, after: Sums): readonly CheckResult[] {
  return spread.flatMap((each) => checksOf(each, before.get(each.relation) ?? '', after.get(each.relation) ?? ''))
}

/** A check that got no answer. */
export function unanswered(relation: string, because: string): CheckResult {
  return { ...blank(relation, `${shownName(relation)}: the rows on other servers are as before`), because }
}

function blank(relation: string, title: string): CheckResult {
  return { title, check: 'digest', relation, attribute: null, differing: null, alterations: {}, samples: [], durationMs: 0, because: '' }
}

function checksOf({ relation, place, columns, gone, because }: SpreadRelation, was: SpreadSums | string, is: SpreadSums | string) {
  const name = shownName(relation)
  if (because !== undefined) return [unanswered(relation, because)]
  if (typeof was === 'string') return [unanswered(relation, was)]
  const lost = gone.map(
    (attribute): CheckResult => ({
      ...blank(relation, `${name}.${attribute}: the column goes somewhere`),
      check: 'cell-lost',
      attribute,
      differing: was.values.get(attribute) ?? null,
    }),
  )
  const missing = (rows: number): CheckResult => ({ ...blank(relation, `${name}: no row is missing`), check: 'row-lost', differing: rows })
  if (place === undefined) return gone.length === 0 ? [] : [missing(was.rows)]
  if (typeof is === 'string') return [...lost, unanswered(relation, is)]
  if (is.rows > was.rows)
    return [...lost, unanswered(relation, `it has ${is.rows - was.rows} more rows, and sums over servers do not tell which rows are new`)]
  if (is.rows < was.rows) return [...lost, missing(was.rows - is.rows)]
  const differ = columns.filter((column) => was.digests.get(column.name) !== is.digests.get(column.name))
  const digests = columns.map(
    (column): CheckResult => ({
      ...blank(relation, `${name}.${column.name}: the values have the same digest`),
      attribute: column.name,
      differing: differ.includes(column) ? 1 : 0,
    }),
  )
  const swapped = differ.length === 0 && was.digest !== is.digest
  const whole: CheckResult = { ...blank(relation, `${name}: the rows have the same digest`), differing: swapped ? 1 : 0 }
  return [...lost, missing(0), ...digests, ...(differ.length === 0 ? [whole] : [])]
}
