import { type Enum, type Field, getSchema, type Model, type View } from '@mrleebo/prisma-ast'
import { InputError } from '../../errors.ts'
import { quoteIdentifier } from '../../postgres/index.ts'

/** A column as a model has it. */
export interface ModelColumn {
  /** As `format_type` writes it; undefined where the model does not say it. */
  readonly type: string | undefined
  /** Undefined for a list, of which a model says nothing. */
  readonly notNull: boolean | undefined
}

/** What an ORM's own model says of a database; paths as `schema.name`. */
export interface OrmModel {
  readonly tables: ReadonlyMap<string, ReadonlyMap<string, ModelColumn>>
  readonly enums: ReadonlyMap<string, readonly string[]>
}

/** Types of Prisma for PostgreSQL. @see https://www.prisma.io/docs/orm/reference/prisma-schema-reference#model-field-scalar-types */
const scalars: Readonly<Record<string, string>> = {
  String: 'text',
  Boolean: 'boolean',
  Int: 'integer',
  BigInt: 'bigint',
  Float: 'double precision',
  Decimal: 'numeric(65,30)',
  DateTime: 'timestamp(3) without time zone',
  Json: 'jsonb',
  Bytes: 'bytea',
}

const native: Readonly<Record<string, (args: readonly string[]) => string>> = {
  Text: () => 'text',
  Char: (args) => `character(${args[0] ?? 1})`,
  VarChar: (args) => (args[0] === undefined ? 'character varying' : `character varying(${args[0]})`),
  Bit: (args) => `bit(${args[0] ?? 1})`,
  VarBit: (args) => (args[0] === undefined ? 'bit varying' : `bit varying(${args[0]})`),
  Uuid: () => 'uuid',
  Xml: () => 'xml',
  Inet: () => 'inet',
  Citext: () => 'citext',
  Boolean: () => 'boolean',
  Integer: () => 'integer',
  Int: () => 'integer',
  SmallInt: () => 'smallint',
  BigInt: () => 'bigint',
  Oid: () => 'oid',
  DoublePrecision: () => 'double precision',
  Real: () => 'real',
  Decimal: (args) => (args.length === 0 ? 'numeric(65,30)' : `numeric(${args[0]},${args[1] ?? 0})`),
  Money: () => 'money',
  Timestamp: (args) => `timestamp${precision(args)} without time zone`,
  Timestamptz: (args) => `timestamp${precision(args)} with time zone`,
  Time: (args) => `time${precision(args)} without time zone`,
  Timetz: (args) => `time${precision(args)} with time zone`,
  Date: () => 'date',
  Json: () => 'json',
  JsonB: () => 'jsonb',
  ByteA: () => 'bytea',
}

function precision(args: readonly string[]): string {
  return args[0] === undefined ? '' : `(${args[0]})`
}

/**
 * Read a Prisma schema.
 *
 * @param text  Of one file, or of all files of a schema that is split.
 * @throws {InputError} Where it is none.
 */
export function readPrismaModel(text: string, shown: string): OrmModel {
  const { list } = parse(text, shown)
  const models = list.filter((each): each is Model | View => each.type === 'model' || each.type === 'view')
  const enums = list.filter((each): each is Enum => each.type === 'enum')
  const named = new Set(models.map(({ name }) => name))
  const enumPaths = new Map(enums.map((each) => [each.name, pathOf(each.name, each.enumerators)]))
  const tables = models
    .filter(({ type, properties }) => type === 'model' && !has(properties, 'ignore'))
    .map(({ name, properties }) => {
      const fields = properties.filter((each): each is Field => each.type === 'field' && !named.has(String(each.fieldType)))
      return [
        pathOf(name, properties),
        new Map(fields.map((field) => [nameOf(field.name, field.attributes), columnOf(field, enumPaths)])),
      ] as const
    })
  return { tables: new Map(tables), enums: new Map(enums.map((each) => [enumPaths.get(each.name) ?? each.name, labelsOf(each)])) }
}

function parse(text: string, shown: string): ReturnType<typeof getSchema> {
  try {
    // The parser takes no blanks at the end of a line.
    return getSchema(text.replaceAll(/[ \t]+$/gm, ''))
  } catch (error) {
    const line = (error as { readonly token?: { readonly startLine?: number } }).token?.startLine
    throw new InputError(`${shown}${line === undefined || Number.isNaN(line) ? '' : `:${line}`} is no Prisma schema`, {
      detail: `${(error as Error).message}.`,
      cause: error,
    })
  }
}

interface Attributed {
  readonly type: string
  readonly name?: string | undefined
  readonly group?: string | undefined
  readonly args?: readonly { readonly value?: unknown }[] | undefined
}

function attributeOf(list: readonly unknown[] | undefined, name: string): Attributed | undefined {
  return (list as readonly Attributed[] | undefined)?.find(
    (each) => each.type === 'attribute' && each.name === name && each.group === undefined,
  )
}

function has(list: readonly unknown[], name: string): boolean {
  return attributeOf(list, name) !== undefined
}

/** The first argument of `@map("…")`, also as `name: "…"`. */
function argumentOf(list: readonly unknown[] | undefined, name: string): string | undefined {
  const value = attributeOf(list, name)?.args?.[0]?.value
  const text = typeof value === 'string' ? value : (value as { readonly value?: unknown } | undefined)?.value
  return typeof text === 'string' ? text.replace(/^"(.*)"$/, '$1') : undefined
}

function nameOf(name: string, attributes: readonly unknown[] | undefined): string {
  return argumentOf(attributes, 'map') ?? name
}

function pathOf(name: string, properties: readonly unknown[]): string {
  return `${argumentOf(properties, 'schema') ?? 'public'}.${nameOf(name, properties)}`
}

function labelsOf({ enumerators }: Enum): readonly string[] {
  return enumerators.flatMap((each) => (each.type === 'enumerator' ? [nameOf(each.name, each.attributes)] : []))
}

function columnOf(field: Field, enums: ReadonlyMap<string, string>): ModelColumn {
  const { fieldType, array = false, optional = false, attributes } = field
  const given = (attributes as readonly Attributed[] | undefined)?.find(({ group }) => group === 'db')
  const args = (given?.args ?? []).map(({ value }) => String(value))
  const enumPath = enums.get(String(fieldType))
  const base =
    given?.name === undefined ? (enumPath === undefined ? scalars[String(fieldType)] : shownType(enumPath)) : native[given.name]?.(args)
  return { type: base === undefined ? undefined : `${base}${array ? '[]' : ''}`, notNull: array ? undefined : !optional }
}

function shownType(path: string): string {
  const [schema = '', name = ''] = [path.slice(0, path.indexOf('.')), path.slice(path.indexOf('.') + 1)]
  return [schema, name].map((each) => (/^[a-z_][a-z0-9_]*$/.test(each) ? each : quoteIdentifier(each))).join('.')
}
