import { asList, asText, type Fields, fieldsOf, isFields, nodeOf, stringsOf } from '../../../migration/index.ts'
import type { TableName } from '../table-name.ts'
import { emptyScope, isWithQuery, namesTable, rangesOf, relationOf, type Scope, standingOf } from './scope.ts'

/** A place of a statement that names the table. */
export interface Mention {
  /** UTF-8 bytes into the text: the first name, before its dots. */
  readonly location: number
  /** How many names and dots stand before the table's. */
  readonly qualifiers: number
  /** Only the name before a column: it never gets a schema that it did not have. */
  readonly beforeColumn: boolean
  /** Why it is not certain. */
  readonly because: string | undefined
}

/** A constant of a statement. */
export interface TextConstant {
  readonly location: number
  readonly text: string
  /** The type that it is cast to, or the function that it is given to, in lower case. */
  readonly use: string | undefined
}

export interface Mentions {
  readonly mentions: readonly Mention[]
  readonly constants: readonly TextConstant[]
}

const withoutSchema = 'it names no schema'
const columnOrRow = 'it is the whole row of the table, or a column of that name'
/** Objects that are no tables, though the grammar keeps their names as relations. */
const otherKinds = /^OBJECT_(INDEX|SEQUENCE|TYPE|DOMAIN|FUNCTION|PROCEDURE|ROUTINE|AGGREGATE|SCHEMA|ROLE|DATABASE|FOREIGN_SERVER|FDW)$/
/** Types of pg_catalog whose name comes first, whatever tables there are. */
const builtInTypes =
  /^(date|json|jsonb|text|uuid|name|point|line|lseg|box|path|polygon|circle|money|bytea|inet|cidr|macaddr|oid|xml|record|void|trigger|any\w*|timestamptz|timetz|int\d|float\d|bool|bpchar|regclass|regtype|tsvector|tsquery|[a-z0-9]*range)$/

/** Everything in a statement's tree that names a table, by PostgreSQL's rules for names: aliases and WITH queries hide it. */
export function mentionsIn(tree: unknown, table: TableName, around: Scope = emptyScope): Mentions {
  const reader = new MentionReader(table)
  reader.walk(tree, around)
  return reader
}

class MentionReader implements Mentions {
  readonly mentions: Mention[] = []
  readonly constants: TextConstant[] = []
  readonly #table: TableName

  constructor(table: TableName) {
    this.#table = table
  }

  walk(value: unknown, scope: Scope): void {
    if (Array.isArray(value)) {
      for (const item of value) this.walk(item, scope)
      return
    }
    if (!isFields(value)) return
    const node = nodeOf(value)
    if (node !== undefined) this.#node(node.name, node.fields, scope)
    else if (relationOf(value) !== undefined) this.#relation(value, scope)
    else this.#fields(value, scope)
  }

