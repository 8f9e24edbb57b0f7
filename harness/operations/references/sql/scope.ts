import { asList, asText, fieldsOf, isFields, nodeOf } from '../../../migration/index.ts'
import type { TableName } from '../table-name.ts'
import { schemaOf } from '../table-name.ts'

/** Stands for the value of an expression of the program around the text: a character that nobody writes. */
export const hole = '\uE000'.repeat(16)

/** A name that only the program around the text knows. */
function isHole(name: string): boolean {
  return /^hole_+$/.test(name)
}

/** What a name in FROM stands for: the table that is searched for, by its own name, or anything else. */
export type Standing = 'table' | 'other'

/** What names mean at a place of a statement, from the inside out. */
export interface Scope {
  readonly withQueries: ReadonlySet<string>
  readonly ranges: ReadonlyMap<string, Standing>
  readonly parent: Scope | undefined
}

export const emptyScope: Scope = { withQueries: new Set(), ranges: new Map(), parent: undefined }

/** A relation as the grammar writes it, wrapped in a node or not. */
export interface WrittenRelation {
  readonly schema: string | undefined
  readonly name: string
  readonly alias: string | undefined
  /** How many names stand before it and a dot. */
  readonly qualifiers: number
  /** UTF-8 bytes. */
  readonly location: number
  readonly temporary: boolean
}

export function relationOf(value: unknown): WrittenRelation | undefined {
  const fields = fieldsOf(value, 'RangeVar') ?? value
  if (!isFields(fields) || typeof fields.relname !== 'string' || typeof fields.relpersistence !== 'string') return undefined
  const [catalog, schema] = [asText(fields.catalogname), asText(fields.schemaname)]
  return {
    schema,
    name: fields.relname,
    alias: isFields(fields.alias) ? asText(fields.alias.aliasname) : undefined,
    qualifiers: (catalog === undefined ? 0 : 1) + (schema === undefined ? 0 : 1),
    location: typeof fields.location === 'number' ? fields.location : 0,
    temporary: fields.relpersistence === 't',
  }
}

/** Whether a name, with its schema as it is written, is the table's; a name alone is that of `public`. */
export function namesTable(schema: string | undefined, name: string, table: TableName): 'yes' | 'no' | 'without schema' {
  if (name !== table.name) return 'no'
  if (schema !== undefined && !isHole(schema)) return schema === schemaOf(table) ? 'yes' : 'no'
  if (schema !== undefined) return 'without schema'
  return schemaOf(table) === 'public' ? 'yes' : 'without schema'
}

export function isWithQuery(scope: Scope | undefined, name: string): boolean {
  return scope !== undefined && (scope.withQueries.has(name) || isWithQuery(scope.parent, name))
}

/** What a name before a column stands for, in the innermost query that knows it. */
export function standingOf(scope: Scope | undefined, name: string): Standing | undefined {
  return scope === undefined ? undefined : (scope.ranges.get(name) ?? standingOf(scope.parent, name))
}

/** The names under which items of FROM are seen. */
export function rangesOf(items: unknown, table: TableName, scope: Scope): ReadonlyMap<string, Standing> {
  const ranges = new Map<string, Standing>()
  const add = (item: unknown): void => {
    const relation = relationOf(item)
    if (relation !== undefined) {
      const hidden = relation.schema === undefined && isWithQuery(scope, relation.name)
      const own = relation.alias === undefined && !hidden && namesTable(relation.schema, relation.name, table) !== 'no'
      ranges.set(relation.alias ?? relation.name, own ? 'table' : 'other')
      return
    }
    const node = nodeOf(item)
    if (node === undefined) return
    if (node.name === 'JoinExpr') for (const side of [node.fields.larg, node.fields.rarg]) add(side)
    if (node.name === 'RangeTableSample') add(node.fields.relation)
    const alias = isFields(node.fields.alias) ? asText(node.fields.alias.aliasname) : undefined
    if (alias !== undefined) ranges.set(alias, 'other')
  }
  for (const item of asList(items)) add(item)
  return ranges
}
