import { asList, bodyOf, everyNode, fieldsOf, isFields, nodeOf, stringsOf, tryParse } from '../../migration/index.ts'
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
  /** Of a role: `"$user"` in its path. */
  readonly role?: string
  /** Whether an earlier schema of the path has something of that name. */
  readonly has?: (schema: string, name: string) => boolean
}

/** In no text. */
const nowhere = '\u{F8FF}'

/** Whether a statement names a relation or calls a function, and how certain that is; undefined where it does not. */
export function namesRelation(
  sql: string,
  { kind, schema, name, by }: Pick<Carrier, 'kind' | 'schema' | 'name' | 'by'>,
  lookup: NamedWith,
): Named | undefined {
  if (!mayName(sql, name)) return undefined
  if (kind === 'function') return callsFunction(sql, schema, name, lookup)
  if (kind === 'materialized-view' && tryParse(sql)?.every((tree) => nodeOf(tree)?.name !== 'RefreshMatViewStmt') !== false)
    return undefined
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
  const trees = tryParse(sql)
  if (trees === undefined || bodyOf(trees[0]) !== undefined) return true
  return [...everyNode(trees)].some(({ name: node, fields }) => {
    if (!by.includes(node) || (node === 'CopyStmt' && fields.is_from !== true)) return false
    const targets = node === 'TruncateStmt' ? asList(fields.relations).map((each) => fieldsOf(each, 'RangeVar')) : [fields.relation]
    return targets.some((target) => isFields(target) && target.relname === name)
  })
}

/** What a name without a schema stands for. */
function lookedUp(schema: string, name: string, { path, role, has }: NamedWith): readonly Named[] {
  if (path === undefined) return schema === 'public' ? [{ unsure: null }] : [{ unsure: 'it names no schema' }]
  const schemas = path.map((each) => (each === '$user' ? (role ?? each) : each))
  const at = schemas.indexOf(schema)
  // Sessions may set another path than their role has.
  if (at < 0) return schema === 'public' ? [{ unsure: 'it names no schema, and the search path of the role does not have this one' }] : []
  return schemas.slice(0, at).some((each) => has?.(each, name) === true) ? [] : [{ unsure: null }]
}

function callsFunction(sql: string, schema: string, name: string, lookup: NamedWith): Named | undefined {
  const trees = tryParse(sql)
  if (trees === undefined) return { unsure: 'the parser of PostgreSQL does not read this' }
  const found = [...everyNode(trees)].flatMap(({ name: node, fields }): readonly Named[] => {
    const names = node === 'FuncCall' ? stringsOf(fields.funcname) : []
    if (names.at(-1) !== name) return []
    return names.length > 1 ? (names.at(-2) === schema ? [{ unsure: null }] : []) : lookedUp(schema, name, { ...lookup, has: () => false })
  })
  return surest(found)
}

function surest(found: readonly Named[]): Named | undefined {
  return found.find(({ unsure }) => unsure === null) ?? found[0]
}
