import type { Relation } from '../../catalog/index.ts'
import {
  asList,
  asText,
  bodyQueries,
  everyNode,
  type Fields,
  fieldsOf,
  isFields,
  nodeOf,
  stringsOf,
  type TreeNode,
} from '../../migration/index.ts'
import { neverNull } from '../never-null.ts'
import { columnIn, type FindRelation, type Source, sourcesOf } from '../sources.ts'

import type { Call, Fired } from './reached-functions.ts'

type Meant = { readonly source: Source; readonly column: string } | 'never NULL' | 'a variable'

/** What the names of a body mean: the columns from which its records and variables come, and whether rows decide their values at all. */
export class BodyScope {
  readonly sources: Source[] = []
  readonly fired: Fired | undefined
  readonly #find: FindRelation
  /** PL/pgSQL's own list of variables, which its statements count in. */
  readonly #datums: readonly unknown[]
  readonly #meant = new Map<string, Meant>()
  /** Variables, with the expressions that are assigned to them. */
  readonly #assigned = new Map<string, unknown[]>()
  /** Those that a statement sets to what no query gives. */
  readonly #steps = new Set<string>()
  /** Variables and records whose values come from rows, or may. */
  readonly #ofRows = new Set(['found', 'new', 'old'])

  /** @param calls  Those from which the parameters come. */
  constructor(nodes: readonly TreeNode[], find: FindRelation, fired: Fired | undefined, calls: readonly Call[]) {
    this.#find = find
    this.fired = fired
    this.#datums = asList(nodes.find(({ name }) => name === 'PLpgSQL_function')?.fields.datums)
    for (const name of ['found', 'sqlstate', 'sqlerrm', 'tg_op', 'tg_name', 'tg_when', 'tg_level', 'tg_table_name', 'tg_table_schema'])
      this.#meant.set(name, 'never NULL')
    if (fired?.relation !== undefined) this.#ofTrigger(fired.relation, fired.events)
    const variables = nodes.flatMap(({ name, fields }) => (name === 'PLpgSQL_var' ? [fields] : []))
    // PL/pgSQL lists the parameters first, then FOUND.
    const parameters = variables.slice(
      0,
      Math.max(
        0,
        variables.findIndex(({ refname }) => refname === 'found'),
      ),
    )
    for (const fields of variables) this.#declare(fields, parameters.includes(fields))
    this.#give(
      parameters.map(({ refname }) => asText(refname) ?? ''),
      calls,
    )
    for (const node of nodes) this.#assignments(node)
    this.#settle()
    const isOfRows = ({ name, fields }: TreeNode) =>
      name === 'PLpgSQL_expr' && bodyQueries(fields).some(({ tree }) => this.dependsOnRows(tree))
    // A counter or a flag gets its value where rows decide that the body comes by.
    if (this.#steps.size === 0 || !nodes.some(isOfRows)) return
    for (const name of this.#steps) this.#ofRows.add(name)
    this.#followRows()
  }

  /** The columns of a query's FROM, and what is known of the body's own names in it. */
  within(select: Fields): BodyScope['sources'] {
    return [...sourcesOf(select.fromClause ?? { RangeVar: select.relation }, this.#find, new Set()), ...this.sources]
  }

  /** Whether rows decide how an expression or a query comes out: it reads a table, or a value that came from one. */
  dependsOnRows(tree: unknown): boolean {
    for (const { name, fields } of everyNode(tree)) {
      if (name === 'RangeVar' && !isOfCatalog(fields)) return true
      if (/^(Insert|Update|Delete|Merge)Stmt$/.test(name)) return true
      if (name === 'ColumnRef' && stringsOf(fields.fields).some((each) => this.#ofRows.has(each))) return true
      if (name === 'ParamRef') return true
    }
    return false
  }

  /** A tree in which the names of records and variables are those of the columns that they come from. */
  resolve(tree: unknown): unknown {
    if (Array.isArray(tree)) return tree.map((item) => this.resolve(item))
    if (!isFields(tree)) return tree
    const reference = fieldsOf(tree, 'ColumnRef')
    if (reference !== undefined) return this.#reference(tree, stringsOf(reference.fields))
    return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, this.resolve(value)]))
  }

  #reference(tree: unknown, names: readonly string[]): unknown {
    const meant = this.#meant.get(names.join('.'))
    if (meant === undefined) return tree
    if (meant === 'never NULL') return { A_Const: { boolval: { boolval: true } } }
    if (meant === 'a variable') return { ParamRef: { number: 1 } }
    return { ColumnRef: { fields: [{ String: { sval: meant.source.alias } }, { String: { sval: meant.column } }] } }
  }

  #ofTrigger(relation: Relation, events: ReadonlySet<string>): void {
    // Before a row is written it may still lack what it must have.
    this.sources.push(
      { alias: 'new', relation, optional: true, qualifiedOnly: true },
      { alias: 'old', relation, optional: events.has('INSERT'), qualifiedOnly: true },
    )
  }

