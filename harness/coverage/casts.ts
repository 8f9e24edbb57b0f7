import type { AimedCell } from '../data/index.ts'
import { asList, asText, type Fields, fieldsOf, isFields, nodeOf, stringsOf } from '../migration/index.ts'
import { quoteIdentifier, quoteLiteral } from '../postgres/index.ts'
import { cellAims } from './aims.ts'
import { functionName, namesColumn } from './calls.ts'
import { inSight, type Level, type Over } from './level.ts'
import { neverNull } from './never-null.ts'
import type { Outcome, Reader } from './reader.ts'
import { columnIn } from './sources.ts'

const texts = /^(text|character varying|character|citext|name|"char")\b/
const makesText =
  /^(btrim|ltrim|rtrim|trim|lower|upper|initcap|substring|substr|split_part|replace|translate|regexp_replace|left|right|lpad|rpad|concat|concat_ws|nullif|format|jsonb?_extract_path_text|string_agg)$/

/** A cast of a text to another type: of its special forms each is a target. */
export function readCast(reader: Reader, level: Level, cast: unknown, over: Over): void {
  const fields = fieldsOf(cast, 'TypeCast')
  if (fields === undefined || !namesColumn(fields.arg) || !isText(level, fields.arg)) return
  const type = typeText(fields.typeName)
  if (type === undefined || isTextType(type)) return
  askCast(reader, level, { tree: cast, arg: fields.arg, type, over })
}

/** The value that is cast, and to what. */
interface Cast {
  readonly tree: unknown
  readonly arg: unknown
  readonly type: string
  readonly over: Over
}

function askCast(reader: Reader, level: Level, { tree, arg, type, over }: Cast): void {
  const sql = reader.text.expression(arg)
  const unsafe = reader.unsafeCall(arg)
  if (sql === undefined || unsafe !== undefined) {
    reader.leaveOut('cast', tree, unsafe ?? 'its text could not be cut out of the statement')
    return
  }
  const never = neverNull(inSight(level), arg)
  const text = `${sql} as ${type}`
  const aims = (cells: readonly AimedCell[]) => cellAims(inSight(level), arg, cells)
  const outcomes: Outcome[] = [
    { kind: 'cast', tree, text, outcome: 'castable', aims: aims(['1', '2024-02-29', 'true', '{}']) },
    { kind: 'cast', tree, text, outcome: 'not castable', aims: aims(['x', '1,5', '2023-02-29']) },
    { kind: 'cast', tree, text, outcome: 'empty text', aims: aims(['']) },
    { kind: 'cast', tree, text, outcome: 'blanks outside', aims: aims([' 1 ', ' a', 'a ']) },
    ...(never === 'always' ? [] : [{ kind: 'cast' as const, tree, text, outcome: 'NULL', infeasible: never?.because, aims: aims([null]) }]),
  ]
  const valid = `pg_catalog.pg_input_is_valid((${sql})::pg_catalog.text, ${quoteLiteral(type)})`
  const value = `(${sql})::pg_catalog.text`
  const expressions = [
    valid,
    `NOT ${valid}`,
    `${value} = ''`,
    `${value} <> pg_catalog.btrim(${value}) AND pg_catalog.btrim(${value}) <> ''`,
    `(${sql}) IS NULL`,
  ]
  reader.askRows(level, over, outcomes, expressions.slice(0, outcomes.length))
}

