import { loadModule, parsePlPgSQLSync, parseSync, scanSync } from 'libpg-query'

// WebAssembly, 25 ms, once; so that everything above is plain and synchronous.
await loadModule()

/** The fields of a parse-tree node. Read by name with the accessors below, so that a node or field nobody knows is passed over. */
export type Fields = Readonly<Record<string, unknown>>

/** One node as libpg-query writes it: `{ "SelectStmt": { … } }`. */
export interface TreeNode {
  readonly name: string
  readonly fields: Fields
}

export interface RawStatement {
  readonly tree: unknown
  /** UTF-8 bytes into the text. */
  readonly location: number
  /** UTF-8 bytes; undefined up to the end. */
  readonly length: number | undefined
}

/**
 * Parse SQL with PostgreSQL's own grammar (18).
 *
 * @throws {Error} libpg-query's `SqlError`, whose `sqlDetails.cursorPosition` counts code points from 0.
 */
export function parseTree(sql: string): readonly RawStatement[] {
  if (sql.trim() === '') return []
  return (parseSync(sql).stmts ?? []).map((raw) => ({
    tree: raw.stmt,
    location: raw.stmt_location ?? 0,
    length: raw.stmt_len === 0 ? undefined : raw.stmt_len,
  }))
}

/** The statements of a text that may not be SQL at all: undefined when it does not parse. */
export function tryParse(sql: string): readonly unknown[] | undefined {
  try {
    return parseTree(sql).map((statement) => statement.tree)
  } catch {
    return undefined
  }
}

/** A token of SQL, comments left out. */
export interface Token {
  /** UTF-8 bytes into the text; `end` is behind it. */
  readonly start: number
  readonly end: number
  /** As it is written, in capitals where it is no quoted name. */
  readonly word: string
}

/** The tokens of a text that parses. */
export function tokensOf(sql: string): readonly Token[] {
  const bytes = Buffer.from(sql)
  // libpg-query writes control characters into its JSON as they are, which JSON.parse refuses; a space is as long.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return scanSync(sql.replace(/[\x01-\x08\x0b\x0c\x0e-\x1f]/g, ' ')).tokens.flatMap(({ start, end }) => {
    const text = bytes.toString('utf8', start, end)
    return /^(--|\/\*)/.test(text) ? [] : [{ start, end, word: /^["']/.test(text) ? text : text.toUpperCase() }]
  })
}

/** A tree as a text that is the same for two texts that mean the same: without the places of its nodes. */
export function treeText(tree: unknown): string {
  return (
    JSON.stringify(tree, (key, value) => (/^(location|(rexpr_)?list_(start|end)|stmt_(location|len))$/.test(key) ? undefined : value)) ?? ''
  )
}

/** The expression's tree, or undefined when it does not parse. */
export function tryParseExpression(expression: string): unknown {
  const [select] = tryParse(`SELECT ${expression}`) ?? []
  return asList(fieldsOf(asList(fieldsOf(select, 'SelectStmt')?.targetList)[0], 'ResTarget')?.val).at(0)
}

/** The PL/pgSQL trees of a CREATE FUNCTION or DO statement; undefined where PL/pgSQL's parser refuses it. */
export function tryParsePlpgsql(statement: string): readonly unknown[] | undefined {
  try {
    return asList((parsePlPgSQLSync(statement) as unknown as Fields).plpgsql_funcs)
  } catch {
    return undefined
  }
}

/** A node's name and fields, or undefined for what is none. */
export function nodeOf(value: unknown): TreeNode | undefined {
  if (!isFields(value)) return undefined
  const keys = Object.keys(value)
  const name = keys[0]
  if (keys.length !== 1 || name === undefined || !/^[A-Z]/.test(name)) return undefined
  const fields = value[name]
  return isFields(fields) ? { name, fields } : undefined
}

/** The fields of a node of that name, or undefined for any other value. */
export function fieldsOf(value: unknown, name: string): Fields | undefined {
  if (!isFields(value)) return undefined
  const fields = value[name]
  return isFields(fields) ? fields : undefined
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A list as it is, nothing as an empty one, a single value as a list of one; a `List` node is unwrapped. */
export function asList(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value
  const list = fieldsOf(value, 'List')
  return list === undefined ? [value] : asList(list.items)
}

export function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** The texts of a list of String nodes, e.g. a qualified name. */
export function stringsOf(value: unknown): readonly string[] {
  return asList(value).flatMap((item) => asText(fieldsOf(item, 'String')?.sval) ?? [])
}

/** Every node in a value, outermost first, itself included. */
export function* everyNode(value: unknown): Generator<TreeNode> {
  if (Array.isArray(value)) {
    for (const item of value) yield* everyNode(item)
    return
  }
  if (!isFields(value)) return
  const node = nodeOf(value)
  if (node !== undefined) yield node
  for (const child of Object.values(value)) if (typeof child === 'object') yield* everyNode(child)
}
