import { asList, asText, everyNode, type Fields, fieldsOf, isFields, nodeOf } from '../migration/index.ts'
import { equated } from './aims.ts'
import { aggregatesRows, readExpression } from './arms.ts'
import { readCondition } from './conditions.ts'
import { aggregated, askGroups, askLimit, askRowCount, askTies, type Key, keysOf } from './groups.ts'
import { nameOf, readJoins, readSides } from './joins.ts'
import { anyOf, type Level } from './level.ts'
import { askPartners, atMostOne } from './partners.ts'
import type { Reader } from './reader.ts'
import { sourcesOf } from './sources.ts'

/** Where a query stands. */
export interface Around {
  readonly outer: Level['outer']
  /** `WITH …` of the statement around it, and the names of its queries. */
  readonly with: string
  readonly queries: ReadonlySet<string>
}

export const nothingAround: Around = { outer: undefined, with: '', queries: new Set() }

/** What there is to reach in a query, with its subqueries. */
export function readQuery(reader: Reader, select: Fields, around: Around): void {
  const inside = readWith(reader, select.withClause, around)
  if (inside === undefined) return
  if (select.op !== undefined && select.op !== 'SETOP_NONE') {
    readUnion(reader, select, inside)
    return
  }
  const level = levelOf(reader, select, inside)
  if (level === undefined) return
  const targets = targetsOf(select)
  const subquery = (sublink: Fields, outer: Level, filtered: boolean) =>
    readSubquery(reader, sublink, { ...inside, outer: { level: outer, filtered } })
  readFrom(reader, level, select.fromClause, inside)
  readWhere(reader, level, select, inside)
  readExpression(
    reader,
    level,
    targets.map((target) => target.val),
    level.groupBy === undefined ? 'filtered' : 'groups',
    subquery,
  )
  if (select.havingClause !== undefined) {
    readCondition(reader, level, select.havingClause, { over: 'groups' })
    readExpression(reader, level, select.havingClause, 'groups', subquery)
  }
  if (level.from !== '') readRows(reader, level, select, targets)
}

function targetsOf(select: Fields): readonly Fields[] {
  return asList(select.targetList).flatMap((item): readonly Fields[] => {
    const target = fieldsOf(item, 'ResTarget')
    return target === undefined ? [] : [target]
  })
}

/** The level of a query; undefined where it cannot be looked at, which is said. */
function levelOf(reader: Reader, select: Fields, around: Around): Level | undefined {
  const from = asList(select.fromClause).length === 0 ? '' : reader.text.from(select.fromClause)
  const where = select.whereClause === undefined ? undefined : reader.text.expression(select.whereClause)
  const targets = targetsOf(select)
  const aggregates = select.groupClause !== undefined || select.havingClause !== undefined || targets.some(({ val }) => aggregatesRows(val))
  const keys = aggregates ? keysOf(reader, select.groupClause, targets, false) : []
  const because =
    from === undefined || keys === undefined || (select.whereClause !== undefined && where === undefined)
      ? 'its text could not be cut out of the statement'
      : reader.unsafeCall(select.fromClause, select.whereClause, select.groupClause)
  if (because !== undefined || from === undefined) {
    reader.leaveOut('subquery', { SelectStmt: select }, because ?? '')
    return undefined
  }
  return {
    with: around.with,
    from,
    where,
    groupBy: aggregates ? keys?.map(({ sql }) => `(${sql})`) : undefined,
    outer: around.outer,
    sources: sourcesOf(select.fromClause, reader.find, around.queries),
  }
}

/** The queries of a WITH clause. Each has the earlier ones in front of it. Undefined where a later query cannot be measured. */
export function readWith(reader: Reader, clause: unknown, around: Around): Around | undefined {
  if (!isFields(clause)) return around
  const queries = new Set(around.queries)
  for (const item of asList(clause.ctes)) {
    const query = fieldsOf(item, 'CommonTableExpr') ?? {}
    const select = fieldsOf(query.ctequery, 'SelectStmt')
    const before = reader.text.with(clause, item)
    if (clause.recursive === true) reader.leaveOut('subquery', item, 'it is recursive')
    else if (select !== undefined && before !== undefined && around.with === '')
      readQuery(reader, select, { ...around, with: before, queries: new Set(queries) })
    else reader.leaveOut('subquery', item, 'it is no plain query of a WITH')
    queries.add(asText(query.ctename) ?? '')
  }
  const unsafe = reader.unsafeCall(clause)
  const text = reader.text.with(clause)
  if (unsafe !== undefined || text === undefined || around.with !== '') {
    reader.leaveOut('subquery', clause, unsafe ?? 'its WITH could not be cut out of the statement')
    return undefined
  }
  return { ...around, with: text, queries }
}

