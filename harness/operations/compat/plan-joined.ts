import type { Attribute, Catalog, Constraint, Index, Relation } from '../../catalog/index.ts'
import { pathOf, type RelationName } from '../../postgres/index.ts'
import type { TableMapping } from './mapping.ts'
import type { Conversion, GoneColumn, KeptColumn, Lookup, Move } from './model.ts'
import { identifier, qualified } from './names.ts'
import { refused, relationNamed } from './plan-names.ts'
import { columnsIn } from './replace-columns.ts'

/** The function that gives the id of a value, and inserts the value where it is missing. */
export function idFunction(legacy: Relation, to: RelationName, { name }: Attribute): RelationName {
  return { schema: to.schema, name: `id_of_${legacy.name}_${name}` }
}

/** The function by which `down` finds the value of a column in another table. */
export function valueFunction(legacy: Relation, to: RelationName, { name }: Attribute): RelationName {
  return { schema: to.schema, name: `value_of_${legacy.name}_${name}` }
}

/** What becomes of a table, as far as it is known before its columns are. */
export interface JoinedPlace {
  readonly catalog: Catalog
  readonly path: string
  readonly legacy: Relation
  readonly to: RelationName
}

/**
 * The lookups that a mapping declares.
 *
 * @throws {InputError} For a name that is taken, and a column whose values are no plain texts.
 */
export function planLookups({ catalog, path, legacy, to }: JoinedPlace, mapping: TableMapping): readonly Lookup[] {
  return Object.entries(mapping.lookups ?? {}).map(([name, declared]): Lookup => {
    const attribute = attributeOf(path, legacy, name)
    if (!/^(text|character varying)(\(\d+\))?$/.test(attribute.type) || attribute.collation !== undefined)
      throw refused(path, `: "${name}" cannot become a lookup: it is ${attribute.type}`, 'Only text and varchar without a collation can.')
    const table = freeName(catalog, path, declared.to, to)
    const checks = legacy.constraints.filter(({ kind, attributes }) => kind === 'check' && attributes.includes(name))
    const mixed = checks.find(({ attributes }) => attributes.some((each) => each !== name))
    if (mixed !== undefined)
      throw refused(
        path,
        `: the check "${mixed.name}" is over "${name}" and other columns, and no lookup keeps it`,
        'Drop it in a step before.',
      )
    const index = legacy.indexes.find((each) => {
      const uses = [...each.expressions, each.predicate ?? 'true'].map((text) => columnsIn(text, 'an index').has(name))
      return uses.some((used, at) => used && each.attributes[at] !== name)
    })
    if (index !== undefined)
      throw refused(
        path,
        `: the index "${index.name}" is over an expression of "${name}"`,
        'Drop it in a step before, and make another one after.',
      )
    return { attribute, table, alias: table.name, column: declared.column ?? `${name}_id`, values: declared.values, checks }
  })
}

/**
 * The tables to which columns move.
 *
 * @param key  By which rows are found in both.
 * @throws {InputError} For a name that is taken, and constraints or indexes over columns that move and columns that stay.
 */
export function planMoves({ catalog, path, legacy, to }: JoinedPlace, mapping: TableMapping, key: readonly KeptColumn[]): readonly Move[] {
  return Object.entries(mapping.moved ?? {}).map(([target, declared]): Move => {
    const table = freeName(catalog, path, target, to)
    const stranger = Object.keys(declared.key ?? {}).find((name) => !key.some(({ attribute }) => attribute.name === name))
    if (stranger !== undefined)
      throw refused(path, `: "${stranger}" is not in its key`, `Its key is: ${key.map(({ attribute }) => attribute.name).join(', ')}.`)
    const columns = Object.entries(declared.columns).map(([old, name]) => ({ attribute: attributeOf(path, legacy, old), name }))
    const named = key.map((column) => ({ column, name: declared.key?.[column.attribute.name] ?? column.column }))
    const names = [...named, ...columns].map(({ name }) => name)
    const doubled = names.find((name, at) => names.indexOf(name) < at)
    if (doubled !== undefined) throw refused(path, `: ${pathOf(table)} would have two columns "${doubled}"`)
    const moving = new Set(columns.map(({ attribute }) => attribute.name))
    const along = (what: string, used: readonly string[]) => {
      const [some, all] = [used.some((each) => moving.has(each)), used.every((each) => moving.has(each))]
      if (some && !all)
        throw refused(path, `: ${what} is over columns that move to ${pathOf(table)} and columns that do not`, 'Drop it in a step before.')
      return some
    }
    const constraints = legacy.constraints.filter(
      ({ kind, name, attributes }) => kind !== 'not-null' && along(`the constraint "${name}"`, attributes),
    )
    const itself = constraints.find(({ references }) => references?.relation === pathOf(legacy))
    if (itself !== undefined)
      throw refused(
        path,
        `: the constraint "${itself.name}" is a foreign key of the table to itself, and cannot move`,
        'Drop it in a step before.',
      )
    return { table, alias: table.name, key: named, columns, constraints, indexes: ownIndexes(legacy, along) }
  })
}

