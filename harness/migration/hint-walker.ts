import { bodyHints } from './body-hints.ts'
import { callValues } from './call-values.ts'
import { callCasts, subjectsOf } from './cast-hints.ts'
import type { CastType } from './cast-type.ts'
import { textConstant } from './constant.ts'
import { definitionHints } from './definition-hints.ts'
import { assignmentHints, expressionHints } from './expression-hints.ts'
import type { HintCollector } from './hint-collector.ts'
import { type Columns, columnOf, noColumns, type Reference, type RelationNames } from './relation-names.ts'
import { aliased, resolveExpression, rowsIn, type Scope, type Source, scopeIn, through, withQuery } from './scope.ts'
import { asList, asText, type Fields, fieldsOf, isFields, nodeOf, stringsOf } from './tree.ts'
import type { TypeNames } from './type-names.ts'
import type { Walk } from './walk.ts'

/**
 * Walks parse trees for what they tell of the rows they meet. Statements change what names mean for those after them. A node that it does
 * not know is walked through, so that what is inside it is still seen.
 */
export class HintWalker implements Walk {
  readonly hints: HintCollector
  readonly names: RelationNames
  readonly types: TypeNames
  /** Trigger functions, by bare name: the relations whose rows they see as NEW and OLD. */
  readonly #triggered: ReadonlyMap<string, unknown>

  constructor(hints: HintCollector, names: RelationNames, types: TypeNames, triggered: ReadonlyMap<string, unknown>) {
    this.hints = hints
    this.names = names
    this.types = types
    this.#triggered = triggered
  }

  statement(tree: unknown, scope: Scope | undefined, text = ''): Columns {
    const node = nodeOf(tree)
    if (node === undefined) return noColumns
    const { name, fields } = node
    switch (name) {
      case 'SelectStmt':
        return this.select(fields, scope)
      case 'InsertStmt':
        return this.#insert(fields, scope)
      case 'UpdateStmt':
        return this.#update(fields, scope)
      case 'DeleteStmt':
        return this.#delete(fields, scope)
      case 'MergeStmt':
        return this.#merge(fields, scope)
      case 'ViewStmt':
        this.names.create(fields.view, renamed(this.statement(fields.query, scope), stringsOf(fields.aliases)).references)
        return noColumns
      case 'CreateTableAsStmt': {
        const into = isFields(fields.into) ? fields.into : {}
        this.names.create(into.rel, renamed(this.statement(fields.query, scope), stringsOf(into.colNames)).references)
        return noColumns
      }
      case 'CreateFunctionStmt':
      case 'DoStmt':
        bodyHints(this, this.names, this.#triggered, tree, text)
        return noColumns
      default:
        definitionHints(this, name, fields, scope)
        return noColumns
    }
  }

  expression(value: unknown, scope: Scope): void {
    if (Array.isArray(value)) {
      for (const item of value) this.expression(item, scope)
      return
    }
    if (!isFields(value)) return
    const node = nodeOf(value)
    if (node === undefined) {
      for (const child of Object.values(value)) this.expression(child, scope)
      return
    }
    if (node.name.endsWith('Stmt')) {
      this.statement(value, scope)
      return
    }
    if (node.name === 'SubLink') {
      this.#subLink(node.fields, scope)
      return
    }
    const negated =
      node.name === 'BoolExpr' && node.fields.boolop === 'NOT_EXPR' ? fieldsOf(asList(node.fields.args)[0], 'SubLink') : undefined
    if (negated !== undefined) {
      this.#subLink(negated, scope, true)
      return
    }
    if (node.name === 'TypeCast') this.#cast(subjectsOf(node.fields.arg, scope), this.types.ofTree(node.fields.typeName))
    if (node.name === 'FuncCall') {
      callCasts(node.fields, scope, this.hints.casts)
      callValues(node.fields, scope, this.hints)
    }
    expressionHints(node.name, node.fields, scope, this.hints)
    for (const child of Object.values(node.fields)) if (typeof child === 'object') this.expression(child, scope)
  }

  onRelation(expression: unknown, relation: Columns): void {
    this.expression(expression, scopeIn(undefined, [{ alias: '', columns: relation }]))
  }

  assign(target: Reference | undefined, value: unknown, scope: Scope): void {
    assignmentHints(target, value, this.hints)
    this.expression(value, scope)
    this.flow(target, this.#sources(value, scope))
  }

  flow(target: Reference | undefined, sources: readonly Reference[]): void {
    for (const source of sources) this.hints.casts.flow(target, source)
    this.#domainChecks(sources, target?.type)
  }

  #cast(sources: readonly Reference[], type: CastType | undefined): void {
    for (const source of sources) this.hints.casts.cast(source, type)
    this.#domainChecks(sources, type)
  }

  /** A domain's checks are then checks on what is brought to it. */
  #domainChecks(sources: readonly Reference[], type: CastType | undefined): void {
    for (const check of type?.checks ?? [])
      for (const source of sources)
        if (this.hints.casts.typeOf(source)?.text !== type?.text)
          this.expression(
            check,
            scopeIn(undefined, [{ alias: '', columns: { references: new Map([['value', source]]), open: undefined } }]),
          )
  }

