import { asText, bodyOf, fieldsOf, plpgsqlNodes, type TreeNode } from '../../../migration/index.ts'
import { identifierOf, mayName } from '../table-name.ts'
import { joinViews, sliceView, type View } from '../view.ts'
import { literalView } from './literal.ts'
import { namesTable } from './scope.ts'
import type { ReadStatement, SqlSearch } from './statement.ts'
import { nameAt, type SqlToken, sqlTokens, useOfName } from './tokens.ts'

/** Find the table in the body of a function or a DO statement. */
export function findInBody(statement: ReadStatement): void {
  const { search, tree, tokens, find, findUnread } = statement
  const body = bodyOf(tree)
  if (body?.text === undefined || !mayName(body.text, search.table.from.name)) return
  const views = tokens.flatMap((token) => literalView(search.view, token.start, token.end) ?? [])
  const view = views.find((each) => each.text === body.text)
  if (view === undefined) return
  const inside = { ...search, view, scope: undefined, executes: false }
  if (body.language === 'sql') find(inside)
  else if (body.language === 'plpgsql') findInPlpgsql(statement, inside)
  else findUnread(inside, `it is a body in ${body.language}`)
}

function findInPlpgsql({ text, find, findUnread }: ReadStatement, search: SqlSearch): void {
  const nodes = plpgsqlNodes(text)
  if (nodes === undefined) {
    findUnread(search, 'the parser of PL/pgSQL does not read this body')
    return
  }
  const tokens = sqlTokens(search.view.text)
  const executed = new Set(nodes.flatMap(dynamicOf))
  const done = new Set<string>()
  for (const { name, fields } of nodes) {
    const query = name === 'PLpgSQL_expr' ? (asText(fields.query) ?? '') : ''
    if (!mayName(query, search.table.from.name) || done.has(query)) continue
    done.add(query)
    const mode = typeof fields.parseMode === 'number' ? fields.parseMode : 0
    for (const start of placesOf(search.view.text, tokens, query)) {
      const part = sliceView(search.view, start, start + query.length, query)
      find({ ...search, view: asStatement(part, mode), executes: executed.has(query) })
    }
  }
  findDeclared(search, tokens, nodes)
}

/** A query as a statement that the parser of SQL reads: an expression, or what is assigned, is selected. */
function asStatement(query: View, mode: number): View {
  if (mode === 0) return query
  const assigned = mode === 2 ? 0 : (/^[^:=]+?:?=/.exec(query.text)?.[0].length ?? 0)
  return joinViews(['SELECT ', sliceView(query, assigned, query.text.length)])
}

/** Queries that are sent as the text that they give. */
function dynamicOf({ name, fields }: TreeNode): readonly string[] {
  const queries = [/^PLpgSQL_stmt_dyn(execute|fors)$/.test(name) ? fields.query : undefined, fields.dynquery]
  return queries.flatMap((value) => asText(fieldsOf(value, 'PLpgSQL_expr')?.query) ?? [])
}

/** Where a query of PL/pgSQL stands: its parser tells lines only, blanks out INTO, and makes SELECT of the last letters of PERFORM. */
function placesOf(body: string, tokens: readonly SqlToken[], query: string): readonly number[] {
  const leading = query.length - query.trimStart().length
  return tokens.flatMap(({ start, written }) => {
    const performed = written.toUpperCase() === 'PERFORM' && query.startsWith('SELECT')
    const from = performed ? start + 1 : start - leading
    if (from < 0 || from + query.length > body.length) return []
    for (let at = performed ? 'SELECT'.length : leading; at < query.length; at += 1)
      if (query[at] !== ' ' && query[at] !== body[from + at]) return []
    return [from]
  })
}

/** Types of variables: `name%ROWTYPE`, `name.column%TYPE`, and the name alone. */
function findDeclared(search: SqlSearch, tokens: readonly SqlToken[], nodes: readonly TreeNode[]): void {
  const types = new Set(nodes.flatMap(({ name, fields }) => (name === 'PLpgSQL_type' ? (asText(fields.typname) ?? []) : [])))
  for (const [index, token] of tokens.entries()) {
    if (identifierOf(token.written) !== search.table.from.name) continue
    const next = (step: number) => tokens[index + step]?.written.toUpperCase() ?? ''
    const ofRow = next(1) === '%' && next(2) === 'ROWTYPE'
    const ofColumn = next(1) === '.' && next(3) === '%' && next(4) === 'TYPE'
    const alone = /^(;|:=|=|DEFAULT|NOT)$/.test(next(1)) && /^(;|DECLARE|CONSTANT)$/.test(next(-2)) && next(-1) !== 'RETURN'
    if (!ofRow && !ofColumn && !(alone && types.has(search.table.from.name))) continue
    const qualified = tokens[index - 1]?.written === '.'
    const schema = qualified ? identifierOf(tokens[index - 2]?.written ?? '') : undefined
    const named = namesTable(schema, search.table.from.name, search.table.from)
    const name = nameAt(tokens, qualified ? index - 2 : index, qualified ? 1 : 0)
    if (named === 'no' || name === undefined) continue
    const because = named === 'yes' ? undefined : 'it names no schema'
    const use = useOfName(name, { ...search, beforeColumn: false, because })
    if (use !== undefined) search.onUse(use)
  }
}