function ownIndexes(legacy: Relation, along: (what: string, used: readonly string[]) => boolean): readonly Index[] {
  return legacy.indexes.filter((each) => {
    if (legacy.constraints.some(({ name }) => name === each.name)) return false
    const used = [...each.expressions, each.predicate ?? 'true'].flatMap((text) => [...columnsIn(text, 'an index')])
    return along(`the index "${each.name}"`, used)
  })
}

/** Each table that a view joins under a name that nothing else has there. */
export function aliased<Joined extends Lookup | Move>(joined: readonly Joined[], taken: Set<string>): readonly Joined[] {
  return joined.map((each) => {
    let alias = each.alias
    while (taken.has(alias)) alias += '_'
    taken.add(alias)
    return { ...each, alias }
  })
}

/** A lookup as the conversion that it is. */
export function conversionOfLookup(legacy: Relation, to: RelationName, { attribute, alias, column }: Lookup): Conversion {
  const gone: GoneColumn = {
    kind: 'gone',
    attribute,
    meanwhile: column === attribute.name ? `${column}_before` : attribute.name,
    back: `${qualified(valueFunction(legacy, to, attribute))}(${identifier(column)})`,
    joined: { alias, column: 'name' },
  }
  const idOf = (text: string) => `${qualified(idFunction(legacy, to, attribute))}(${text})`
  const { notNull, name, default: own } = attribute
  return {
    old: [gone],
    new: [
      {
        name: column,
        type: 'integer',
        value: idOf(identifier(name)),
        from: [name],
        notNull,
        default: own === undefined ? undefined : idOf(own),
        comment: undefined,
      },
    ],
  }
}

/** Columns that move, as a conversion without new columns. */
export function conversionOfMove(legacy: Relation, to: RelationName, { alias, key, columns }: Move): Conversion {
  const given = key.map(({ column }) => identifier(column.column)).join(', ')
  return {
    old: columns.map(({ attribute, name }) => ({
      kind: 'gone',
      attribute,
      meanwhile: attribute.name,
      back: `${qualified(valueFunction(legacy, to, attribute))}(${given})`,
      joined: { alias, column: name },
    })),
    new: [],
  }
}

/** Whether a constraint is kept by another table than the renamed one. */
export function isElsewhere(lookups: readonly Lookup[], { name, kind }: Constraint): boolean {
  return kind === 'check' && lookups.some(({ checks }) => checks.some((each) => each.name === name))
}

function attributeOf(path: string, legacy: Relation, name: string): Attribute {
  const attribute = legacy.attributes.find((each) => each.name === name)
  if (attribute === undefined)
    throw refused(path, `has no column "${name}"`, `It has: ${legacy.attributes.map((each) => each.name).join(', ')}.`)
  return attribute
}

function freeName(catalog: Catalog, path: string, written: string, to: RelationName): RelationName {
  const table = relationNamed(written, to.schema)
  if (catalog.relations.has(pathOf(table)) || pathOf(table) === pathOf(to))
    throw refused(path, `: ${pathOf(table)} cannot be made: that name is taken`)
  return table
}
