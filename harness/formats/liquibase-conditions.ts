import { InputError } from '../errors.ts'
import { SourceText } from '../migration/index.ts'
import type { Element } from './liquibase-element.ts'

/** Preconditions of a change set. */
export interface Condition {
  /** What Liquibase does where they do not hold. */
  readonly otherwise: 'halt' | 'skip' | 'warn'
  /** An SQL expression; undefined where one of them is of a kind that is not read. */
  readonly expression: SourceText | undefined
  /** The kind that is not read. */
  readonly unread?: string | undefined
}

/** What `onFail` says; without it Liquibase stops. */
export function otherwiseOf(onFail: string | undefined): Condition['otherwise'] {
  return /^(mark_ran|continue)$/i.test(onFail ?? '') ? 'skip' : /^warn$/i.test(onFail ?? '') ? 'warn' : 'halt'
}

/** Both must hold. */
export function allOf(parts: readonly SourceText[], operator: 'AND' | 'OR' = 'AND'): SourceText | undefined {
  const [first] = parts
  if (first === undefined) return undefined
  return SourceText.join(
    parts.flatMap((part, at) => [part.inPlace(0, `${at === 0 ? '' : ` ${operator} `}(`), part, part.inPlace(0, '\n)')]),
  )
}

/** The single value that a query gives, as Liquibase compares it: as text. */
export function sqlCheck(query: SourceText, expected: string): SourceText {
  const text = query.text.replace(/[\s;]+$/, '')
  const whole = query.slice(0, text.length)
  return SourceText.join([whole.inPlace(0, '('), whole, whole.inPlace(0, `\n)::text = ${literal(expected)}`)])
}

/** Whether a relation, or a column of it, is there. */
export function existsCheck(at: SourceText, kind: ExistsKind, names: ExistsNames): SourceText {
  const schema = names.schema === undefined ? 'current_schema()' : literal(names.schema)
  const same = (column: string, name: string) => `lower(${column}) = ${literal(name.toLowerCase())}`
  const from = `FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`
  const attribute =
    names.column === undefined
      ? ''
      : ` AND EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped AND ${same('a.attname', names.column)})`
  const kinds = { table: "('r', 'p')", view: "('v')", index: "('i', 'I')", sequence: "('S')" }[kind]
  const text = `EXISTS (SELECT ${from} WHERE n.nspname = ${schema} AND ${same('c.relname', names.name)} AND c.relkind IN ${kinds}${attribute})`
  return at.inPlace(0, text)
}

type ExistsKind = 'table' | 'view' | 'index' | 'sequence'

interface ExistsNames {
  readonly schema: string | undefined
  readonly name: string
  readonly column?: string | undefined
}

/** Preconditions of XML, YAML or JSON. */
export function conditionOf(element: Element): Condition {
  const otherwise = otherwiseOf(element.attributes.get('onFail'))
  try {
    return { otherwise, expression: expressionOf(element) }
  } catch (error) {
    if (!(error instanceof UnreadCondition)) throw error
    return { otherwise, expression: undefined, unread: error.message }
  }
}

class UnreadCondition extends InputError {}

const existsKinds: Readonly<Record<string, readonly [ExistsKind, string]>> = {
  tableExists: ['table', 'tableName'],
  columnExists: ['table', 'tableName'],
  viewExists: ['view', 'viewName'],
  indexExists: ['index', 'indexName'],
  sequenceExists: ['sequence', 'sequenceName'],
}

function expressionOf(element: Element): SourceText {
  const place = element.text.text === '' ? SourceText.of('', ' ') : element.text
  const { attributes, name } = element
  const constant = (value: boolean) => place.inPlace(0, String(value))
  const exists = existsKinds[name]
  if (exists !== undefined) {
    const [kind, key] = exists
    const relation = attributes.get(key)
    if (relation === undefined) throw new UnreadCondition(name)
    return existsCheck(place, kind, { schema: attributes.get('schemaName'), name: relation, column: attributes.get('columnName') })
  }
  switch (name) {
    case 'preConditions':
    case 'and':
      return allOf(partsOf(element)) ?? constant(true)
    case 'or':
      return allOf(partsOf(element), 'OR') ?? constant(true)
    case 'not':
      return SourceText.join([place.inPlace(0, 'NOT ('), allOf(partsOf(element)) ?? constant(true), place.inPlace(0, '\n)')])
    case 'dbms':
      return constant(/(^|,)\s*postgresql\s*(,|$)/i.test(attributes.get('type') ?? ''))
    case 'sqlCheck': {
      const query = element.children.find(({ name: child }) => child === 'sql')?.text ?? element.text
      return sqlCheck(query, attributes.get('expectedResult') ?? '')
    }
    default:
      throw new UnreadCondition(name)
  }
}

function partsOf(element: Element): readonly SourceText[] {
  return element.children.filter(({ name }) => !/^on[A-Z]/.test(name)).map(expressionOf)
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
