import { asList, type Fields, fieldsOf, isFields, nodeOf } from '../migration/index.ts'
import { readExpression } from './arms.ts'
import { readConflict } from './conflicts.ts'
import { readConstraints } from './constraints.ts'
import { nameOf, readSides } from './joins.ts'
import type { Level } from './level.ts'
import { rangeText } from './ranges.ts'
import { type Around, nothingAround, readFrom, readQuery, readSubquery, readWhere, readWith } from './read-query.ts'
import type { Reader } from './reader.ts'
import { sourcesOf } from './sources.ts'

/** What there is to reach in a statement at the top of a script. */
export function readStatement(reader: Reader): void {
  const node = nodeOf(reader.text.tree)
  if (node === undefined) return
  const { name, fields } = node
  switch (name) {
    case 'SelectStmt':
      readQuery(reader, fields, nothingAround)
      return
    case 'InsertStmt':
      readInsert(reader, fields)
      return
    case 'UpdateStmt':
      readChange(reader, fields, fields.fromClause)
      return
    case 'DeleteStmt':
      readChange(reader, fields, fields.usingClause)
      return
    case 'MergeStmt':
      readMerge(reader, fields)
      return
    case 'CreateTableAsStmt':
    case 'ViewStmt': {
      const select = fieldsOf(fields.query, 'SelectStmt')
      if (select !== undefined) readQuery(reader, select, nothingAround)
      return
    }
    default:
      readConstraints(reader, name, fields)
  }
}

function readInsert(reader: Reader, fields: Fields): void {
  const select = fieldsOf(fields.selectStmt, 'SelectStmt')
  const around = readWith(reader, fields.withClause, nothingAround)
  if (select === undefined || around === undefined) return
  if (asList(select.valuesLists).length === 0) readQuery(reader, select, around)
  if (isFields(fields.onConflictClause)) readConflict(reader, fields, select, around)
}

/** UPDATE and DELETE: the target beside what FROM or USING names. */
function readChange(reader: Reader, fields: Fields, items: unknown): void {
  const around = readWith(reader, fields.withClause, nothingAround)
  if (around === undefined) return
  const level = changeLevel(reader, fields, items, around)
  if (level === undefined) return
  const subquery = (sublink: Fields, outer: Level, filtered: boolean) =>
    readSubquery(reader, sublink, { ...around, outer: { level: outer, filtered } })
  const target = sourcesOf([{ RangeVar: fields.relation }], reader.find, new Set())
  const others = sourcesOf(items, reader.find, around.queries)
  if (asList(items).length > 0) {
    readFrom(reader, level, items, around)
    const right = { sql: reader.text.from(items) ?? '', sources: others, name: nameOf(others) }
    const left = { sql: rangeText(fields.relation), sources: target, name: nameOf(target) }
    if (level.where !== undefined)
      readSides(reader, level, { tree: fields.whereClause, on: level.where, condition: fields.whereClause, left, right })
  }
  readWhere(reader, level, { fromClause: [], whereClause: fields.whereClause }, around)
  const assigned = asList(fields.targetList).flatMap((item) => fieldsOf(item, 'ResTarget')?.val ?? [])
  readExpression(reader, level, assigned, 'filtered', subquery)
}

function changeLevel(reader: Reader, fields: Fields, items: unknown, around: Around): Level | undefined {
  const more = asList(items).length === 0 ? '' : reader.text.from(items)
  const where = fields.whereClause === undefined ? undefined : reader.text.expression(fields.whereClause)
  const because =
    more === undefined || (fields.whereClause !== undefined && where === undefined)
      ? 'its text could not be cut out of the statement'
      : reader.unsafeCall(items, fields.whereClause)
  if (because !== undefined) {
    reader.leaveOut('condition', fields.whereClause ?? { RangeVar: fields.relation }, because)
    return undefined
  }
  return {
    with: around.with,
    from: [rangeText(fields.relation), ...(more === '' || more === undefined ? [] : [more])].join(', '),
    where,
    groupBy: undefined,
    outer: undefined,
    sources: sourcesOf([{ RangeVar: fields.relation }, ...asList(items)], reader.find, around.queries),
  }
}

/** MERGE: the partners of its two sides; what its WHEN clauses ask beyond that is not measured. */
function readMerge(reader: Reader, fields: Fields): void {
  const around = readWith(reader, fields.withClause, nothingAround)
  const [source, on] = [reader.text.from(fields.sourceRelation), reader.text.expression(fields.joinCondition)]
  if (
    around === undefined ||
    source === undefined ||
    on === undefined ||
    reader.unsafeCall(fields.sourceRelation, fields.joinCondition) !== undefined
  ) {
    reader.leaveOut('join', fields.joinCondition, 'its text could not be cut out of the statement')
    return
  }
  const target = sourcesOf([{ RangeVar: fields.relation }], reader.find, new Set())
  const others = sourcesOf(fields.sourceRelation, reader.find, around.queries)
  const level: Level = {
    with: around.with,
    from: '',
    where: undefined,
    groupBy: undefined,
    outer: undefined,
    sources: [...target, ...others],
  }
  readSides(reader, level, {
    tree: fields.joinCondition,
    on,
    condition: fields.joinCondition,
    left: { sql: rangeText(fields.relation), sources: target, name: nameOf(target) },
    right: { sql: source, sources: others, name: nameOf(others) },
  })
  for (const item of asList(fields.mergeWhenClauses)) {
    const condition = fieldsOf(item, 'MergeWhenClause')?.condition
    if (condition !== undefined) reader.leaveOut('condition', condition, 'a condition of WHEN in MERGE is not measured')
  }
}