  select(fields: Fields, parent: Scope | undefined): Columns {
    const scope = scopeIn(parent)
    this.#with(fields.withClause, scope)
    if (isFields(fields.larg)) {
      const left = this.select(fields.larg, scope)
      const right = isFields(fields.rarg) ? this.select(fields.rarg, scope) : noColumns
      const outputs = left.outputs?.map((sources, index) => [...sources, ...(right.outputs?.[index] ?? [])])
      return outputs === undefined ? left : { ...left, outputs }
    }
    // Rows that are put together, or taken for one.
    const merges = fields.groupClause !== undefined || fields.distinctClause !== undefined
    for (const item of asList(fields.fromClause)) {
      this.#from(item, scope)
      if (merges) this.hints.double(this.names.path(fieldsOf(item, 'RangeVar')))
    }
    const columns = this.#targets(asList(fields.targetList), scope)
    for (const key of [
      'targetList',
      'valuesLists',
      'whereClause',
      'groupClause',
      'havingClause',
      'windowClause',
      'sortClause',
      'distinctClause',
      'limitCount',
    ]) {
      this.expression(fields[key], scope)
    }
    const into = isFields(fields.intoClause) ? fields.intoClause : undefined
    if (into !== undefined) this.names.create(into.rel, columns.references)
    return columns
  }