  #declare(fields: Fields, isParameter: boolean): void {
    const name = asText(fields.refname) ?? ''
    if (this.#meant.get(name) === undefined) this.#meant.set(name, 'a variable')
    if (isParameter && this.#meant.get(name) !== 'never NULL') this.#ofRows.add(name)
    const [given] = asList(fields.default_val).flatMap((item) => bodyQueries(fieldsOf(item, 'PLpgSQL_expr') ?? {}))
    if (given !== undefined) this.#assign(name, given.tree)
  }

  /** What the parameters are in the first call, if they are columns there. */
  #give(parameters: readonly string[], [call, ...more]: readonly Call[]): void {
    if (call === undefined) return
    const found = sourcesOf(
      call.ranges.map((range) => ({ RangeVar: range })),
      this.#find,
      new Set(),
    )
    for (const [at, name] of parameters.entries()) {
      const known = columnIn(found, call.args[at])
      if (known === undefined || this.#meant.get(name) !== 'a variable') continue
      const optional = call.optional || more.length > 0
      const source = { ...known.source, alias: `given ${name}`, optional, qualifiedOnly: true }
      this.sources.push(source)
      this.#meant.set(name, { source, column: known.attribute.name })
    }
  }

  #assign(name: string, tree: unknown): void {
    this.#assigned.set(name, [...(this.#assigned.get(name) ?? []), tree])
  }

