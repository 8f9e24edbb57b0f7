import { arrayElements, constantsOf, textConstant } from './constant.ts'
import { type Columns, columnOf, type Reference } from './relation-names.ts'
import { asList, asText, type Fields, fieldsOf, isFields, nodeOf, stringsOf } from './tree.ts'

/** One item of FROM, by the name that the query gives it. */
export interface Source {
  readonly alias: string
  readonly columns: Columns
  /** Only with its name before the column: NEW, OLD, EXCLUDED, a record of PL/pgSQL. */
  readonly qualifiedOnly?: boolean
}

/** What an expression can name, from the inside out. */
export interface Scope {
  readonly sources: Source[]
  readonly parent: Scope | undefined
  readonly withQueries: Map<string, Columns>
  /** PL/pgSQL variables, which hide columns. */
  readonly variables: ReadonlySet<string>
}

export function scopeIn(parent: Scope | undefined, sources: readonly Source[] = [], variables: ReadonlySet<string> = new Set()): Scope {
  return { sources: [...sources], parent, withQueries: new Map(), variables }
}

/** The rows that a trigger or rule sees. */
export function rowSources(columns: Columns): readonly Source[] {
  return ['new', 'old'].map((alias) => ({ alias, columns, qualifiedOnly: true }))
}

/** A relation under its alias, or its own name. */
export function aliased(range: unknown, columns: Columns): Source {
  const fields = isFields(range) ? range : {}
  const alias = isFields(fields.alias) ? asText(fields.alias.aliasname) : undefined
  return { alias: alias ?? asText(fields.relname) ?? '', columns }
}

/** A query of a WITH clause in sight. */
export function withQuery(scope: Scope | undefined, name: string): Columns | undefined {
  return scope === undefined ? undefined : (scope.withQueries.get(name) ?? withQuery(scope.parent, name))
}

/** What a column's name means here: `a`, `t.a` or `s.t.a`. */
export function resolveName(names: readonly string[], scope: Scope): Reference | undefined {
  const attribute = names.at(-1)
  if (attribute === undefined) return undefined
  return names.length === 1 ? resolveBare(attribute, scope) : resolveQualified(names.at(-2) ?? '', attribute, scope)
}

function resolveBare(attribute: string, scope: Scope): Reference | undefined {
  const visible = scope.sources.filter((source) => source.qualifiedOnly !== true)
  const known = visible.find((source) => source.columns.references.has(attribute))
  if (known !== undefined) return through(known, attribute)
  const open = visible.filter((source) => source.columns.open !== undefined)
  if (scope.variables.has(attribute)) return undefined
  if (open.length === 1 && open[0] !== undefined) return through(open[0], attribute)
  if (open.length > 1) return { relation: undefined, attribute, jsonPath: [] }
  return scope.parent === undefined ? undefined : resolveBare(attribute, scope.parent)
}

function resolveQualified(qualifier: string, attribute: string, scope: Scope): Reference | undefined {
  const source = scope.sources.find((candidate) => candidate.alias === qualifier)
  if (source !== undefined) return through(source, attribute)
  return scope.parent === undefined ? undefined : resolveQualified(qualifier, attribute, scope.parent)
}

/** The range variables in sight. */
export function rowsIn(scope: Scope | undefined): ReadonlySet<Columns> {
  const rows = new Set<Columns>()
  for (let at = scope; at !== undefined; at = at.parent) for (const source of at.sources) rows.add(source.columns)
  return rows
}

/** A column of a range variable. */
export function through(source: Source, attribute: string): Reference | undefined {
  const reference = columnOf(source.columns, attribute)
  return reference === undefined ? undefined : { ...reference, row: source.columns }
}

/** Functions whose result is their first argument, as far as looking for its values goes. */
const transparent = /^(lower|upper|initcap|btrim|ltrim|rtrim|trim|unaccent|nullif|abs|round|trunc|to_jsonb|jsonb_strip_nulls|left|right)$/

/** The attribute that an expression is, casts and the like aside, perhaps with a path into its JSON. */
export function resolveExpression(expression: unknown, scope: Scope): Reference | undefined {
  const node = nodeOf(expression)
  if (node === undefined) return undefined
  const { name, fields } = node
  switch (name) {
    case 'ColumnRef':
      return asList(fields.fields).some((field) => nodeOf(field)?.name === 'A_Star')
        ? undefined
        : resolveName(stringsOf(fields.fields), scope)
    case 'TypeCast': {
      const reference = resolveExpression(fields.arg, scope)
      return reference === undefined ? undefined : { ...reference, castTo: fields.typeName }
    }
    case 'CollateClause':
      return resolveExpression(fields.arg, scope)
    case 'A_Indirection':
      return resolveSubscripts(fields, scope)
    case 'CoalesceExpr':
      return first(asList(fields.args), scope)
    case 'A_Expr':
      if (fields.kind === 'AEXPR_NULLIF') return resolveExpression(fields.lexpr, scope)
      return within(resolveExpression(fields.lexpr, scope), jsonSteps(stringsOf(fields.name).at(-1), fields.rexpr))
    case 'FuncCall':
      return resolveCall(fields, scope)
    default:
      return undefined
  }
}

/** The keys by which an operator goes into JSON; undefined for an operator that does not, or a key that is computed. */
export function jsonSteps(operator: string | undefined, key: unknown): readonly string[] | undefined {
  if (operator === '->' || operator === '->>') {
    const [constant] = constantsOf(key)
    return constant === undefined ? undefined : [constant.value]
  }
  return operator === '#>' || operator === '#>>' ? pathKeys(key) : undefined
}

/** The keys of a path written as `'{a,b}'` or `ARRAY['a', 'b']`. */
export function pathKeys(path: unknown): readonly string[] | undefined {
  const text = textConstant(path)
  const keys = text?.trim().startsWith('{') ? arrayElements(text) : constantsOf(path).map((constant) => constant.value)
  return keys.length === 0 ? undefined : keys
}

function resolveCall(fields: Fields, scope: Scope): Reference | undefined {
  const name = stringsOf(fields.funcname).at(-1) ?? ''
  const [argument, ...rest] = asList(fields.args)
  if (/^jsonb?_extract_path(_text)?$/.test(name))
    return within(
      resolveExpression(argument, scope),
      rest.flatMap(constantsOf).map((key) => key.value),
    )
  if (/^jsonb?_array_elements(_text)?$/.test(name)) return within(resolveExpression(argument, scope), ['0'])
  return transparent.test(name) ? resolveExpression(argument, scope) : undefined
}

function resolveSubscripts(fields: Fields, scope: Scope): Reference | undefined {
  const keys = asList(fields.indirection).map((step) => textConstant(fieldsOf(step, 'A_Indices')?.uidx))
  if (keys.some((key) => key === undefined)) return undefined
  return within(
    resolveExpression(fields.arg, scope),
    keys.filter((key) => key !== undefined),
  )
}

function within(reference: Reference | undefined, steps: readonly string[] | undefined): Reference | undefined {
  return reference === undefined || steps === undefined ? undefined : { ...reference, jsonPath: [...reference.jsonPath, ...steps] }
}

function first(expressions: readonly unknown[], scope: Scope): Reference | undefined {
  for (const expression of expressions) {
    const found = resolveExpression(expression, scope)
    if (found !== undefined) return found
  }
  return undefined
}
