import type { Catalog, Relation } from '../../catalog/index.ts'
import { asList, asText, type Fields, fieldsOf, isFields, nodeOf, stringsOf, tryParse } from '../../migration/index.ts'

/** What may be said of a column of a view beyond its type. */
export interface ColumnFacts {
  /** False also where it cannot be told. */
  readonly notNull: boolean
  /** Whether an INSERT may leave it out and it gets a value. */
  readonly hasDefault: boolean
}

type Columns = ReadonlyMap<string, ColumnFacts>

const unknown: ColumnFacts = { notNull: false, hasDefault: false }

/** Facts of the columns of any relation; those of a view are read out of its query, from what lies behind it. */
export class ColumnReader {
  readonly #catalog: Catalog
  readonly #known = new Map<string, Columns>()

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  columnsOf(path: string): Columns {
    const known = this.#known.get(path)
    if (known !== undefined) return known
    // A view that reads itself by a recursive name ends here.
    this.#known.set(path, new Map())
    const relation = this.#catalog.relations.get(path)
    const found = relation === undefined ? new Map<string, ColumnFacts>() : this.#read(relation)
    this.#known.set(path, found)
    return found
  }

  #read(relation: Relation): Columns {
    const own = (name: string): ColumnFacts => {
      const attribute = relation.attributes.find((each) => each.name === name)
      const type = this.#catalog.types.get(attribute?.typePath ?? '')
      const domain = type?.kind === 'domain' ? type : undefined
      const given = attribute?.default ?? attribute?.identity ?? attribute?.generated ?? domain?.default
      return { notNull: attribute?.notNull === true || domain?.notNull === true, hasDefault: given !== undefined }
    }
    if (relation.definition === undefined) return new Map(relation.attributes.map(({ name }) => [name, own(name)]))
    const select = fieldsOf(tryParse(relation.definition)?.map(statementOf)[0], 'SelectStmt')
    const behind = select === undefined ? [] : this.#query(select, new Map())
    return new Map(
      relation.attributes.map(({ name }, at) => {
        const { notNull, hasDefault } = behind[at] ?? unknown
        // Not by its type: PostgreSQL lets a domain that is NOT NULL be NULL behind an outer join.
        return [name, { notNull, hasDefault: own(name).hasDefault || hasDefault }]
      }),
    )
  }

  /** The columns of a query, in their order. */
  #query(select: Fields, outer: ReadonlyMap<string, Columns>): readonly ColumnFacts[] {
    const [left, right] = [select.larg, select.rarg].map((each) =>
      each === undefined ? undefined : (fieldsOf(each, 'SelectStmt') ?? (each as Fields)),
    )
    if (left !== undefined && right !== undefined) {
      const other = this.#query(right, outer)
      return this.#query(left, outer).map(({ notNull }, at) => ({ notNull: notNull && other[at]?.notNull === true, hasDefault: false }))
    }
    const queries = new Map(outer)
    for (const item of asList(fieldsOf(select.withClause, 'WithClause')?.ctes ?? (select.withClause as Fields | undefined)?.ctes)) {
      const query = fieldsOf(item, 'CommonTableExpr')
      const inner = fieldsOf(query?.ctequery, 'SelectStmt')
      const names = [
        ...stringsOf(query?.aliascolnames),
        ...asList(inner?.targetList).map(nameOfTarget).slice(stringsOf(query?.aliascolnames).length),
      ]
      if (inner !== undefined) queries.set(asText(query?.ctename) ?? '', named(names, this.#query(inner, queries)))
    }
    const from = asList(select.fromClause)
    const sources = new Map(from.flatMap((item) => this.#sources(item, false, queries)))
    // Only such a view takes an INSERT by itself, and passes it on with the defaults of the table.
    const plain = from.length === 1 && nodeOf(from[0])?.name === 'RangeVar' && !groups(select)
    return asList(select.targetList).map((target) => {
      const facts = this.#value(fieldsOf(target, 'ResTarget')?.val, sources)
      return { notNull: facts.notNull && !hasGroupingSets(select), hasDefault: plain && facts.hasDefault }
    })
  }

  #sources(item: unknown, optional: boolean, queries: ReadonlyMap<string, Columns>): readonly (readonly [string, Columns])[] {
    const node = nodeOf(item)
    if (node?.name === 'JoinExpr') {
      const { larg, rarg, jointype } = node.fields
      const [left, right] = [jointype === 'JOIN_RIGHT' || jointype === 'JOIN_FULL', jointype === 'JOIN_LEFT' || jointype === 'JOIN_FULL']
      return [...this.#sources(larg, optional || left, queries), ...this.#sources(rarg, optional || right, queries)]
    }
    const alias = asText((node?.fields.alias as Fields | undefined)?.aliasname)
    const given = renamed(this.#columns(node, queries), node?.fields.alias)
    const columns = optional ? new Map([...given].map(([name, facts]) => [name, { ...facts, notNull: false }])) : given
    return [[alias ?? asText(node?.fields.relname) ?? '', columns]]
  }

  #columns(node: ReturnType<typeof nodeOf>, queries: ReadonlyMap<string, Columns>): Columns {
    if (node?.name === 'RangeVar') {
      const [schema, name = ''] = [asText(node.fields.schemaname), asText(node.fields.relname)]
      const query = schema === undefined ? queries.get(name) : undefined
      if (query !== undefined) return query
      const found = [...this.#catalog.relations].find(([, each]) => each.name === name && each.schema === (schema ?? each.schema))
      return found === undefined ? new Map() : this.columnsOf(found[0])
    }
    const inner = node?.name === 'RangeSubselect' ? fieldsOf(node.fields.subquery, 'SelectStmt') : undefined
    if (inner === undefined) return new Map()
    return named(asList(inner.targetList).map(nameOfTarget), this.#query(inner, queries))
  }

  #value(value: unknown, sources: ReadonlyMap<string, Columns>): ColumnFacts {
    const node = nodeOf(value)
    const fields = node?.fields ?? {}
    const always = { notNull: true, hasDefault: false }
    switch (node?.name) {
      case 'ColumnRef': {
        const parts = stringsOf(fields.fields)
        const [source, column = ''] = parts.length > 1 ? [parts.at(-2), parts.at(-1)] : [undefined, parts[0]]
        const found = source === undefined ? [...sources.values()].find((each) => each.has(column)) : sources.get(source)
        return found?.get(column) ?? unknown
      }
      case 'TypeCast':
        return { notNull: this.#value(fields.arg, sources).notNull && isOwnType(fields.typeName), hasDefault: false }
      case 'A_Const':
        return fields.isnull === true ? unknown : always
      case 'CoalesceExpr':
        return { notNull: asList(fields.args).some((each) => this.#value(each, sources).notNull), hasDefault: false }
      case 'FuncCall':
        return isCount(stringsOf(fields.funcname)) ? always : unknown
      case 'NullTest':
      case 'BooleanTest':
        return always
      default:
        return unknown
    }
  }
}

/** A function of that name in another schema is written with it. */
function isCount(names: readonly string[]): boolean {
  return names.at(-1) === 'count' && (names.length === 1 || names.at(-2) === 'pg_catalog')
}

/** Whether PostgreSQL's own casts make it, which give NULL for NULL alone: those to other types are anybody's functions. */
function isOwnType(type: unknown): boolean {
  const names = isFields(type) ? stringsOf(type.names) : []
  return names.length > 1 ? names.at(-2) === 'pg_catalog' : ownTypes.has(names[0] ?? '')
}

const ownTypes: ReadonlySet<string> = new Set(['text', 'date', 'uuid', 'bytea', 'inet', 'name', 'oid', 'money', 'timestamptz', 'timestamp'])

/** Columns by the names that an alias gives them: `AS x(a, b)`. */
function renamed(columns: Columns, alias: unknown): Columns {
  const given = isFields(alias) ? stringsOf(alias.colnames) : []
  return new Map([...columns].map(([name, facts], at) => [given[at] ?? name, facts]))
}

function statementOf(tree: unknown): unknown {
  return (tree as { readonly stmt?: unknown }).stmt ?? tree
}

function nameOfTarget(target: unknown): string {
  const fields = fieldsOf(target, 'ResTarget')
  return asText(fields?.name) ?? stringsOf(fieldsOf(fields?.val, 'ColumnRef')?.fields).at(-1) ?? ''
}

function named(names: readonly string[], columns: readonly ColumnFacts[]): Columns {
  return new Map(names.map((name, at) => [name, columns[at] ?? unknown]))
}

function groups({ groupClause, havingClause, distinctClause, limitCount, limitOffset, withClause }: Fields): boolean {
  return [groupClause, havingClause, distinctClause, limitCount, limitOffset, withClause].some((each) => each !== undefined)
}

/** A total row has NULL where a column is not grouped. */
function hasGroupingSets({ groupClause }: Fields): boolean {
  return asList(groupClause).some((each) => nodeOf(each)?.name === 'GroupingSet')
}
