import type { Catalog, Relation } from '../../../catalog/index.ts'
import {
  asList,
  asText,
  everyNode,
  fieldsOf,
  firstTarget,
  isFields,
  nodeOf,
  parseScript,
  stringsOf,
  type WorkloadEntry,
} from '../../../migration/index.ts'
import { pathOf, quoteLiteral } from '../../../postgres/index.ts'
import type { State } from '../../../run/index.ts'
import type { WorkloadStatement } from './derive-statements.ts'

/** How often a statement with parameters is sent, each time with the values of another row. */
const turns = 3

/**
 * The statements of a workload that the author gave, their parameters (`$1`) filled in: with the values that came with them, else with those
 * of generated rows, from the attribute that each parameter is compared with or stored in.
 *
 * @throws {InputError} When a statement is not SQL.
 */
export function givenStatements(workload: readonly WorkloadEntry[], state: State): readonly WorkloadStatement[] {
  return workload.flatMap((entry, index) => {
    const { sql, name, parameters, budget } =
      typeof entry === 'string' ? { sql: entry, name: undefined, parameters: undefined, budget: undefined } : entry
    return parseScript(`workload statement ${index + 1}`, sql).statements.flatMap((statement) => {
      const places = parametersOf(statement.tree)
      const target = firstTarget(statement)
      const relations = relationsOf(statement.tree, state.catalog)
      const relation = target !== undefined && state.catalog.relations.has(target) ? target : relations[0] && pathOf(relations[0])
      const base = {
        operation: operationOf(statement.node),
        given: true,
        name: name ?? beginning(statement.text),
        relation,
        attributes: [],
        readBack: undefined,
        unsteady: [],
        most: budget?.most,
      } as const
      if (places.length === 0) return [{ ...base, sql: statement.text }]
      const numbers = [...new Set(places.map((each) => each.number))]
      const columns = new Map(numbers.map((number) => [number, columnOf(statement.tree, number, relations)]))
      return Array.from({ length: parameters === undefined ? turns : 1 }, (_, turn) => {
        const value = (number: number) => {
          const given = parameters?.[number - 1]
          if (given !== undefined) return given === null ? null : String(given)
          return cellOf(state, columns.get(number), turn)
        }
        return { ...base, sql: fill(statement.text, places, value) }
      })
    })
  })
}

function operationOf(node: string): WorkloadStatement['operation'] {
  return ({ SelectStmt: 'read', InsertStmt: 'insert', UpdateStmt: 'update', DeleteStmt: 'delete' } as const)[node] ?? 'statement'
}

function beginning(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > 60 ? `${line.slice(0, 57)}…` : line
}

interface Parameter {
  readonly number: number
}

function parametersOf(tree: unknown): readonly Parameter[] {
  return [...everyNode(tree)].flatMap(({ name, fields }) => (name === 'ParamRef' ? [{ number: Number(fields.number ?? 0) }] : []))
}

/** Parameters in the text are found as the server's scanner does: outside quotes and comments. */
function fill(text: string, places: readonly Parameter[], value: (number: number) => string | null): string {
  const numbers = new Set(places.map((each) => each.number))
  return text.replaceAll(
    /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$(\w*)\$[\s\S]*?\$\1\$|\$(\d+)/g,
    (found, _tag, digits?: string) => (digits !== undefined && numbers.has(Number(digits)) ? quoteLiteral(value(Number(digits))) : found),
  )
}

function relationsOf(tree: unknown, catalog: Catalog): readonly Relation[] {
  return [...everyNode(tree), ...ownRelation(tree)].flatMap(({ name, fields }) => {
    if (name !== 'RangeVar') return []
    const [schema, relation] = [asText(fields.schemaname), asText(fields.relname)]
    return [...catalog.relations.values()].filter((each) => each.name === relation && (schema === undefined || each.schema === schema))
  })
}

/** What is written stands in the tree without a node of its own around it. */
function ownRelation(tree: unknown): readonly { readonly name: string; readonly fields: Readonly<Record<string, unknown>> }[] {
  const own = nodeOf(tree)?.fields.relation
  return isFields(own) ? [{ name: 'RangeVar', fields: own }] : []
}

interface Column {
  readonly relation: string
  readonly attribute: string
}

/** The attribute that a parameter is compared with, or stored in. */
function columnOf(tree: unknown, number: number, relations: readonly Relation[]): Column | 'count' | undefined {
  const is = (value: unknown) => Number(fieldsOf(stripped(value), 'ParamRef')?.number) === number
  const named = (name: string | undefined): Column | undefined => {
    const relation = relations.find((each) => each.attributes.some((attribute) => attribute.name === name))
    return relation === undefined || name === undefined ? undefined : { relation: pathOf(relation), attribute: name }
  }
  for (const { name, fields } of everyNode(tree)) {
    if (name === 'A_Expr') {
      const [left, right] = [stripped(fields.lexpr), stripped(fields.rexpr)]
      const other = is(left) ? right : asList(right).some(is) || is(right) ? left : undefined
      const found = named(stringsOf(fieldsOf(other, 'ColumnRef')?.fields).at(-1))
      if (found !== undefined) return found
    }
    if (name === 'ResTarget' && is(fields.val)) {
      const found = named(asText(fields.name))
      if (found !== undefined) return found
    }
    if (name === 'InsertStmt') {
      const columns = asList(fields.cols).map((each) => asText(fieldsOf(each, 'ResTarget')?.name))
      const rows = asList(fieldsOf(fields.selectStmt, 'SelectStmt')?.valuesLists)
      for (const row of rows) {
        const at = asList(row).findIndex(is)
        const found = at < 0 ? undefined : named(columns.length > 0 ? columns[at] : relations[0]?.attributes[at]?.name)
        if (found !== undefined) return found
      }
    }
    if (name === 'SelectStmt' && (is(fields.limitCount) || is(fields.limitOffset))) return 'count'
  }
  return undefined
}

/** Without the casts around it. */
function stripped(value: unknown): unknown {
  const cast = fieldsOf(value, 'TypeCast')
  return cast === undefined ? value : stripped(cast.arg)
}

function cellOf(state: State, column: Column | 'count' | undefined, turn: number): string | null {
  if (column === 'count') return '10'
  const table = column === undefined ? undefined : state.rows.get(column.relation)
  if (column === undefined || table === undefined || table.rows.length === 0) return String(turn + 1)
  return table.rows[turn % table.rows.length]?.[table.attributes.indexOf(column.attribute)] ?? null
}