/** Joins and subqueries of a FROM list. */
export function readFrom(reader: Reader, level: Level, items: unknown, around: Around): void {
  readJoins(reader, level, items, around.queries)
  for (const item of asList(items)) readRange(reader, item, around)
}

function readRange(reader: Reader, item: unknown, around: Around): void {
  const node = nodeOf(item)
  if (node?.name === 'JoinExpr') {
    readRange(reader, node.fields.larg, around)
    readRange(reader, node.fields.rarg, around)
  }
  if (node?.name !== 'RangeSubselect') return
  const select = fieldsOf(node.fields.subquery, 'SelectStmt')
  if (select === undefined || asList(select.valuesLists).length > 0) return
  if (node.fields.lateral === true) reader.leaveOut('subquery', item, 'it is a lateral subquery')
  else readQuery(reader, select, around)
}

/** WHERE: its conditions, the partners of two relations that it joins, and its subqueries. */
export function readWhere(reader: Reader, level: Level, { fromClause, whereClause }: Fields, around: Around): void {
  if (whereClause === undefined || level.from === '') return
  readCondition(reader, level, whereClause, { over: 'all' })
  readExpression(reader, level, whereClause, 'all', (sublink, outer, filtered) =>
    readSubquery(reader, sublink, { ...around, outer: { level: outer, filtered } }),
  )
  const items = asList(fromClause)
  if (items.length !== 2 || level.where === undefined) return
  const [left, right] = items.map((item) => {
    const sources = sourcesOf(item, reader.find, around.queries)
    return { sql: reader.text.from(item) ?? '', sources, name: nameOf(sources) }
  })
  if (left === undefined || right === undefined || left.sql === '' || right.sql === '') return
  readSides(reader, level, { tree: whereClause, on: level.where, condition: whereClause, left, right })
}

/** Groups, DISTINCT, LIMIT, order, windows. */
function readRows(reader: Reader, level: Level, select: Fields, targets: readonly Fields[]): void {
  const values = targets.map(({ val }) => val)
  const grouped = keysOf(reader, select.groupClause, targets, false) ?? []
  const tree = { SelectStmt: select }
  if (grouped.length > 0)
    askGroups(reader, level, {
      kind: 'group',
      tree: grouped[0]?.tree,
      text: `GROUP BY ${grouped.map(({ sql }) => sql).join(', ')}`,
      keys: grouped,
      others: aggregated(reader, [values, select.havingClause], grouped),
    })
  else if (level.groupBy !== undefined && level.outer === undefined) askRowCount(reader, level, values[0], 'aggregate without GROUP BY')
  if (level.groupBy === undefined) {
    readDistinct(reader, level, select, targets)
    const limit = fieldsOf(fieldsOf(select.limitCount, 'A_Const'), 'ival')
    const number = Number(limit?.ival ?? 0)
    if (limit !== undefined) askLimit(reader, level, select.limitCount, number)
    const order = keysOf(reader, select.sortClause, targets, true)
    const chooses = select.limitCount !== undefined || asList(select.distinctClause).some((item) => nodeOf(item) !== undefined)
    if (order !== undefined && order.length > 0 && chooses) askTies(reader, level, asList(select.sortClause)[0] ?? tree, order)
  }
  readWindows(reader, level, select, targets)
}

function readDistinct(reader: Reader, level: Level, select: Fields, targets: readonly Fields[]): void {
  if (select.distinctClause === undefined) return
  const on = asList(select.distinctClause).filter((item) => nodeOf(item) !== undefined)
  const keyTargets = on.length === 0 ? targets.map(({ val }) => val) : on
  const keys = keysOf(reader, keyTargets, targets, true)
  if (keys === undefined || keys.length === 0) {
    reader.leaveOut('group', targets[0]?.val, 'DISTINCT over all columns of a relation')
    return
  }
  const known = new Set(keys.map(({ sql }) => sql))
  const others =
    on.length === 0 ? [] : (keysOf(reader, plain(targets.map(({ val }) => val)), targets, false) ?? []).filter(({ sql }) => !known.has(sql))
  const text = on.length === 0 ? 'DISTINCT' : `DISTINCT ON (${keys.map(({ sql }) => sql).join(', ')})`
  askGroups(reader, level, { kind: 'group', tree: keys[0]?.tree, text, keys, others })
}

/** Without `*`. */
function plain(values: readonly unknown[]): readonly unknown[] {
  return values.filter((value) => ![...everyNode(value)].some(({ name }) => name === 'A_Star'))
}

