import type { Index, Relation } from '../../catalog/index.ts'
import { quoteIdentifier, quoteLiteral, quoteName } from '../../postgres/index.ts'
import type { Cell, Dataset } from '../dataset.ts'
import type { AttributePlan, GenerationPlan, RelationPlan } from '../plan/model.ts'

/** A relation that statements are written for: its names quoted, the rows it holds, and legal rows that it does not hold yet. */
export interface StatementTarget {
  readonly name: string
  readonly columns: readonly TargetColumn[]
  readonly held: readonly TargetRow[]
  readonly spare: readonly TargetRow[]
  /** Positions of the key's columns; empty where there is none. */
  readonly key: readonly number[]
  /** Positions of the columns of any key. */
  readonly unique: ReadonlySet<number>
  /** Keys that ON CONFLICT can infer, as it names them. */
  readonly conflicts: readonly string[]
  readonly identityAlways: boolean
  /** Positions of the columns of each foreign key. */
  readonly references: readonly (readonly number[])[]
}

export interface TargetColumn {
  readonly name: string
  readonly type: string
  /** Texts of values, plain ones first; some that its checks or its length refuse. */
  readonly values: readonly string[]
  /** Whether an INSERT may leave it out. */
  readonly optional: boolean
  /** Whether clients mostly leave it to the server. */
  readonly issued: boolean
}

/** A text for each column; null is NULL. */
export type TargetRow = readonly (string | null)[]

/**
 * Describe a relation of a plan as a target of statements.
 *
 * @param held  What the database holds.
 * @param drawn  Other legal rows of the relation; their references are turned to rows that are held.
 */
export function statementTarget(plan: GenerationPlan, path: string, held: Dataset, drawn: Dataset): StatementTarget | undefined {
  const relation = plan.relations.get(path)
  if (relation === undefined) return undefined
  const own = rowsOf(relation, held)
  const others = rowsOf(relation, drawn)
  const names = relation.attributes.map((each) => each.name)
  const keys = relation.relation.indexes.filter((index) => isPlainKey(relation.relation, index))
  const positions = keys.map((index) => index.attributes.map((name) => names.indexOf(name ?? '')).filter((at) => at >= 0))
  const linkedRows = others.map((row, at) => linked(plan, relation, held, row, at))
  const free = withoutCollisions(linkedRows, own, positions)
  // Rows that the keys refuse are better than none.
  const spare = free.length > 0 ? free : linkedRows
  const key = keys.find((index) => index.primary) ?? keys[0]
  return {
    name: quoteName(relation.relation),
    columns: relation.attributes.map((attribute, at) => columnOf(relation.relation, attribute, [...own, ...spare, ...others], at)),
    held: own,
    spare: spare.length > 0 ? spare : own,
    key: key === undefined ? [] : key.attributes.map((name) => names.indexOf(name ?? '')).filter((at) => at >= 0),
    unique: new Set(positions.flat()),
    conflicts: keys.map((index) => index.attributes.map((name) => quoteIdentifier(name ?? '')).join(', ')),
    identityAlways: relation.relation.attributes.some((each) => each.identity === 'always'),
    references: relation.references.map((each) => each.attributes),
  }
}

/** The rows that share no key with a row that is held, or with one another. */
function withoutCollisions(
  rows: readonly TargetRow[],
  held: readonly TargetRow[],
  keys: readonly (readonly number[])[],
): readonly TargetRow[] {
  const taken = keys.map((key) => new Set(held.map((row) => keyText(row, key))))
  return rows.filter((row) => {
    const texts = keys.map((key) => keyText(row, key))
    if (texts.some((text, at) => taken[at]?.has(text) === true)) return false
    texts.forEach((text, at) => {
      taken[at]?.add(text)
    })
    return true
  })
}

function keyText(row: TargetRow, key: readonly number[]): string {
  return JSON.stringify(key.map((at) => row[at]))
}

function rowsOf(relation: RelationPlan, dataset: Dataset): readonly TargetRow[] {
  const table = dataset.tables.get(relation.path)
  if (table === undefined) return []
  const positions = relation.attributes.map((each) => table.attributes.indexOf(each.name))
  return table.rows.map((row) => positions.map((at) => textOf(row[at])))
}

function textOf(cell: Cell): string | null {
  return cell ?? null
}

/** The row with references that lead to rows that are held: to each in turn. */
function linked(plan: GenerationPlan, relation: RelationPlan, held: Dataset, row: TargetRow, ordinal: number): TargetRow {
  const cells = [...row]
  for (const reference of relation.references) {
    const parent = plan.relations.get(reference.parent)
    const parents = parent === undefined ? [] : rowsOf(parent, held)
    const chosen = parents[ordinal % Math.max(1, parents.length)]
    if (chosen === undefined || reference.attributes.some((at) => cells[at] === null)) continue
    reference.attributes.forEach((at, position) => {
      cells[at] = chosen[reference.parentAttributes[position] ?? 0] ?? null
    })
  }
  return cells
}

function columnOf(relation: Relation, plan: AttributePlan, rows: readonly TargetRow[], at: number): TargetColumn {
  const attribute = relation.attributes.find((each) => each.name === plan.name)
  const seen = rows.flatMap((row) => row[at] ?? [])
  const length = /^(?:character varying|character|bit varying)\((\d+)\)$/.exec(plan.type)?.[1]
  const tooLong = length === undefined || Number(length) > 200 ? [] : ['1'.repeat(Number(length) + 1)]
  const values = [...seen, ...plan.pools.edges.slice(0, 3), ...plan.maker.edges.slice(0, 4), ...tooLong, ...plan.pools.extremes.slice(0, 2)]
  const server = attribute?.default !== undefined || attribute?.identity !== undefined
  return {
    name: quoteIdentifier(plan.name),
    type: plan.type,
    values: [...new Set(values.length === 0 ? [plan.maker.plain] : values)],
    optional: server || plan.nullable,
    issued: attribute?.identity !== undefined || (attribute?.default !== undefined && !isConstant(attribute.default)),
  }
}

/** Whether ON CONFLICT can name it and a row can be told by it: no expression, no predicate, checked at once. */
function isPlainKey(relation: Relation, index: Index): boolean {
  const constraint = relation.constraints.find((each) => each.name === index.name)
  return (
    index.unique &&
    index.valid &&
    !index.exclusion &&
    index.predicate === undefined &&
    constraint?.deferrable !== true &&
    index.attributes.every((each) => each !== undefined)
  )
}

function isConstant(expression: string): boolean {
  return !/\w\s*\(|CURRENT_|LOCALTIME|SESSION_USER/i.test(expression.replaceAll(/'(?:[^']|'')*'/g, ''))
}

/** A cell as SQL writes it where its type is known from the place. */
export function literal(cell: string | null): string {
  return quoteLiteral(cell).trimStart()
}

/** A cell with its type. The text goes through the type's input, not through a cast that cuts it to length. */
export function typed(cell: string | null, column: TargetColumn): string {
  return `CAST(${literal(cell)} AS ${column.type})`
}