  #with(clause: unknown, scope: Scope): void {
    if (!isFields(clause)) return
    for (const item of asList(clause.ctes)) {
      const query = fieldsOf(item, 'CommonTableExpr')
      const name = asText(query?.ctename)
      if (name === undefined) continue
      if (clause.recursive === true) scope.withQueries.set(name, noColumns)
      scope.withQueries.set(name, renamed(this.statement(query?.ctequery, scope), stringsOf(query?.aliascolnames)))
    }
  }

  /** An item of FROM: its columns come into scope, its conditions are walked. Gives the columns for USING and NATURAL. */
  #from(item: unknown, scope: Scope): readonly Source[] {
    const node = nodeOf(item)
    switch (node?.name) {
      case 'RangeVar':
        return this.#add(node.fields.alias, asText(node.fields.relname) ?? '', this.#range(node.fields, scope), scope)
      case 'RangeSubselect':
        return this.#add(node.fields.alias, '', this.statement(node.fields.subquery, scope), scope)
      case 'RangeTableSample':
        return this.#from(node.fields.relation, scope)
      case 'RangeFunction':
        return this.#add(node.fields.alias, '', this.#functionColumns(node.fields, scope), scope)
      case 'JoinExpr':
        return this.#join(node.fields, scope)
      default:
        this.expression(item, scope)
        return []
    }
  }

  #join(fields: Fields, scope: Scope): readonly Source[] {
    const left = this.#from(fields.larg, scope)
    const right = this.#from(fields.rarg, scope)
    const shared = fields.isNatural === true ? namesOf(right).filter((name) => namesOf(left).includes(name)) : stringsOf(fields.usingClause)
    for (const name of shared) this.hints.equal(among(left, name), among(right, name))
    this.expression(fields.quals, scope)
    return [...left, ...right]
  }

  #add(alias: unknown, name: string, columns: Columns, scope: Scope): readonly Source[] {
    const given = isFields(alias) ? alias : {}
    const source = { alias: asText(given.aliasname) ?? name, columns: { ...renamed(columns, stringsOf(given.colnames)) } }
    scope.sources.push(source)
    return [source]
  }

  #range(fields: Fields, scope: Scope | undefined): Columns {
    const name = asText(fields.relname) ?? ''
    return (fields.schemaname === undefined ? withQuery(scope, name) : undefined) ?? this.names.columns(fields)
  }

  /** The elements of a JSON list, the keys of a JSON record; nothing of any other function. */
  #functionColumns(fields: Fields, scope: Scope): Columns {
    const calls = asList(fields.functions).map((item) => fieldsOf(asList(item)[0], 'FuncCall'))
    this.expression(fields.functions, scope)
    const [call] = calls
    const name = stringsOf(call?.funcname).at(-1) ?? ''
    const subject = resolveExpression(asList(call?.args)[0], scope)
    if (subject === undefined) return noColumns
    const definitions = asList(fields.coldeflist).flatMap((item) => asText(fieldsOf(item, 'ColumnDef')?.colname) ?? [])
    if (/^jsonb?_to_record(set)?$/.test(name)) {
      const path = name.endsWith('set') ? [...subject.jsonPath, '0'] : subject.jsonPath
      for (const key of definitions) this.hints.jsonKey({ ...subject, jsonPath: path }, [key])
      return { references: new Map(definitions.map((key) => [key, { ...subject, jsonPath: [...path, key] }])), open: undefined }
    }
    if (!/^jsonb?_array_elements(_text)?$/.test(name)) return noColumns
    const element = { ...subject, jsonPath: [...subject.jsonPath, '0'] }
    const alias = isFields(fields.alias) ? asText(fields.alias.aliasname) : undefined
    return { references: new Map([['value', element], ...(alias === undefined ? [] : [[alias, element] as const])]), open: undefined }
  }

  #targets(items: readonly unknown[], scope: Scope): Columns {
    const references = new Map<string, Reference | undefined>()
    const outputs: (readonly Reference[])[] = []
    let open: string | undefined
    for (const item of items) {
      const target = fieldsOf(item, 'ResTarget')
      const names = stringsOf(fieldsOf(target?.val, 'ColumnRef')?.fields)
      const isStar = asList(fieldsOf(target?.val, 'ColumnRef')?.fields).some((field) => nodeOf(field)?.name === 'A_Star')
      if (isStar) {
        for (const source of scope.sources.filter(
          (candidate) => candidate.qualifiedOnly !== true && (names.length === 0 || candidate.alias === names.at(-1)),
        )) {
          for (const name of source.columns.references.keys()) {
            const reference = through(source, name)
            if (!references.has(name)) references.set(name, reference)
            if (open === undefined) outputs.push(reference === undefined ? [] : [reference])
          }
          open ??= source.columns.open
        }
        continue
      }
      const name =
        asText(target?.name) ??
        names.at(-1) ??
        stringsOf(fieldsOf(target?.val, 'FuncCall')?.funcname).at(-1) ??
        `?column?${references.size}`
      references.set(name, resolveExpression(target?.val, scope))
      if (open === undefined) outputs.push(this.#sources(target?.val, scope))
    }
    return { references, open, outputs }
  }

  #sources(value: unknown, scope: Scope): readonly Reference[] {
    return fieldsOf(value, 'SubLink') === undefined ? subjectsOf(value, scope) : (this.#outputs(value, scope)[0] ?? [])
  }

  /** Of `(SELECT …)` as a value, or several. */
  #outputs(value: unknown, scope: Scope): readonly (readonly Reference[])[] {
    const query = fieldsOf(value, 'SubLink')
    const isValue = query?.subLinkType === 'EXPR_SUBLINK' || query?.subLinkType === 'MULTIEXPR_SUBLINK'
    return isValue ? (this.statement(query.subselect, scope).outputs ?? []) : []
  }

  #subLink(fields: Fields, scope: Scope, negated = false): void {
    if (fields.subLinkType === 'EXPR_SUBLINK') this.#single(fieldsOf(fields.subselect, 'SelectStmt'))
    let columns = noColumns
    const read = () => {
      columns = this.statement(fields.subselect, scope)
    }
    if (negated && fields.subLinkType === 'EXISTS_SUBLINK') this.hints.withoutMatch(rowsIn(scope), read)
    else read()
    this.expression(fields.testexpr, scope)
    const operator = stringsOf(fields.operName).at(-1) ?? '='
    // `<> ALL` is NOT IN.
    const isNone = fields.subLinkType === 'ALL_SUBLINK' && operator === '<>'
    if (!isNone && (fields.subLinkType !== 'ANY_SUBLINK' || operator !== '=')) return
    const tests =
      fieldsOf(fields.testexpr, 'RowExpr') === undefined ? [fields.testexpr] : asList(fieldsOf(fields.testexpr, 'RowExpr')?.args)
    const found = [...columns.references.values()]
    for (const [index, test] of tests.entries()) this.hints.equal(resolveExpression(test, scope), found[index], negated !== isNone)
  }

  /** `(SELECT …)` as a value: there may be no row, or more than one. */
  #single(query: Fields | undefined): void {
    if (query === undefined || query.groupClause !== undefined) return
    const functions = asList(query.targetList).flatMap((item) => functionsIn(fieldsOf(item, 'ResTarget')?.val))
    const aggregates = functions.some((name) => /^(max|min|sum|avg|\w+_agg|count|bool_and|bool_or|every|any_value)$/.test(name))
    for (const item of asList(query.fromClause)) {
      const path = this.names.path(fieldsOf(item, 'RangeVar'))
      if (aggregates && query.whereClause === undefined) this.hints.empty(path)
      else if (!aggregates && query.limitCount === undefined) this.hints.double(path)
    }
  }

  #insert(fields: Fields, parent: Scope | undefined): Columns {
    const scope = scopeIn(parent)
    this.#with(fields.withClause, scope)
    const target = this.names.columns(fields.relation)
    const named = asList(fields.cols).flatMap((item) => asText(fieldsOf(item, 'ResTarget')?.name) ?? [])
    const attributes = named.length > 0 ? named : [...target.references.keys()]
    const source = fieldsOf(fields.selectStmt, 'SelectStmt')
    const rows = asList(source?.valuesLists).map(asList)
    const values = rows.length > 0 ? rows : [selectedValues(source)]
    const inserted = !isFields(fields.onConflictClause)
    for (const row of values)
      for (const [index, value] of row.entries())
        assignmentHints(columnOf(target, attributes[index] ?? ''), value, this.hints, { inserted })
    const given = this.statement(fields.selectStmt, scope).outputs ?? []
    const sources = rows.length > 0 ? rows.map((row) => row.map((value) => this.#sources(value, scope))) : [given]
    for (const row of sources)
      for (const [index, source] of row.entries()) if (source.length > 0) this.flow(columnOf(target, attributes[index] ?? ''), source)
    const conflict = isFields(fields.onConflictClause) ? fields.onConflictClause : {}
    const inner = scopeIn(scope, [aliased(fields.relation, target), { alias: 'excluded', columns: target, qualifiedOnly: true }])
    this.#assignments(conflict.targetList, target, inner)
    this.expression(conflict.whereClause, inner)
    return this.#returned(fields, inner)
  }

  #update(fields: Fields, parent: Scope | undefined): Columns {
    const scope = scopeIn(parent)
    this.#with(fields.withClause, scope)
    const target = this.names.columns(fields.relation)
    scope.sources.push(aliased(fields.relation, target))
    for (const item of asList(fields.fromClause)) {
      this.#from(item, scope)
      this.hints.double(this.names.path(fieldsOf(item, 'RangeVar')))
    }
    this.#assignments(fields.targetList, target, scope)
    this.expression(fields.whereClause, scope)
    return this.#returned(fields, scope)
  }

  #assignments(items: unknown, target: Columns, scope: Scope): void {
    for (const item of asList(items)) {
      const assigned = fieldsOf(item, 'ResTarget')
      const multiple = fieldsOf(assigned?.val, 'MultiAssignRef')
      const column = columnOf(target, asText(assigned?.name) ?? '')
      const keys = asList(assigned?.indirection).map((step) => textConstant(fieldsOf(step, 'A_Indices')?.uidx))
      const path = keys.filter((key) => key !== undefined)
      if (path.length > 0) this.hints.jsonKey(column, path)
      // With subscripts, what is given is a part and no value of the attribute.
      const whole = asList(assigned?.indirection).length === 0 ? column : undefined
      this.hints.rewrite(whole)
      const row = fieldsOf(multiple?.source, 'RowExpr')
      if (row !== undefined) this.assign(whole, asList(row.args)[Number(multiple?.colno ?? 1) - 1], scope)
      else if (multiple === undefined) this.assign(whole, assigned?.val, scope)
      else {
        this.expression(multiple.source, scope)
        this.flow(whole, this.#outputs(multiple.source, scope)[Number(multiple.colno ?? 1) - 1] ?? [])
      }
    }
  }

  #delete(fields: Fields, parent: Scope | undefined): Columns {
    const scope = scopeIn(parent)
    this.#with(fields.withClause, scope)
    scope.sources.push(aliased(fields.relation, this.names.columns(fields.relation)))
    for (const item of asList(fields.usingClause)) this.#from(item, scope)
    this.expression(fields.whereClause, scope)
    return this.#returned(fields, scope)
  }

  #merge(fields: Fields, parent: Scope | undefined): Columns {
    const scope = scopeIn(parent)
    this.#with(fields.withClause, scope)
    const target = this.names.columns(fields.relation)
    scope.sources.push(aliased(fields.relation, target))
    this.#from(fields.sourceRelation, scope)
    this.expression(fields.joinCondition, scope)
    for (const item of asList(fields.mergeWhenClauses)) {
      const clause = fieldsOf(item, 'MergeWhenClause') ?? {}
      this.expression(clause.condition, scope)
      const values = asList(clause.values)
      if (values.length === 0) this.#assignments(clause.targetList, target, scope)
      const named = asList(clause.targetList).flatMap((column) => asText(fieldsOf(column, 'ResTarget')?.name) ?? [])
      const attributes = named.length > 0 ? named : [...target.references.keys()]
      for (const [index, value] of values.entries()) this.assign(columnOf(target, attributes[index] ?? ''), value, scope)
    }
    return this.#returned(fields, scope)
  }

  #returned(fields: Fields, scope: Scope): Columns {
    const clause = isFields(fields.returningClause) ? fields.returningClause.exprs : fields.returningList
    this.expression(clause, scope)
    return this.#targets(asList(clause), scope)
  }
}

/** The same columns under the names that an alias list gives them; those beyond the list keep theirs. */
function renamed(columns: Columns, names: readonly string[]): Columns {
  if (names.length === 0) return columns
  const entries = [...columns.references].map(([name, reference], index) => [names[index] ?? name, reference] as const)
  return { ...columns, references: new Map(entries) }
}

/** Bare names of the functions that an expression calls, those inside its subqueries aside. */
function functionsIn(expression: unknown): readonly string[] {
  if (Array.isArray(expression)) return expression.flatMap(functionsIn)
  if (!isFields(expression) || 'SubLink' in expression) return []
  const name = stringsOf(fieldsOf(expression, 'FuncCall')?.funcname).at(-1)
  return [...(name === undefined ? [] : [name]), ...Object.values(expression).flatMap(functionsIn)]
}

function selectedValues(select: Fields | undefined): readonly unknown[] {
  return asList(select?.targetList).map((item) => fieldsOf(item, 'ResTarget')?.val)
}

function namesOf(sources: readonly Source[]): readonly string[] {
  return sources.flatMap((source) => [...source.columns.references.keys()])
}

function among(sources: readonly Source[], name: string): Reference | undefined {
  return sources.map((source) => through(source, name)).find((reference) => reference !== undefined)
}
