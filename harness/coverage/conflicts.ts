import { asList, asText, type Fields, fieldsOf, isFields } from '../migration/index.ts'
import { quoteIdentifier } from '../postgres/index.ts'
import { anyOf, type Level } from './level.ts'
import { columnNames, rangeText } from './ranges.ts'
import type { Around } from './read-query.ts'
import type { Outcome, Reader } from './reader.ts'
import { columnIn, sourcesOf, uniqueKeyOf } from './sources.ts'

/** INSERT … ON CONFLICT: a new row, one that meets a row that is there, two new rows that meet each other. */
export function readConflict(reader: Reader, insert: Fields, select: Fields, around: Around): void {
  const clause = isFields(insert.onConflictClause) ? insert.onConflictClause : {}
  const infer = isFields(clause.infer) ? clause.infer : {}
  const keys = columnNames(infer.indexElems)
  const columns = columnsOf(reader, insert)
  const query = reader.text.query(select)
  const because =
    keys.length === 0 || keys.length !== asList(infer.indexElems).length
      ? 'its ON CONFLICT names no columns'
      : columns === undefined || query === undefined || keys.some((key) => !columns.includes(key))
        ? 'it does not say which column gets which value'
        : reader.unsafeCall(select)
  const tree = asList(infer.indexElems)[0] ?? select
  if (because !== undefined || columns === undefined) {
    reader.leaveOut('conflict', { SelectStmt: select }, because ?? '')
    return
  }
  const table = asText(isFields(insert.relation) ? insert.relation.relname : undefined) ?? ''
  const never = [undefined, reader.isEmpty(table) ? `${table} is new and empty` : undefined, apart(reader, select, columns, keys, around)]
  const text = `ON CONFLICT (${keys.join(', ')})`
  const outcomes = ['a new row', 'a row that is there', 'two new rows of one key'].map(
    (outcome, at): Outcome => ({ kind: 'conflict', tree, text, outcome, infeasible: never[at] }),
  )
  const on = keys.map((key) => `godwit_old.${quoteIdentifier(key)} = godwit_new.${quoteIdentifier(key)}`).join(' AND ')
  const { alias: _, ...range } = isFields(insert.relation) ? insert.relation : {}
  const there = `EXISTS (SELECT FROM ${rangeText(range)} AS godwit_old WHERE ${on})`
  const rows = `(${query}) AS godwit_new (${columns.map(quoteIdentifier).join(', ')})`
  const twice = `pg_catalog.count(*) OVER (PARTITION BY ${keys.map((key) => `godwit_new.${quoteIdentifier(key)}`).join(', ')}) > 1`
  const level: Level = { with: around.with, from: '', where: undefined, groupBy: undefined, outer: undefined, sources: [] }
  reader.ask(level, outcomes, anyOf(`SELECT NOT ${there} AS c0, ${there} AS c1, ${twice} AS c2 FROM ${rows}`, 3))
}

/** Why no two new rows have one key: it is a unique key of the only relation that they come from. */
function apart(reader: Reader, select: Fields, columns: readonly string[], keys: readonly string[], around: Around): string | undefined {
  const sources = sourcesOf(select.fromClause, reader.find, around.queries)
  const [only] = sources
  if (sources.length !== 1 || only?.relation === undefined) return undefined
  const targets = asList(select.targetList).map((item) => fieldsOf(item, 'ResTarget')?.val)
  const names = keys.flatMap((key) => columnIn(sources, targets[columns.indexOf(key)])?.attribute.name ?? [])
  const key = uniqueKeyOf(only.relation, new Set(names))
  return key === undefined ? undefined : `the unique key ${key} tells rows of ${only.relation.name} apart`
}

/** The columns that an INSERT fills, in its order; undefined where nothing tells. */
function columnsOf(reader: Reader, insert: Fields): readonly string[] | undefined {
  const named = columnNames(insert.cols)
  if (named.length > 0) return named
  const relation = isFields(insert.relation) ? reader.find(insert.relation) : undefined
  const targets = asList(fieldsOf(insert.selectStmt, 'SelectStmt')?.targetList)
  const all = relation?.attributes.map(({ name }) => name)
  const star = targets.some((item) => asText(fieldsOf(item, 'ResTarget')?.name) === undefined && JSON.stringify(item).includes('A_Star'))
  return all === undefined || star ? all : all.slice(0, targets.length || all.length)
}
