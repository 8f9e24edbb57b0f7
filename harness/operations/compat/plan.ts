import type { Catalog, Relation } from '../../catalog/index.ts'
import { InputError } from '../../errors.ts'
import { keyAttributes } from '../../lineage/index.ts'
import { partsOf, pathOf, type RelationName } from '../../postgres/index.ts'
import { checkConversion } from './check-conversion.ts'
import type { TableMapping } from './mapping.ts'
import type { Conversion, GoneColumn, KeptColumn, PlannedColumn, TablePlan } from './model.ts'
import { columnsIn } from './replace-columns.ts'
import { rightsMode, type TableRights } from './rights.ts'

/**
 * Check what is declared of a table against the catalog.
 *
 * @param rightsOf  What is granted on each table, by its path.
 * @throws {InputError} For a table or column that is not there, a name that is taken, and what a view cannot stand for.
 */
export function planTable(catalog: Catalog, path: string, mapping: TableMapping, rightsOf: ReadonlyMap<string, TableRights>): TablePlan {
  const legacy = legacyTable(catalog, path)
  const to = nameOf(mapping.to, legacy.schema)
  if (pathOf(to) === pathOf(legacy))
    throw refused(path, 'has the same name before and after', 'The view takes the old name: give the table another one under "to".')
  if (catalog.relations.has(pathOf(to))) throw refused(path, `cannot become ${pathOf(to)}: that name is taken`)
  const renamed = new Map(Object.entries(mapping.columns ?? {}))
  const conversions = (mapping.conversions ?? []).map((each) => readConversion(path, legacy, each))
  const gone = new Map(conversions.flatMap((each) => each.old).map((each) => [each.attribute.name, each]))
  for (const name of [...renamed.keys(), ...gone.keys()])
    if (!legacy.attributes.some((each) => each.name === name))
      throw refused(path, `has no column "${name}"`, `It has: ${legacy.attributes.map((each) => each.name).join(', ')}.`)
  for (const name of renamed.keys())
    if (gone.has(name)) throw refused(path, `"${name}" is renamed and converted`, 'Give the new name under "new" alone.')
  const columns = legacy.attributes.map(
    (attribute): PlannedColumn =>
      gone.get(attribute.name) ?? { kind: 'kept', attribute, column: renamed.get(attribute.name) ?? attribute.name },
  )
  const added = conversions.flatMap((each) => each.new)
  refuseDoubled(path, [...columns.flatMap((each) => (each.kind === 'kept' ? [each.column] : [])), ...added.map(({ name }) => name)])
  const goes = (names: readonly (string | undefined)[]) => names.some((name) => name !== undefined && gone.has(name))
  const plan: TablePlan = {
    legacy,
    to,
    columns,
    added,
    conversions,
    triggers: gone.size > 0,
    rights: 'invoker',
    key: gone.size > 0 ? keyOf(path, legacy, columns) : [],
    remade: {
      constraints: legacy.constraints.filter((each) => each.kind !== 'not-null' && goes(each.attributes)),
      indexes: legacy.indexes.filter(
        (each) =>
          [...each.expressions, each.predicate ?? 'true'].some((text) => goes([...columnsIn(text, 'an index')])) &&
          !legacy.constraints.some(({ name }) => name === each.name),
      ),
    },
    sequences: new Map(
      catalog.sequences.flatMap((each) =>
        each.ownedBy?.relation === pathOf(legacy) ? [[each.ownedBy.attribute, { schema: each.schema, name: each.name }] as const] : [],
      ),
    ),
  }
  checkConversion(plan, path)
  const rights = rightsOf.get(pathOf(legacy))
  return rights === undefined ? plan : { ...plan, rights: rightsMode(legacy, rights, plan.triggers) }
}

/** An error that names the table. */
export function refused(path: string, message: string, hint?: string): InputError {
  return new InputError(`${path} ${message}`, hint === undefined ? {} : { hint })
}

/** @throws {InputError} For what is no table of its own. */
export function legacyTable(catalog: Catalog, path: string): Relation {
  const found = catalog.relations.get(pathOf(nameOf(path, 'public')))
  if (found === undefined) {
    const tables = [...catalog.relations].flatMap(([name, { kind }]) => (kind === 'table' ? [name] : []))
    throw new InputError(`there is no table "${path}"`, {
      hint:
        tables.length === 0
          ? 'The files make no table.'
          : `There are: ${tables.slice(0, 10).join(', ')}${tables.length > 10 ? ', …' : ''}.`,
    })
  }
  if (found.kind !== 'table' && found.kind !== 'partitioned-table')
    throw refused(path, `is a ${found.kind.replace('-', ' ')}`, 'Only a table can move behind a view.')
  if (found.partitionOf !== undefined || found.inherits.length > 0) throw refused(path, 'is a part of another table', 'Move that one.')
  return found
}

/** A path without a schema means that of the old table. */
function nameOf(path: string, schema: string): RelationName {
  const parts = partsOf(path)
  const [first = '', second, ...more] = parts
  if (first === '' || more.length > 0)
    throw new InputError(`"${path}" is no name of a table`, { hint: 'Write schema and name: public.orders.' })
  return second === undefined ? { schema, name: first } : { schema: first, name: second }
}

function readConversion(path: string, legacy: Relation, declared: NonNullable<TableMapping['conversions']>[number]): Conversion {
  const [old, added] = [Object.entries(declared.old ?? {}), Object.entries(declared.new ?? {})]
  const [oldNames, newNames] = [new Set(old.map(([name]) => name)), new Set(added.map(([name]) => name))]
  const closed = (text: string, what: string, known: ReadonlySet<string>, side: string) => {
    const used = columnsIn(text, what)
    const stranger = [...used].find((name) => !known.has(name))
    if (stranger !== undefined)
      throw refused(
        path,
        `: ${what} names "${stranger}", which is not among the ${side} columns of the conversion`,
        'A conversion must say everything that its expressions use.',
      )
    return [...used]
  }
  return {
    old: old.flatMap(([name, back]): readonly GoneColumn[] => {
      closed(back, `the expression of "${name}"`, newNames, 'new')
      const attribute = legacy.attributes.find((each) => each.name === name)
      if (attribute === undefined)
        throw refused(path, `has no column "${name}"`, `It has: ${legacy.attributes.map((each) => each.name).join(', ')}.`)
      return [{ kind: 'gone', attribute, back, meanwhile: newNames.has(name) ? `${name}_before` : name }]
    }),
    new: added.map(([name, column]) => ({
      name,
      type: column.type,
      value: column.value,
      from: closed(column.value, `the value of "${name}"`, oldNames, 'old'),
      notNull: column.notNull ?? false,
      default: column.default ?? (oldNames.size === 0 ? column.value : undefined),
      comment: column.comment,
    })),
  }
}

function refuseDoubled(path: string, names: readonly string[]): void {
  const doubled = names.find((name, at) => names.indexOf(name) < at)
  if (doubled !== undefined) throw refused(path, `would have two columns "${doubled}"`)
}

function keyOf(path: string, legacy: Relation, columns: readonly PlannedColumn[]): readonly KeptColumn[] {
  const names = keyAttributes(legacy)
  if (names === undefined)
    throw refused(path, 'has no key, so that a trigger could not find the row that is meant', 'Give it a primary key first.')
  return names.map((name) => {
    const column = columns.find((each) => each.attribute.name === name)
    if (column?.kind !== 'kept')
      throw refused(path, `: "${name}" is in its key and cannot be converted`, 'Rename it, and convert it in a step of its own.')
    return column
  })
}