  #assignments({ name, fields }: TreeNode): void {
    const queries = (expression: unknown) => bodyQueries(fieldsOf(expression, 'PLpgSQL_expr') ?? {})
    if (name === 'PLpgSQL_stmt_assign') {
      for (const { tree, assigned } of queries(fields.expr)) {
        const variable = assigned?.trim().toLowerCase()
        if (variable === undefined) continue
        this.#assign(variable, tree)
        if (![...everyNode(tree)].some((node) => node.name === 'RangeVar')) this.#steps.add(variable)
      }
    } else if (name === 'PLpgSQL_stmt_fors') this.#fill(fields.var, queries(fields.query)[0]?.tree, false)
    else if (name === 'PLpgSQL_stmt_execsql' && fields.into === true) this.#fill(fields.target, queries(fields.sqlstmt)[0]?.tree, true)
    else if (name === 'PLpgSQL_stmt_fori') {
      const counter = asText(fieldsOf(fields.var, 'PLpgSQL_var')?.refname) ?? ''
      this.#meant.set(counter, 'never NULL')
      for (const bound of [fields.lower, fields.upper]) for (const { tree } of queries(bound)) this.#assign(counter, tree)
    } else if (name === 'PLpgSQL_diag_item') {
      const variable = asText(nodeOf(this.#datums[Number(fields.target)])?.fields.refname) ?? ''
      this.#meant.set(variable, 'never NULL')
      this.#ofRows.add(variable)
    } else if (/^PLpgSQL_stmt_(dynexecute|dynfors|forc|fetch|foreach_a)$/.test(name))
      // What comes from there is not known.
      for (const each of namesIn([fields.var, fields.target])) this.#ofRows.add(each)
  }

  /** A record, or variables one by one, that get the columns of a query. @param optional  NULL where the query has no row. */
  #fill(target: unknown, query: unknown, optional: boolean): void {
    const record = asText(fieldsOf(target, 'PLpgSQL_rec')?.refname)
    const select = fieldsOf(query, 'SelectStmt')
    for (const each of namesIn([target])) if (select === undefined || this.dependsOnRows(query)) this.#ofRows.add(each)
    if (select === undefined) return
    const prefix = `${record ?? 'into'} ${this.sources.length} `
    const found = sourcesOf(select.fromClause, this.#find, new Set())
    const renamed = new Map(
      found.map(
        (source) =>
          [source, { ...source, alias: `${prefix}${source.alias}`, optional: optional || source.optional, qualifiedOnly: true }] as const,
      ),
    )
    this.sources.push(...renamed.values())
    const variables = asList(fieldsOf(target, 'PLpgSQL_row')?.fields).flatMap((item) => (isFields(item) ? (asText(item.name) ?? []) : []))
    for (const [at, item] of asList(select.targetList).entries()) {
      const column = fieldsOf(item, 'ResTarget')
      const names = stringsOf(fieldsOf(column?.val, 'ColumnRef')?.fields)
      if (JSON.stringify(column?.val ?? '').includes('A_Star')) {
        for (const source of renamed.values())
          for (const attribute of source.relation?.attributes ?? [])
            if (record !== undefined) this.#meant.set(`${record}.${attribute.name}`, { source, column: attribute.name })
        continue
      }
      const name = record === undefined ? variables[at] : `${record}.${asText(column?.name) ?? names.at(-1)}`
      const known = columnIn(found, column?.val)
      const source = known === undefined ? undefined : renamed.get(known.source)
      if (name === undefined) continue
      if (known !== undefined && source !== undefined) this.#meant.set(name, { source, column: known.attribute.name })
      else if (record === undefined) this.#assign(name, column?.val)
      else if (neverNull(found, column?.val) === 'always') this.#meant.set(name, 'never NULL')
    }
  }

  #followRows(): void {
    for (let grown = true; grown; ) {
      grown = false
      for (const [name, trees] of this.#assigned) {
        if (!this.#ofRows.has(name) && trees.some((tree) => this.dependsOnRows(tree))) {
          this.#ofRows.add(name)
          grown = true
        }
      }
    }
  }

  /** What follows from assignments: until nothing more does. */
  #settle(): void {
    this.#followRows()
    // A counter is made of itself: taken for never NULL until an assignment shows that it may be.
    const whole = new Set([...this.#assigned.keys()].filter((name) => this.#meant.get(name) === 'a variable'))
    for (const name of whole) this.#meant.set(name, 'never NULL')
    for (let shrunk = true; shrunk; ) {
      shrunk = false
      for (const name of whole) {
        if (this.#assigned.get(name)?.every((tree) => neverNull(this.sources, this.resolve(tree)) !== undefined) === true) continue
        whole.delete(name)
        this.#meant.set(name, 'a variable')
        shrunk = true
      }
    }
  }
}

function namesIn(targets: readonly unknown[]): readonly string[] {
  return targets.flatMap((target) => {
    const node = nodeOf(target)
    const fields = asList(node?.fields.fields).flatMap((item) => (isFields(item) ? (asText(item.name) ?? []) : []))
    return [...fields, ...(asText(node?.fields.refname) ?? '').split('\n').filter((name) => name !== '')]
  })
}

function isOfCatalog(range: Fields): boolean {
  const schema = asText(range.schemaname)
  return schema === 'pg_catalog' || schema === 'information_schema' || (schema === undefined && /^pg_/.test(asText(range.relname) ?? ''))
}
