import type { Dataset } from '../data/index.ts'
import type { Finding } from '../invariant/index.ts'
import type { Subject } from './subject.ts'

/** What shrinking leaves in a cell that has nothing to do with a failure. */
const plain: ReadonlySet<string> = new Set(['', '0', '1', 'f', '{}', '[]', '0.0', '0.00', '00:00:00', '1970-01-01', '2000-01-01'])

/**
 * An error of `up` that the server does not place: the one attribute of the smallest failing rows that shrinking could not make plain is to
 * blame. The finding as it is where there is not exactly one.
 */
export function blamedBySmallest(subject: Subject, finding: Finding, smallest: Dataset | undefined): Finding {
  const { relation, attribute } = finding
  if (finding.invariant !== 'applies' || relation === undefined || attribute !== undefined || smallest === undefined) return finding
  const catalog = subject.legacy.relations.get(relation)
  const table = smallest.tables.get(relation)
  if (catalog === undefined || table === undefined || !/^2[12]/.test(finding.kind)) return finding
  const keys = new Set(
    catalog.constraints.flatMap((each) => (each.kind === 'primary-key' || each.kind === 'foreign-key' ? each.attributes : [])),
  )
  const odd = table.attributes.filter(
    (name, at) => !keys.has(name) && table.rows.some((row) => typeof row[at] === 'string' && !plain.has(row[at])),
  )
  const [only] = odd
  return only === undefined || odd.length > 1
    ? finding
    : { ...finding, attribute: only, message: `${finding.message} (${relation}.${only})` }
}
