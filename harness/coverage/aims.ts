import type { Aim, AimedCell } from '../data/index.ts'
import { asList, asText, type Fields, fieldsOf, nodeOf, plainConstants, stringsOf } from '../migration/index.ts'
import { pathOf } from '../postgres/index.ts'
import { functionName } from './calls.ts'
import { columnIn, type KnownColumn, type Source } from './sources.ts'
import type { Want } from './want.ts'

/** What a condition is to come out as. */
export type Truth = true | false | null

/** Rows that make conditions come out so, as far as they compare columns with constants; one aim for each relation. */
export function aimsOf(wants: readonly Want[]): readonly Aim[] {
  const byRelation = new Map<string, Record<string, readonly AimedCell[]>>()
  for (const { column, cells } of wants) {
    const path = pathOf(column.relation)
    const known = byRelation.get(path) ?? {}
    const { name } = column.attribute
    // What comes first decides: the condition itself, then those beside it.
    byRelation.set(path, name in known ? known : { ...known, [name]: cells })
  }
  return [...byRelation].map(([relation, cells]): Aim => ({ kind: 'cells', relation, cells }))
}

/** A value in the column that an expression is. */
export function cellAims(sources: readonly Source[], tree: unknown, cells: readonly AimedCell[]): readonly Aim[] {
  const column = columnOf(sources, tree)
  return column === undefined ? [] : aimsOf([{ column, cells }])
}

/** Rows equal in the columns of some keys, and different in those of others; the rows of one relation at a time. */
export function alikeAims(sources: readonly Source[], keys: readonly unknown[], others: readonly unknown[]): readonly Aim[] {
  const columns = (trees: readonly unknown[]) => trees.flatMap((tree) => columnOf(sources, tree) ?? [])
  const [same, differ] = [columns(keys), columns(others)]
  return [...new Set(same.map(({ relation }) => relation))].map((relation): Aim => {
    const names = (known: readonly KnownColumn[]) => known.flatMap((each) => (each.relation === relation ? [each.attribute.name] : []))
    return { kind: 'alike', relation: pathOf(relation), same: names(same), differ: names(differ) }
  })
}

/** Values of columns that make a condition come out so; none where it is of no form that is known. */
export function wantsFor(sources: readonly Source[], tree: unknown, truth: Truth): readonly Want[] {
  const node = nodeOf(tree)
  if (node === undefined) return []
  const { name, fields } = node
  switch (name) {
    case 'BoolExpr': {
      const args = asList(fields.args)
      if (fields.boolop === 'NOT_EXPR') return wantsFor(sources, args[0], truth === null ? null : !truth)
      const all = (fields.boolop === 'AND_EXPR') === truth
      return truth === null
        ? wantsFor(sources, args[0], null)
        : (all ? args : args.slice(0, 1)).flatMap((each) => wantsFor(sources, each, truth))
    }
    case 'NullTest': {
      const column = columnOf(sources, fields.arg)
      if (column === undefined || truth === null) return []
      const all = asList(fieldsOf(fields.arg, 'CoalesceExpr')?.args).flatMap((each) => columnOf(sources, each) ?? [])
      if (all.length > 0 && (fields.nulltesttype === 'IS_NULL') === truth) return all.map((each) => ({ column: each, cells: [null] }))
      return [{ column, cells: (fields.nulltesttype === 'IS_NULL') === truth ? [null] : [{ fresh: true }] }]
    }
    case 'ColumnRef': {
      const column = columnOf(sources, tree)
      return column === undefined ? [] : [{ column, cells: truth === null ? [null] : [truth ? 't' : 'f'] }]
    }
    case 'A_Expr':
      return truth === null ? nullOf(sources, fields) : ofComparison(sources, fields, truth)
    default:
      return []
  }
}

/** NULL in the first column of an expression that may have it. */
function nullOf(sources: readonly Source[], fields: Fields): readonly Want[] {
  const columns = [fields.lexpr, fields.rexpr].flatMap((side) => columnOf(sources, side) ?? [])
  const column = columns.find(({ attribute }) => !attribute.notNull)
  return column === undefined ? [] : [{ column, cells: [null] }]
}

const turned: Readonly<Record<string, string>> = { '<': '>', '>': '<', '<=': '>=', '>=': '<=' }
const negated: Readonly<Record<string, string>> = { '=': '<>', '<>': '=', '!=': '=', '<': '>=', '>=': '<', '>': '<=', '<=': '>' }

