import type { Cell, Dataset } from '../data/index.ts'
import { cellHolds, unreadValue } from '../invariants/index.ts'
import type { Subject } from '../lineage/index.ts'
import { shownName } from '../postgres/index.ts'
import type { Finding } from '../result/index.ts'

/** Values that shrinking ends at. A cell of the smallest failing rows with another value is needed for the failure. */
const plain: ReadonlySet<string> = new Set(['', '0', '1', 'f', '{}', '[]', '0.0', '0.00', '00:00:00', '1970-01-01', '2000-01-01'])
const plainInstant = /^(1970|2000)-01-01 00:00:00(\+00)?$/
const isPlain = (cell: string) => plain.has(cell) || plainInstant.test(cell)

/**
 * Name the attribute to blame for a failure of `up`, or of `down` on legacy rows, where the server names none: the only attribute of the
 * smallest failing rows that shrinking could not make plain. The finding is unchanged where there is not exactly one.
 */
export function blamedBySmallest(subject: Subject, finding: Finding, smallest: Dataset | undefined): Finding {
  const { relation, attribute } = finding
  const ofDown = finding.invariant === 'rollback-restores-state' && finding.kind === 'fails' && finding.writtenOnPurpose === undefined
  if (!(finding.invariant === 'applies' || ofDown) || attribute !== undefined) return finding
  const met = finding.kind === '23505' && relation !== undefined ? rewrittenIn(subject, relation, finding.object) : undefined
  if (met !== undefined && relation !== undefined) return blamed(finding, relation, met)
  if (smallest === undefined) return finding
  const unread = unreadValue(finding.message)
  if (relation === undefined) {
    const holder = unread === undefined || unread === '' ? undefined : holderOf(smallest, unread)
    return holder === undefined ? finding : blamed(finding, holder.relation, holder.attribute)
  }
  const several = finding.kind === '21000' ? severalRows(subject, smallest) : undefined
  if (several !== undefined) return blamed(finding, several.relation, several.attribute)
  const catalog = subject.legacy.relations.get(relation)
  const table = smallest.tables.get(relation)
  if (catalog === undefined || table === undefined || !/^2[12]/.test(finding.sqlstate ?? '')) return finding
  if (isOfTwoBounds(finding)) return finding
  const keys = new Set(
    catalog.constraints.flatMap((each) => (each.kind === 'primary-key' || each.kind === 'foreign-key' ? each.attributes : [])),
  )
  const divisors = new Set(subject.hints.divisors?.flatMap((each) => (each.relation === relation ? [each.attribute] : [])))
  const odd = table.attributes.filter((name, at) =>
    finding.kind === '22012'
      ? divisors.has(name) && table.rows.some((row) => Number(row[at] ?? Number.NaN) === 0)
      : !keys.has(name) && table.rows.some((row) => typeof row[at] === 'string' && !isPlain(row[at])),
  )
  const holding =
    unread === undefined
      ? []
      : odd.filter((name) => table.rows.some((row) => cellHolds(cellOf(row[table.attributes.indexOf(name)]), unread)))
  if (holding.length === 1) return blamed(finding, relation, holding[0] as string)
  const documents = isOfDocuments(finding) ? catalog.attributes.filter(({ type }) => /^jsonb?$/.test(type)) : []
  if (documents.length === 1) return blamed(finding, relation, documents[0]?.name as string)
  const empty = /\bnull\b/i.test(finding.message)
    ? table.attributes.filter((name, at) => !keys.has(name) && table.rows.some((row) => cellOf(row[at]) === null))
    : []
  if (odd.length === 0 && empty.length === 1) return blamed(finding, relation, empty[0] as string)
  const [only] = odd
  return only === undefined || odd.length > 1 ? finding : blamed(finding, relation, only)
}

/** The only attribute of a legacy key that `up` gives other values or another type: rows that differ in it are equal then. */
function rewrittenIn({ legacy, plan }: Subject, relation: string, key: string | undefined): string | undefined {
  const known = plan.relations.get(relation)
  const index = legacy.relations.get(relation)?.indexes.find(({ name }) => name === key)
  const names = [...(plan.meeting.get(relation) ?? [])].flatMap((position) => known?.attributes[position]?.name ?? [])
  const held = names.filter((name) => index?.attributes.includes(name))
  return held.length === 1 ? held[0] : undefined
}

/** A range with its bounds in the wrong order: both attributes cause the failure, even if shrinking made one of them plain. */
function isOfTwoBounds({ message }: Finding): boolean {
  return /range lower bound must be less than or equal to range upper bound/.test(message)
}

/** A JSON value of another kind than a function takes, where shrinking leaves the plainest object: `cannot extract elements from an object`. */
function isOfDocuments({ kind, message }: Finding): boolean {
  return kind === '22023' && /\b(an object|a scalar|an array|a non-(object|array))\b/.test(message)
}

/** The only attribute of the smallest rows that holds a value. The server names no statement, hence no relation, for a script sent as one message. */
function holderOf(smallest: Dataset, value: string): { readonly relation: string; readonly attribute: string } | undefined {
  const found = [...smallest.tables].flatMap(([relation, table]) =>
    table.attributes.flatMap((attribute, at) =>
      table.rows.some((row) => cellHolds(cellOf(row[at]), value)) ? [{ relation, attribute }] : [],
    ),
  )
  return found.length === 1 ? found[0] : undefined
}

function cellOf(cell: Cell | undefined): string | null {
  return typeof cell === 'string' ? cell : null
}

function blamed(finding: Finding, relation: string, attribute: string): Finding {
  const bare = finding.message.replace(` (${shownName(relation)})`, '')
  return { ...finding, relation, attribute, message: `${bare} (${shownName(relation)}.${attribute})` }
}

/** Where a query that should return one row returns several: the attribute that it searches by and whose value several rows share. */
function severalRows(subject: Subject, smallest: Dataset): { readonly relation: string; readonly attribute: string } | undefined {
  const ends = subject.hints.softReferences.flatMap(({ from, to }) => [from, to])
  const found = (subject.hints.doubled ?? []).flatMap((relation) => {
    const table = smallest.tables.get(relation)
    const named = new Set(ends.flatMap((end) => (end.relation === relation && end.jsonPath === undefined ? [end.attribute] : [])))
    return [...named].flatMap((attribute) => {
      const cells = table?.rows.map((row) => row[table.attributes.indexOf(attribute)] ?? null).filter((cell) => cell !== null) ?? []
      return new Set(cells).size < cells.length ? [{ relation, attribute }] : []
    })
  })
  return found.length === 1 ? found[0] : undefined
}