  #node(name: string, fields: Fields, scope: Scope): void {
    if (otherKinds.test(asText(fields.renameType) ?? asText(fields.objtype) ?? '')) return
    switch (name) {
      case 'RangeVar':
        this.#relation(fields, scope)
        break
      case 'ColumnRef':
        this.#column(fields, scope)
        break
      case 'A_Const':
        this.#constant(fields, undefined)
        break
      case 'LockingClause':
        this.#locked(fields, scope)
        break
      case 'TypeCast':
        this.#cast(fields, scope)
        break
      case 'FuncCall':
        this.#call(fields, scope)
        break
      case 'InsertStmt':
      case 'UpdateStmt':
      case 'DeleteStmt':
      case 'MergeStmt':
        this.#write(fields, scope)
        break
      default:
        this.#fields(fields, scope)
    }
  }

  #cast(fields: Fields, scope: Scope): void {
    const constant = fieldsOf(fields.arg, 'A_Const')
    if (constant === undefined || !isFields(fields.typeName)) {
      this.#fields(fields, scope)
      return
    }
    this.#constant(constant, stringsOf(fields.typeName.names).at(-1))
    this.#type(fields.typeName)
  }

  #call(fields: Fields, scope: Scope): void {
    const others: unknown[] = []
    for (const argument of asList(fields.args)) {
      const constant = fieldsOf(argument, 'A_Const')
      if (constant === undefined) others.push(argument)
      else this.#constant(constant, stringsOf(fields.funcname).at(-1))
    }
    this.#fields({ ...fields, args: others }, scope)
  }

  /** Fields of a node, with what they bring into sight. */
  #fields(fields: Fields, scope: Scope): void {
    if (Array.isArray(fields.names) && 'typemod' in fields) {
      this.#type(fields)
      return
    }
    const inside = this.#enter(fields, scope)
    for (const [key, value] of Object.entries(fields)) {
      // A sequence, or a type, of this name is no table.
      if (key !== 'withClause' && key !== 'sequence' && key !== 'typevar' && typeof value === 'object') this.walk(value, inside)
    }
  }

  /** The table that is written is never a WITH query. */
  #write(fields: Fields, scope: Scope): void {
    const { relation, ...others } = fields
    const inside = this.#enter(fields, scope)
    const ranges = new Map([...inside.ranges, ...rangesOf(relation, this.#table, emptyScope)])
    this.walk(relation, emptyScope)
    for (const [key, value] of Object.entries(others)) {
      if (key !== 'withClause' && typeof value === 'object') this.walk(value, { ...inside, ranges })
    }
  }

  #enter(fields: Fields, scope: Scope): Scope {
    const sources = [fields.fromClause, fields.usingClause, fields.relation, fields.sourceRelation, fields.table]
    const queries = isFields(fields.withClause) ? asList(fields.withClause.ctes) : []
    if (queries.length === 0 && sources.every((each) => each === undefined)) return scope
    const withQueries = new Set<string>()
    const recursive = isFields(fields.withClause) && fields.withClause.recursive === true
    const namesOf = queries.map((query) => asText(fieldsOf(query, 'CommonTableExpr')?.ctename) ?? '')
    if (recursive) for (const each of namesOf) withQueries.add(each)
    for (const [at, query] of queries.entries()) {
      this.walk(query, { withQueries: new Set(withQueries), ranges: new Map(), parent: scope })
      withQueries.add(namesOf[at] ?? '')
    }
    const known: Scope = { withQueries, ranges: new Map(), parent: scope }
    const ranges = new Map(sources.flatMap((source) => [...rangesOf(source, this.#table, known)]))
    return { withQueries, ranges, parent: scope }
  }

  #relation(value: unknown, scope: Scope): void {
    const relation = relationOf(value)
    if (relation === undefined) return
    if (relation.schema === undefined && isWithQuery(scope, relation.name)) return
    const named = namesTable(relation.schema, relation.name, this.#table)
    if (named === 'no' || relation.temporary) return
    this.#add(relation.location, relation.qualifiers, named === 'yes' ? undefined : withoutSchema)
  }

  /** `FOR UPDATE OF name`: the name as it is seen in FROM. */
  #locked(fields: Fields, scope: Scope): void {
    for (const each of asList(fields.lockedRels)) {
      const relation = relationOf(each)
      if (relation?.name === this.#table.name && standingOf(scope, relation.name) === 'table')
        this.#add(relation.location, relation.qualifiers, this.#because(), true)
    }
  }

  #column(fields: Fields, scope: Scope): void {
    const parts = asList(fields.fields).map((part) => asText(fieldsOf(part, 'String')?.sval))
    const location = typeof fields.location === 'number' ? fields.location : 0
    const [name, schema] = parts.length === 1 ? [parts[0], undefined] : [parts.at(-2), parts.at(-3)]
    if (name === undefined || name !== this.#table.name) return
    if (standingOf(scope, name) !== 'table' || namesTable(schema, name, this.#table) === 'no') return
    if (parts.length === 1) this.#add(location, 0, columnOrRow)
    else this.#add(location, parts.length - 2, schema === undefined ? this.#because() : undefined, true)
  }

  #type(fields: Fields): void {
    const parts = stringsOf(fields.names)
    const ofColumn = fields.pct_type === true
    const [name, schema] = ofColumn ? [parts.at(-2), parts.at(-3)] : [parts.at(-1), parts.at(-2)]
    if (name === undefined || (schema === undefined && builtInTypes.test(name))) return
    const named = namesTable(schema, name, this.#table)
    const location = typeof fields.location === 'number' ? fields.location : 0
    if (named !== 'no' && location >= 0) this.#add(location, parts.length - (ofColumn ? 2 : 1), named === 'yes' ? undefined : withoutSchema)
  }

  #constant(fields: Fields, use: string | undefined): void {
    const text = isFields(fields.sval) ? asText(fields.sval.sval) : undefined
    if (text !== undefined && typeof fields.location === 'number') this.constants.push({ location: fields.location, text, use })
  }

  #because(): string | undefined {
    return namesTable(undefined, this.#table.name, this.#table) === 'yes' ? undefined : withoutSchema
  }

  #add(location: number, qualifiers: number, because: string | undefined, beforeColumn = false): void {
    this.mentions.push({ location, qualifiers, because, beforeColumn })
  }
}