function readWindows(reader: Reader, level: Level, select: Fields, targets: readonly Fields[]): void {
  if (level.groupBy !== undefined) return
  const named = new Map(
    asList(select.windowClause).flatMap((item) => {
      const window = fieldsOf(item, 'WindowDef')
      return window === undefined ? [] : [[asText(window.name) ?? '', window] as const]
    }),
  )
  const seen = new Set<string>()
  for (const { name, fields } of everyNode(targets.map(({ val }) => val))) {
    if (name !== 'FuncCall' || !isFields(fields.over)) continue
    const window = named.get(asText(fields.over.name) ?? '') ?? fields.over
    const parts = keysOf(reader, window.partitionClause, targets, false) ?? []
    const order = keysOf(reader, window.orderClause, targets, false) ?? []
    const key = JSON.stringify([parts, order].map((keys: readonly Key[]) => keys.map(({ sql }) => sql)))
    if (seen.has(key)) continue
    seen.add(key)
    if (parts.length > 0)
      askGroups(reader, level, {
        kind: 'group',
        tree: parts[0]?.tree,
        text: `PARTITION BY ${parts.map(({ sql }) => sql).join(', ')}`,
        keys: parts,
        others: [],
      })
    if (order.length > 0) askTies(reader, level, order[0]?.tree, [...parts, ...order])
  }
}

function readUnion(reader: Reader, select: Fields, around: Around): void {
  const sides = [select.larg, select.rarg].flatMap((side) => (isFields(side) ? [side] : []))
  for (const side of sides) readQuery(reader, side, around)
  if (select.all === true || select.op !== 'SETOP_UNION') return
  const tree = { SelectStmt: select }
  const texts = sides.map((side) => reader.text.query(side))
  if (texts.includes(undefined)) {
    reader.leaveOut('group', tree, 'its sides could not be cut out of the statement')
    return
  }
  const level: Level = { with: around.with, from: '', where: undefined, groupBy: undefined, outer: around.outer, sources: [] }
  const counted = `SELECT pg_catalog.count(*) AS n FROM (${texts.map((text) => `(${text})`).join(' UNION ALL ')}) AS godwit_side GROUP BY godwit_side`
  const outcomes = ['a row once', 'equal rows'].map((outcome) => ({ kind: 'group' as const, tree, text: 'UNION', outcome }))
  reader.ask(level, outcomes, anyOf(`SELECT godwit_count.n = 1 AS c0, godwit_count.n > 1 AS c1 FROM (${counted}) AS godwit_count`, 2))
}

/** A subquery in an expression: how many rows it finds for a row around it, and what is to be reached inside it. */
export function readSubquery(reader: Reader, sublink: Fields, around: Around): void {
  const select = fieldsOf(sublink.subselect, 'SelectStmt')
  const outer = around.outer?.level
  if (select === undefined || outer === undefined) return
  readQuery(reader, select, { ...around, with: '' })
  const isPlain =
    (select.op === undefined || select.op === 'SETOP_NONE') && select.groupClause === undefined && select.withClause === undefined
  const from = reader.text.from(select.fromClause)
  const where = select.whereClause === undefined ? undefined : reader.text.expression(select.whereClause)
  const unsafe = reader.unsafeCall(select)
  // How many rows a function gives is its own affair.
  const calls = asList(select.fromClause).some((item) => nodeOf(item)?.name === 'RangeFunction')
  if (!isPlain || calls || from === undefined || outer.from === '' || unsafe !== undefined || sublink.subLinkType === 'ANY_SUBLINK') return
  const inside = sourcesOf(select.fromClause, reader.find, around.queries)
  const both = [...inside, ...outer.sources]
  const exists = sublink.subLinkType === 'EXISTS_SUBLINK'
  const level: Level = { with: outer.with, from: '', where: undefined, groupBy: undefined, outer: outer.outer, sources: [] }
  const filter = around.outer?.filtered === true && outer.where !== undefined ? ` WHERE ${outer.where}` : ''
  askPartners(reader, level, {
    kind: 'subquery',
    tree: select.whereClause ?? asList(select.fromClause)[0],
    text: `subquery on ${nameOf(inside)}${where === undefined ? '' : ` where ${where}`}`,
    from: `${outer.from}${filter}`,
    found: `${from}${where === undefined ? '' : ` WHERE ${where}`}`,
    name: `row of ${nameOf(inside)}`,
    never: { several: atMostOne(select.whereClause, inside, both) },
    outcomes: exists ? ['several'] : ['none', 'one', 'several'],
    pairs: equated(both, select.whereClause).flatMap(([one, other]) => {
      if (inside.includes(other.source)) return [[one, other] as const]
      return inside.includes(one.source) ? [[other, one] as const] : []
    }),
  })
}
