import { asList, type Fields, fieldsOf, nodeOf } from '../migration/index.ts'
import { aimsOf, columnOf, wantsFor } from './aims.ts'
import { isAggregate, namesColumn } from './calls.ts'
import { readCast } from './casts.ts'
import { readCondition } from './conditions.ts'
import { inSight, type Level, type Over } from './level.ts'
import { neverNull } from './never-null.ts'
import type { Outcome, Reader } from './reader.ts'
import type { Want } from './want.ts'

/** Reads a subquery that stands in an expression. */
export type ReadSubquery = (sublink: Fields, outer: Level, filtered: boolean) => void

/**
 * Everything in an expression that can come out in several ways: arms of CASE, COALESCE and NULLIF, casts, FILTER, subqueries.
 *
 * @param over  The rows for which it is evaluated; `groups`: the groups of a query with GROUP BY.
 */
export function readExpression(reader: Reader, level: Level, tree: unknown, over: Over, readSubquery: ReadSubquery): void {
  const walk = (value: unknown, at: Over): void => {
    if (Array.isArray(value)) {
      for (const item of value) walk(item, at)
      return
    }
    if (typeof value !== 'object' || value === null) return
    const node = nodeOf(value)
    if (node === undefined) {
      for (const child of Object.values(value)) walk(child, at)
      return
    }
    const { name, fields } = node
    if (name === 'SubLink') {
      walk(fields.testexpr, at)
      readSubquery(fields, level, at !== 'all')
      return
    }
    const within = at === 'groups' && isAggregate(value) ? 'filtered' : at
    if (level.from !== '' && namesColumn(fields)) {
      if (name === 'CaseExpr') readCase(reader, level, fields, within)
      if (name === 'CoalesceExpr') readCoalesce(reader, level, value, fields, within)
      if (name === 'A_Expr' && fields.kind === 'AEXPR_NULLIF') readNullif(reader, level, value, fields, within)
      if (name === 'TypeCast') readCast(reader, level, value, within)
      if (name === 'FuncCall' && fields.agg_filter !== undefined) readCondition(reader, level, fields.agg_filter, { over: within })
    }
    for (const child of Object.values(fields)) walk(child, within)
  }
  walk(tree, over)
}

function readCase(reader: Reader, level: Level, fields: Fields, over: Over): void {
  const subject = fields.arg === undefined ? undefined : reader.text.expression(fields.arg)
  const passed: string[] = []
  for (const item of asList(fields.args)) {
    const when = fieldsOf(item, 'CaseWhen')
    const sql = reader.text.expression(when?.expr)
    if (sql === undefined || (fields.arg !== undefined && subject === undefined)) {
      reader.leaveOut('arm', item, 'its text could not be cut out of the statement')
      return
    }
    const whole = subject === undefined ? sql : `(${subject}) = (${sql})`
    if (subject === undefined) readCondition(reader, level, when?.expr, { over, given: [...passed] })
    else if (reader.unsafeCall(fields.arg, when?.expr) === undefined)
      reader.askRows(
        level,
        over,
        [{ kind: 'arm', tree: when?.expr, text: `CASE ${subject} WHEN ${sql}`, outcome: 'taken' }],
        [[...passed, `(${whole}) IS TRUE`].join(' AND ')],
      )
    passed.push(`(${whole}) IS NOT TRUE`)
  }
  if (reader.unsafeCall(fields) !== undefined) return
  const outcome: Outcome = { kind: 'arm', tree: { CaseExpr: fields }, outcome: 'ELSE taken' }
  reader.askRows(level, over, [outcome], [passed.join(' AND ')])
}

function readCoalesce(reader: Reader, level: Level, tree: unknown, fields: Fields, over: Over): void {
  const unsafe = reader.unsafeCall(fields)
  const args = asList(fields.args)
  const texts = args.map((each) => reader.text.expression(each))
  if (unsafe !== undefined || texts.includes(undefined)) {
    reader.leaveOut('arm', tree, unsafe ?? 'its text could not be cut out of the statement')
    return
  }
  const outcomes: Outcome[] = []
  const expressions: string[] = []
  let forbidden: string | undefined
  for (const [at, arg] of args.entries()) {
    const missing = texts.slice(0, at).map((text) => `(${text}) IS NULL`)
    const before = wantedNull(level, args.slice(0, at))
    outcomes.push({ kind: 'arm', tree, outcome: `argument ${at + 1} taken`, infeasible: forbidden, aims: aimsOf(before) })
    expressions.push([...missing, `(${texts[at]}) IS NOT NULL`].join(' AND '))
    const never = neverNull(inSight(level), arg)
    if (never === 'always') break
    forbidden ??= never?.because
    if (at === args.length - 1) {
      outcomes.push({ kind: 'arm', tree, outcome: 'all NULL', infeasible: forbidden, aims: aimsOf(wantedNull(level, args)) })
      expressions.push(texts.map((text) => `(${text}) IS NULL`).join(' AND '))
    }
  }
  reader.askRows(level, over, outcomes, expressions)
}

function wantedNull(level: Level, args: readonly unknown[]): readonly Want[] {
  return args.flatMap((arg) => {
    const column = columnOf(inSight(level), arg)
    return column === undefined ? [] : [{ column, cells: [null] }]
  })
}

function readNullif(reader: Reader, level: Level, tree: unknown, fields: Fields, over: Over): void {
  const [left, right] = [reader.text.expression(fields.lexpr), reader.text.expression(fields.rexpr)]
  const unsafe = reader.unsafeCall(fields)
  if (unsafe !== undefined || left === undefined || right === undefined) {
    reader.leaveOut('arm', tree, unsafe ?? 'its text could not be cut out of the statement')
    return
  }
  const equal = { A_Expr: { ...fields, kind: 'AEXPR_OP', name: [{ String: { sval: '=' } }] } }
  const outcomes = [true, false].map(
    (truth): Outcome => ({
      kind: 'arm',
      tree,
      outcome: truth ? 'equal' : 'different',
      aims: aimsOf(wantsFor(inSight(level), equal, truth)),
    }),
  )
  reader.askRows(level, over, outcomes, [`((${left}) = (${right})) IS TRUE`, `((${left}) = (${right})) IS FALSE`])
}

/** Whether an expression calls an aggregate of its own query. */
export function aggregatesRows(tree: unknown): boolean {
  const walk = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.some(walk)
    if (typeof value !== 'object' || value === null) return false
    const node = nodeOf(value)
    if (node?.name === 'SubLink') return false
    return isAggregate(value) || Object.values(value).some(walk)
  }
  return walk(tree)
}
