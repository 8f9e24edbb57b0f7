import { asList, asText, type Fields, fieldsOf } from '../migration/index.ts'
import { equated, unequal } from './aims.ts'
import { readCondition } from './conditions.ts'
import type { Level } from './level.ts'
import { askPartners, atLeastOne, atMostOne } from './partners.ts'
import type { Reader } from './reader.ts'
import { type Source, sourcesOf } from './sources.ts'

/** Two sides of a join as they stand in the statement. */
interface Sides {
  readonly tree: unknown
  /** SQL of the condition that joins them, with its tree where it has one. */
  readonly on: string
  readonly condition: unknown
  readonly left: { readonly sql: string; readonly sources: readonly Source[]; readonly name: string }
  readonly right: { readonly sql: string; readonly sources: readonly Source[]; readonly name: string }
}

/** The joins in a FROM list, outermost first. */
export function readJoins(reader: Reader, level: Level, items: unknown, queries: ReadonlySet<string>): void {
  for (const item of asList(items)) {
    const join = fieldsOf(item, 'JoinExpr')
    if (join === undefined) continue
    readJoin(reader, level, item, join, queries)
    readJoins(reader, level, [join.larg, join.rarg], queries)
  }
}

function readJoin(reader: Reader, level: Level, item: unknown, join: Fields, queries: ReadonlySet<string>): void {
  if (join.quals === undefined && asList(join.usingClause).length === 0) {
    if (join.isNatural === true) reader.leaveOut('join', item, 'a natural join names no columns')
    return
  }
  const [left, right] = [join.larg, join.rarg].map((side) => sideOf(reader, side, queries))
  const on = join.quals === undefined ? usingOf(join, left?.sources, right?.sources) : reader.text.expression(join.quals)
  if (left === undefined || right === undefined || on === undefined) {
    reader.leaveOut('join', item, 'its sides could not be cut out of the statement')
    return
  }
  readSides(reader, level, { tree: join.quals ?? item, on, condition: join.quals, left, right })
  if (join.quals !== undefined) {
    const both: Level = {
      ...level,
      from: `${left.sql}, ${right.sql}`,
      where: undefined,
      sources: [...left.sources, ...right.sources].map(present),
    }
    readCondition(reader, both, join.quals, { over: 'all' })
  }
}

/** Ask both sides of a join for their partners on the other. */
export function readSides(reader: Reader, level: Level, { tree, on, condition, left, right }: Sides): void {
  const unsafe = reader.unsafeCall(condition)
  if (unsafe !== undefined) {
    reader.leaveOut('join', tree, unsafe)
    return
  }
  const all = [...left.sources, ...right.sources].map(present)
  for (const [from, to] of [
    [left, right],
    [right, left],
  ] as const) {
    const inside = all.filter(({ alias }) => to.sources.some((source) => source.alias === alias))
    askPartners(reader, level, {
      kind: 'join',
      tree,
      text: on,
      from: from.sql,
      found: `${to.sql} WHERE ${on}`,
      name: `row of ${to.name} for a row of ${from.name}`,
      never: { none: atLeastOne(condition, inside, all), several: atMostOne(condition, inside, all) },
      outcomes: ['none', 'one', 'several'],
      pairs: equated(all, condition).flatMap(([one, other]) => {
        if (inside.includes(other.source)) return [[one, other] as const]
        return inside.includes(one.source) ? [[other, one] as const] : []
      }),
      apart: unequal(all, condition).flatMap((pair) => pair.filter(({ source }) => inside.includes(source))),
    })
  }
}

function sideOf(reader: Reader, side: unknown, queries: ReadonlySet<string>): Sides['left'] | undefined {
  const sql = reader.text.from(side)
  if (sql === undefined) return undefined
  const sources = sourcesOf(side, reader.find, queries)
  return { sql, sources, name: nameOf(sources) }
}

/** As a side is called in outcomes. */
export function nameOf(sources: readonly Source[]): string {
  return sources.map(({ alias, relation }) => relation?.name ?? (alias === '' ? 'a subquery' : alias)).join(', ')
}

/** `USING (a)` as a condition, where each side is one range variable. */
function usingOf(join: Fields, left: readonly Source[] = [], right: readonly Source[] = []): string | undefined {
  const [one, other] = [left[0]?.alias, right[0]?.alias]
  if (left.length !== 1 || right.length !== 1 || one === undefined || one === '' || other === undefined || other === '') return undefined
  const quote = (name: string) => `"${name.replaceAll('"', '""')}"`
  return asList(join.usingClause)
    .map((item) => asText(fieldsOf(item, 'String')?.sval) ?? '')
    .map((name) => `${quote(one)}.${quote(name)} = ${quote(other)}.${quote(name)}`)
    .join(' AND ')
}

/** Among the rows of both sides that are put beside each other, none is missing. */
function present(source: Source): Source {
  return { ...source, optional: false }
}