function ofComparison(sources: readonly Source[], fields: Fields, truth: boolean): readonly Want[] {
  const kind = asText(fields.kind)
  const operator = stringsOf(fields.name).at(-1) ?? ''
  const left = columnOf(sources, fields.lexpr)
  if (kind === 'AEXPR_BETWEEN' && left !== undefined) {
    const [low, high] = plainConstants(fields.rexpr)
    if (low === undefined || high === undefined) return []
    return [{ column: left, cells: truth ? [low, high] : [...beside(low, -1), ...beside(high, 1)] }]
  }
  if (kind === 'AEXPR_IN' && left !== undefined) {
    const values = plainConstants(fields.rexpr)
    const inside = (operator === '=') === truth
    return [{ column: left, cells: inside ? values : [{ fresh: true }], serves: inside ? (cell) => values.includes(cell) : undefined }]
  }
  if ((kind === 'AEXPR_LIKE' || kind === 'AEXPR_ILIKE') && left !== undefined) {
    const [pattern] = plainConstants(fields.rexpr)
    const matches = !operator.startsWith('!') === truth
    return pattern === undefined
      ? []
      : [{ column: left, cells: matches ? [pattern.replaceAll('%', 'a').replaceAll('_', 'b')] : [{ fresh: true }] }]
  }
  if (kind !== 'AEXPR_OP' && kind !== 'AEXPR_DISTINCT' && kind !== 'AEXPR_NOT_DISTINCT') return []
  const right = columnOf(sources, fields.rexpr)
  const [column, constant, sign] =
    left !== undefined && right === undefined
      ? ([left, fields.rexpr, operator] as const)
      : ([right, fields.lexpr, turned[operator] ?? operator] as const)
  const [value, ...more] = plainConstants(constant)
  if (column === undefined || value === undefined || more.length > 0) return []
  const plain = kind === 'AEXPR_DISTINCT' ? '<>' : kind === 'AEXPR_NOT_DISTINCT' ? '=' : sign
  return [valuesFor(column, truth ? plain : (negated[plain] ?? ''), value, isPlain(fields.lexpr) && isPlain(fields.rexpr))]
}

/** @param exact  Whether the column itself is compared, not what a function makes of it. */
function valuesFor(column: KnownColumn, sign: string, value: string, exact: boolean): Want {
  const compared = exact && /^(smallint|integer|bigint|numeric|real|double precision)\b/.test(column.attribute.type)
  const by = (test: (one: number, other: number) => boolean) => (compared ? (cell: string) => test(Number(cell), Number(value)) : undefined)
  switch (sign) {
    case '=':
      return {
        column,
        cells: [value],
        serves: exact ? (cell) => cell === value || (compared && Number(cell) === Number(value)) : undefined,
      }
    case '<':
      return { column, cells: beside(value, -1), serves: by((one, other) => one < other) }
    case '>':
      return { column, cells: beside(value, 1), serves: by((one, other) => one > other) }
    case '<=':
      return { column, cells: [value, ...beside(value, -1)], serves: by((one, other) => one <= other) }
    case '>=':
      return { column, cells: [value, ...beside(value, 1)], serves: by((one, other) => one >= other) }
    default:
      return {
        column,
        cells: [...beside(value, 1), { fresh: true }],
        serves: sign === '<>' ? by((one, other) => one !== other) : undefined,
      }
  }
}

const dayMs = 86_400_000

/** Values just before or behind one. */
function beside(value: string, direction: 1 | -1): readonly string[] {
  if (/^-?\d+$/.test(value)) return [(BigInt(value) + BigInt(direction)).toString(), (BigInt(value) + BigInt(direction) * 10n).toString()]
  if (/^-?\d*\.\d+$/.test(value)) return [String(Number(value) + direction), String(Number(value) + direction * 0.01)]
  if (/^\d{4}-\d\d-\d\d/.test(value)) {
    const time = Date.parse(value.slice(0, 10))
    return Number.isNaN(time) ? [] : [new Date(time + direction * dayMs).toISOString().slice(0, 10)]
  }
  return direction === 1 ? [`${value}z`] : [value.slice(0, -1)]
}

const transparent = /^(lower|upper|btrim|ltrim|rtrim|trim|abs|round|trunc)$/

/** The column that an expression is, casts, COALESCE and plain functions aside. */
export function columnOf(sources: readonly Source[], tree: unknown): KnownColumn | undefined {
  const node = nodeOf(tree)
  switch (node?.name) {
    case 'ColumnRef':
      return columnIn(sources, tree)
    case 'TypeCast':
    case 'CollateClause':
      return columnOf(sources, node.fields.arg)
    case 'CoalesceExpr':
      return columnOf(sources, asList(node.fields.args)[0])
    case 'FuncCall':
      return transparent.test(functionName(node.fields)) ? columnOf(sources, asList(node.fields.args)[0]) : undefined
    default:
      return undefined
  }
}

function isPlain(tree: unknown): boolean {
  return fieldsOf(tree, 'ColumnRef') !== undefined || plainConstants(tree).length > 0
}

type ColumnPair = readonly [KnownColumn, KnownColumn]

/** Pairs of columns of two range variables that a condition equates, wherever in it. */
export function equated(sources: readonly Source[], condition: unknown): readonly ColumnPair[] {
  return compared(sources, condition, (kind, operator) => kind === 'AEXPR_OP' && operator === '=')
}

/** Pairs of columns of two range variables that must differ for a condition to be true: `a.at < b.at`. */
export function unequal(sources: readonly Source[], condition: unknown): readonly ColumnPair[] {
  return compared(
    sources,
    condition,
    (kind, operator) => kind === 'AEXPR_DISTINCT' || (kind === 'AEXPR_OP' && ['<', '>', '<>'].includes(operator)),
  )
}

function compared(
  sources: readonly Source[],
  condition: unknown,
  wanted: (kind: unknown, operator: string) => boolean,
): readonly ColumnPair[] {
  const bool = fieldsOf(condition, 'BoolExpr')
  if (bool !== undefined) return asList(bool.args).flatMap((each) => compared(sources, each, wanted))
  const fields = fieldsOf(condition, 'A_Expr')
  if (fields === undefined || !wanted(fields.kind, stringsOf(fields.name).at(-1) ?? '')) return []
  const [left, right] = [columnOf(sources, fields.lexpr), columnOf(sources, fields.rexpr)]
  return left === undefined || right === undefined || left.source === right.source ? [] : [[left, right]]
}
