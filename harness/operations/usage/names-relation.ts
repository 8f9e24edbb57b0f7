import {
  asList,
  bodyOf,
  bodyQueries,
  everyNode,
  fieldsOf,
  isFields,
  plpgsqlNodes,
  stringsOf,
  type TreeNode,
  tryParse,
} from '../../migration/index.ts'
import { findInSql } from '../references/sql/find-in-sql.ts'
import { mayName } from '../references/table-name.ts'
import { wholeView } from '../references/view.ts'
import type { Carrier } from './model.ts'

export interface Named {
  /** Why it may be another one; null where it is certain. */
  readonly unsure: string | null
}

export interface NamedWith {
  /** Where names without a schema are looked up; undefined where nobody knows. */
  readonly path: readonly string[] | undefined
  /** Whether no session is seen to have another path. */
  readonly settled?: boolean
  /** Of a role: `"$user"` in its path. */
  readonly role?: string
  /** Whether a schema has something of that name; a function's ends with `()`. */
  readonly has?: (schema: string, name: string) => boolean
  /** Whether a session of the role makes a temporary relation of that name. */
  readonly shadows?: (name: string) => boolean
}

/** In no text. */
const nowhere = '\u{F8FF}'

/** Whether a statement names a relation or calls a function, and how certain that is; undefined where it does not. */
export function namesRelation(
  text: string,
  { kind, schema, name, by }: Pick<Carrier, 'kind' | 'schema' | 'name' | 'by'>,
  lookup: NamedWith,
): Named | undefined {
  const plain = withoutEscapes(text)
  if (!mayName(plain, name)) return undefined
  const sql = statementOf(plain)
  if (kind === 'function') return callsFunction(sql, schema, name, lookup)
  if (kind === 'materialized-view' && !(nodesIn(sql)?.some((node) => node.name === 'RefreshMatViewStmt') ?? true)) return undefined
  if (by !== undefined && !writes(sql, name, by)) return undefined
  const found: Named[] = []
  const table = { from: { schema, name }, to: { schema, name: `${name}${nowhere}` } }
  findInSql({
    view: wholeView(sql),
    table,
    kind: 'SQL',
    onUse: (use) => {
      const qualified = /[.]\s*$/.test(sql.slice(0, use.start)) || sql.slice(use.start, use.end).includes('.')
      const because = 'because' in use ? use.because : undefined
      if (because !== undefined && because !== 'it names no schema') found.push({ unsure: because })
      else if (qualified) found.push({ unsure: null })
      else found.push(...lookedUp(schema, name, lookup))
    },
  })
  return surest(found)
}

/** Whether a statement, or a body in it, has one of these writes on something of that name; one that is not read may have. */
function writes(sql: string, name: string, by: readonly string[]): boolean {
  const nodes = nodesIn(sql)
  if (nodes === undefined) return true
  return nodes.some(({ name: node, fields }) => {
    if (!by.includes(node) || (node === 'CopyStmt' && fields.is_from !== true)) return false
    const targets = node === 'TruncateStmt' ? asList(fields.relations).map((each) => fieldsOf(each, 'RangeVar')) : [fields.relation]
    return targets.some((target) => isFields(target) && target.relname === name)
  })
}

/** What a name without a schema stands for. */
function lookedUp(schema: string, name: string, { path, settled, role, has, shadows }: NamedWith): readonly Named[] {
  if (shadows?.(name) === true) return [{ unsure: 'it names no schema, and sessions of the role make a temporary table of this name' }]
  if (path === undefined) return schema === 'public' ? [{ unsure: null }] : [{ unsure: 'it names no schema' }]
  const schemas = path.map((each) => (each === '$user' ? (role ?? each) : each))
  const at = schemas.indexOf(schema)
  const other = (at < 0 ? schemas : schemas.slice(0, at)).find((each) => has?.(each, name) === true)
  // Sessions may set another path than their role has: by options of the connection, which nobody sees.
  if (other !== undefined)
    return settled === true
      ? []
      : [{ unsure: `it names no schema; by the search path of the role it is in ${other}, and a session may set another` }]
  return at < 0 ? [{ unsure: 'it names no schema, and the search path of the role does not have this one' }] : [{ unsure: null }]
}

function callsFunction(sql: string, schema: string, name: string, lookup: NamedWith): Named | undefined {
  const nodes = nodesIn(sql)
  if (nodes === undefined) return { unsure: 'the parser of PostgreSQL does not read this' }
  const found = nodes.flatMap(({ name: node, fields }): readonly Named[] => {
    const call = node === 'FuncCall' ? fields : node === 'CallStmt' && isFields(fields.funccall) ? fields.funccall : undefined
    const names = stringsOf(call?.funcname)
    if (names.at(-1) !== name) return []
    if (names.length > 1) return names.at(-2) === schema ? [{ unsure: null }] : []
    if (lookup.has?.('pg_catalog', `${name}()`) === true) return [{ unsure: 'PostgreSQL has a function of this name' }]
    return lookedUp(schema, `${name}()`, lookup)
  })
  return surest(found)
}

/** Names that are written as `U&"\0069tems"`, as they are. */
function withoutEscapes(text: string): string {
  return text.replaceAll(/\bu&("(?:[^"]|"")*")/gi, (_, name: string) =>
    name.replaceAll(/\\(?:([0-9a-f]{4})|\+([0-9a-f]{6}))/gi, (_escape, short: string | undefined, long: string) =>
      String.fromCodePoint(Number.parseInt(short ?? long, 16)),
    ),
  )
}

/** A counted text as the parser reads it: of PL/pgSQL an expression or an assignment alone is counted. */
function statementOf(text: string): string {
  const assigned = /^[^:=()]+:?=/.exec(text)?.[0].length ?? 0
  return [text, `SELECT ${text}`, `SELECT ${text.slice(assigned)}`].find((each) => tryParse(each) !== undefined) ?? text
}

/** All nodes of a text, and of the bodies of functions and DO in it; undefined where one is not read. */
function nodesIn(sql: string): readonly TreeNode[] | undefined {
  const trees = tryParse(sql)
  const bodies = trees?.map((tree) => {
    const body = bodyOf(tree)
    if (body?.text === undefined) return []
    if (body.language === 'sql') return tryParse(body.text)
    if (body.language !== 'plpgsql') return undefined
    return plpgsqlNodes(sql)?.flatMap(({ name, fields }) =>
      name === 'PLpgSQL_expr' ? bodyQueries(fields).map(({ tree: query }) => query) : [],
    )
  })
  return trees === undefined || bodies?.includes(undefined) ? undefined : [...everyNode([trees, bodies])]
}

/** Whether a statement makes a temporary relation of that name. */
export function makesTemporary(sql: string, name: string): boolean {
  return [...everyNode(tryParse(sql) ?? [])].some(({ fields }) =>
    Object.values(fields).some((value) =>
      [value, fieldsOf(value, 'IntoClause')?.rel, isFields(value) ? value.rel : undefined].some(
        (relation) =>
          isFields(relation) && relation.relname === name && (relation.relpersistence === 't' || relation.schemaname === 'pg_temp'),
      ),
    ),
  )
}

function surest(found: readonly Named[]): Named | undefined {
  return found.find(({ unsure }) => unsure === null) ?? found[0]
}