/** ALTER COLUMN … TYPE: values that the new type alters, and those that it refuses. */
export function readTypeChange(reader: Reader, level: Level, tree: unknown, column: string, definition: Fields): void {
  const type = typeText(definition.typeName)
  // A text takes everything as it is.
  if (type === undefined || type === 'text') return
  const sql = quoteIdentifier(column)
  const arg = { ColumnRef: { fields: [{ String: { sval: column } }] } }
  const never = neverNull(inSight(level), arg)
  const base = { kind: 'cast' as const, tree, text: `${column} as ${type}` }
  const from = columnIn(level.sources, arg)?.attribute.type
  const value = `(${sql})::pg_catalog.text`
  const valid = `pg_catalog.pg_input_is_valid(${value}, ${quoteLiteral(type)})`
  const cast = `CASE WHEN ${valid} THEN (${value}::${type})::pg_catalog.text END`
  const asked: (readonly [Outcome, string])[] = [[{ ...base, outcome: 'the same text' }, `${cast} = ${value}`]]
  // What a shorter text type takes it does not alter.
  if (!isTextType(type)) asked.push([{ ...base, outcome: 'another text' }, `${cast} <> ${value}`])
  // A date takes the text of a time: only texts and numbers are refused for what they say.
  if (from !== undefined && (texts.test(from) || isNumeric(from)))
    asked.push([{ ...base, outcome: 'refused', ofLegacy: true, infeasible: widened(from, type) }, `NOT ${valid}`])
  const infeasible = never === 'always' ? undefined : never?.because
  asked.push([{ ...base, outcome: 'NULL', infeasible, aims: cellAims(inSight(level), arg, [null]) }, `${sql} IS NULL`])
  reader.askRows(
    level,
    'all',
    asked.map(([outcome]) => outcome),
    asked.map(([, test]) => test),
  )
}

function isTextType(type: string): boolean {
  return texts.test(type) || /^(pg_catalog\.)?(varchar|bpchar)\b/.test(type)
}

function isNumeric(type: string): boolean {
  return /^(smallint|integer|bigint|numeric|real|double precision)\b/.test(type)
}

/** Why a type takes every value of another: it has room for more. */
function widened(from: string | undefined, to: string): string | undefined {
  const digits = (type: string | undefined) =>
    /^(?:pg_catalog\.)?numeric(?:\((\d+)(?:,(\d+))?\))?$/
      .exec(type ?? '')
      ?.slice(1)
      .map((each) => (each === undefined ? undefined : Number(each)))
  const [old, wide] = [digits(from), digits(to)]
  if (old === undefined || wide === undefined) return undefined
  const whole = ([precision, scale = 0]: readonly (number | undefined)[]) =>
    precision === undefined ? Number.POSITIVE_INFINITY : precision - scale
  return whole(wide) >= whole(old) ? `${to} has room for all of ${from}` : undefined
}

/** Whether a value is a text before it is cast, as far as the catalog and the form tell. */
function isText(level: Level, tree: unknown): boolean {
  const column = columnIn(inSight(level), tree)
  if (column !== undefined) return texts.test(column.attribute.type)
  const node = nodeOf(tree)
  switch (node?.name) {
    case 'A_Expr':
      return node.fields.kind === 'AEXPR_NULLIF'
        ? isText(level, node.fields.lexpr)
        : /^(->>|#>>|\|\|)$/.test(stringsOf(node.fields.name).at(-1) ?? '')
    case 'FuncCall':
      return makesText.test(functionName(node.fields))
    case 'CoalesceExpr':
      return asList(node.fields.args).some((each) => isText(level, each))
    default:
      return false
  }
}

/** A type as `pg_input_is_valid` takes it: `numeric(10,2)`, `public.mood[]`. */
function typeText(name: unknown): string | undefined {
  if (!isFields(name)) return undefined
  const modifiers = asList(name.typmods).map((each) => fieldsOf(fieldsOf(each, 'A_Const'), 'ival')?.ival ?? 0)
  const names = stringsOf(name.names)
  const last = names.at(-1)
  if (last === undefined || asText(name.setof) !== undefined || last === 'interval') return undefined
  const plain = names.map((each) => (/^[a-z_][a-z0-9_]*$/.test(each) ? each : quoteIdentifier(each))).join('.')
  return `${plain}${modifiers.length === 0 ? '' : `(${modifiers.map(String).join(',')})`}${asList(name.arrayBounds).length === 0 ? '' : '[]'}`
}
