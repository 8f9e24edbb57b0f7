import type { Catalog, Relation } from '../../catalog/index.ts'
import { InputError } from '../../errors.ts'
import { keyAttributes } from '../../lineage/index.ts'
import { pathOf } from '../../postgres/index.ts'
import { checkConversion } from './check-conversion.ts'
import type { TableMapping } from './mapping.ts'
import type { Conversion, GoneColumn, KeptColumn, Move, PlannedColumn, TablePlan } from './model.ts'
import { aliased, conversionOfLookup, conversionOfMove, planLookups, planMoves } from './plan-joined.ts'
import { refused, relationNamed } from './plan-names.ts'
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
  const to = relationNamed(mapping.to, legacy.schema)
  if (pathOf(to) === pathOf(legacy))
    throw refused(path, 'has the same name before and after', 'The view takes the old name: give the table another one under "to".')
  if (catalog.relations.has(pathOf(to))) throw refused(path, `cannot become ${pathOf(to)}: that name is taken`)
  const renamed = new Map(Object.entries(mapping.columns ?? {}))
  const place = { catalog, path, legacy, to }
  const aliases = new Set([to.name])
  const lookups = aliased(planLookups(place, mapping), aliases)
  const declared = (mapping.conversions ?? []).map((each) => readConversion(path, legacy, each))
  const movedNames = Object.values(mapping.moved ?? {}).flatMap(({ columns }) => Object.keys(columns))
  const goneNames = [
    ...declared.flatMap(({ old }) => old.map(({ attribute }) => attribute.name)),
    ...lookups.map(({ attribute }) => attribute.name),
    ...movedNames,
  ]
  checkNames(path, legacy, [...renamed.keys()], goneNames)
  const kept = legacy.attributes
    .filter(({ name }) => !goneNames.includes(name))
    .map((attribute): KeptColumn => ({ kind: 'kept', attribute, column: renamed.get(attribute.name) ?? attribute.name }))
  const key = goneNames.length > 0 ? keyOf(path, legacy, kept) : []
  const moves = aliased(planMoves(place, mapping, key), aliases)
  refuseDoubled(
    path,
    [...lookups, ...moves].map(({ table }) => pathOf(table)),
    'table',
  )
  const conversions = [
    ...declared,
    ...lookups.map((each) => conversionOfLookup(legacy, to, each)),
    ...moves.map((each) => conversionOfMove(legacy, to, each)),
  ]
  const gone = new Map(conversions.flatMap((each) => each.old).map((each) => [each.attribute.name, each]))
  const columns = legacy.attributes.flatMap(
    (attribute): PlannedColumn | readonly [] => gone.get(attribute.name) ?? kept.find((each) => each.attribute === attribute) ?? [],
  )
  const added = conversions.flatMap((each) => each.new)
  refuseDoubled(path, [...kept.map(({ column }) => column), ...added.map(({ name }) => name)], 'column')
  const plan: TablePlan = {
    legacy,
    to,
    columns,
    added,
    conversions,
    lookups,
    moves,
    triggers: gone.size > 0,
    rights: 'invoker',
    key,
    remade: remadeOf(legacy, new Set(gone.keys()), moves),
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

/** @throws {InputError} For what is no table of its own. */
export function legacyTable(catalog: Catalog, path: string): Relation {
  const found = catalog.relations.get(pathOf(relationNamed(path, 'public')))
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

/** Constraints and indexes over columns that go, except those that move along. */
function remadeOf(legacy: Relation, gone: ReadonlySet<string>, moves: readonly Move[]): TablePlan['remade'] {
  const goes = (names: readonly (string | undefined)[]) => names.some((name) => name !== undefined && gone.has(name))
  const along = moves.flatMap(({ constraints, indexes }) => [...constraints, ...indexes].map(({ name }) => name))
  return {
    constraints: legacy.constraints.filter((each) => each.kind !== 'not-null' && goes(each.attributes) && !along.includes(each.name)),
    indexes: legacy.indexes.filter(
      (each) =>
        [...each.expressions, each.predicate ?? 'true'].some((text) => goes([...columnsIn(text, 'an index')])) &&
        !legacy.constraints.some(({ name }) => name === each.name) &&
        !along.includes(each.name),
    ),
  }
}

/** Each column that is named is there, and one thing becomes of it. */
function checkNames(path: string, legacy: Relation, renamed: readonly string[], gone: readonly string[]): void {
  const twice = gone.find((name, at) => gone.indexOf(name) < at)
  if (twice !== undefined) throw refused(path, `: "${twice}" becomes two things`, 'Say once what becomes of a column.')
  for (const name of [...renamed, ...gone])
    if (!legacy.attributes.some((each) => each.name === name))
      throw refused(path, `has no column "${name}"`, `It has: ${legacy.attributes.map((each) => each.name).join(', ')}.`)
  const both = renamed.find((name) => gone.includes(name))
  if (both !== undefined) throw refused(path, `: "${both}" is renamed and becomes something else`, 'Give the new name there alone.')
}

function refuseDoubled(path: string, names: readonly string[], what: 'table' | 'column'): void {
  const doubled = names.find((name, at) => names.indexOf(name) < at)
  if (doubled === undefined) return
  if (what === 'column') throw refused(path, `would have two columns "${doubled}"`)
  throw refused(path, `: ${doubled} would be made twice`, 'Give each lookup and each move a table of its own.')
}

function keyOf(path: string, legacy: Relation, kept: readonly KeptColumn[]): readonly KeptColumn[] {
  const names = keyAttributes(legacy)
  if (names === undefined)
    throw refused(path, 'has no key, so that a trigger could not find the row that is meant', 'Give it a primary key first.')
  return names.map((name) => {
    const column = kept.find((each) => each.attribute.name === name)
    if (column === undefined)
      throw refused(path, `: "${name}" is in its key and cannot be converted`, 'Rename it, and convert it in a step of its own.')
    return column
  })
}
