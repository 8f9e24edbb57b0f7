import type { AttributePlace } from '../catalog/index.ts'
import type { BandKind } from '../data/index.ts'
import type { Mapping } from '../migration/index.ts'
import type { RunObservation, State } from '../run/index.ts'
import { type ColumnTable, columnsOf, plainColumnsOf } from './columns.ts'
import { foundMappings } from './declared.ts'
import { joinReferenced } from './join.ts'
import { learnRelation } from './learn-relation.ts'
import { matchKeys } from './match-keys.ts'
import type { Lineage, RelationLineage } from './model.ts'
import { type BandedTables, type FindPairs, type Pair, pairFinder, rowText } from './pair-rows.ts'
import type { PairedRun } from './paired-run.ts'
import { followReissuedKey, type PairedPlaces } from './rekey.ts'
import { ownAttribute, sameRelation } from './same.ts'
import { unchangedRelations } from './unchanged.ts'

/**
 * Learn where each legacy attribute goes, from one or more banded runs of the same migration (inference.md, "Banded regime").
 *
 * @param runs  Banded runs in which `up` succeeded. The rows of both states must be there for every relation that is to be judged.
 * @param mappings  What the contract says of it: looked for where it says, and preferred to what is found.
 * @param there  Rows that stand in the legacy schema without being generated, as those that an earlier step inserted: their cells are no bands.
 */
export function learnLineage(
  runs: readonly RunObservation[],
  mappings: readonly Mapping[] = [],
  there: State['rows'] = new Map(),
): Lineage {
  const relations = new Map<string, RelationLineage>()
  const paired = new Map<string, PairedPlaces>()
  const keys = new Map<string, readonly string[]>()
  const unchanged = unchangedRelations(runs.filter((run) => run.migrated !== undefined && run.bands !== undefined))
  const quiet = new Set(unchanged.values())
  const prepared = runs.flatMap((run): readonly PreparedRun[] => {
    const tables = bandedTables(run, there)
    if (tables === undefined) return []
    const pairs = pairFinder(tables, new Set(tables.places.filter((place) => !quiet.has(place))), keys)
    return [{ run, tables, pairs, indexes: new Map() }]
  })
  const [first] = prepared
  if (first === undefined) return { relations }
  const declared = first.run.migrated === undefined ? [] : foundMappings(mappings, first.run.legacy.catalog, first.run.migrated.catalog)
  const all = [...new Set(prepared.flatMap(({ tables }) => tables.places))]
  const loud = all.filter((place) => !quiet.has(place))
  for (const relation of new Set(prepared.flatMap(({ tables }) => [...tables.legacy.keys()]))) {
    const own = sameRelation(first.run, relation)
    const kept = unchanged.get(relation)
    const near = own === undefined || loud.includes(own) ? loud : [own, ...loud]
    const learn = (places: readonly string[], links?: ReadonlyMap<string, readonly PairedRun[]>) => {
      const found = new Map([...(links ?? []), ...pairedPlaces(prepared, relation, places, near, kept)])
      // Rows that `up` left alone may name the same parents by chance.
      const runs = found.size > 0 ? found : linkedPlaces(prepared, relation, near)
      paired.set(relation, runs)
      // Values that are in none of the rows can arrive nowhere.
      const mappings = declared.filter(({ from }) => from.relation === relation && prepared.some(({ tables }) => hasValues(tables, from)))
      return learnRelation({ relation, runs, run: first.run, tables: first.tables, kept, mappings })
    }
    // Where no banded row was, nothing was learned.
    if (!prepared.some(({ tables }) => (tables.legacy.get(relation)?.rows.length ?? 0) > 0)) {
      paired.set(relation, new Map())
      continue
    }
    const learned = learn(near)
    // What went nowhere may stand where it stood before, too.
    const found = lostIn(learned).length > 0 && near.length < all.length ? withFound(learned, learn(all)) : learned
    // A reference that went nowhere may stand in rows that name this one: which rows belong together, another table says.
    const links = linksTo(prepared, { relation, lost: lostIn(found), rows: paired.get(relation) ?? new Map() }, near)
    relations.set(relation, links.size === 0 ? found : withFound(found, learn(near, links)))
  }
  return {
    relations: new Map([...relations].map(([relation, lineage]) => [relation, followReissuedKey(lineage, first.run, paired, relations)])),
  }
}

/** What was found nowhere near, from farther on: a cell that is in its place is no copy of one in a relation that `up` left alone. */
function withFound(near: RelationLineage, far: RelationLineage): RelationLineage {
  const attributes = [...far.attributes].map(([name, found]) => {
    const known = near.attributes.get(name)
    return [name, known === undefined || known.destinations.every((each) => each.assumed === true) ? found : known] as const
  })
  return { ...far, attributes: new Map(attributes) }
}

function lostIn({ attributes }: RelationLineage): readonly string[] {
  return [...attributes].flatMap(([name, { destinations }]) => (destinations.every((each) => each.assumed === true) ? [name] : []))
}

/** Rows, in places that hold no row of this relation, that name such a row by its key and beside it what a lost reference named. */
function linksTo(
  prepared: readonly PreparedRun[],
  { relation, lost, rows }: { readonly relation: string; readonly lost: readonly string[]; readonly rows: PairedPlaces },
  places: readonly string[],
): ReadonlyMap<string, readonly PairedRun[]> {
  const [first] = prepared
  const key = first?.run.legacy.catalog.relations.get(relation)?.indexes.find((index) => index.primary)?.attributes ?? []
  const found = new Map<string, readonly PairedRun[]>()
  for (const name of lost) {
    const linked = linkedPlaces(prepared, relation, places, (table, kinds) => {
      const isLink = kinds?.get(name) === 'alias' && key.length > 0
      return isLink ? table.columns.flatMap((column, at) => (column.attribute === name || key.includes(column.attribute) ? [at] : [])) : []
    })
    for (const [place, runs] of linked) if (runs.every((run) => isWhole(run, name, rows))) found.set(place, runs)
  }
  return found
}

/** Whether each row that is left and refers to something has its link there. */
function isWhole({ run, legacy, pairs }: PairedRun, name: string, rows: PairedPlaces): boolean {
  const left = new Set(
    [...rows.values()].flatMap((all) => all.flatMap((each) => (each.run === run ? each.pairs.map(({ legacyRow }) => legacyRow) : []))),
  )
  const at = legacy.columns.findIndex((column) => column.attribute === name && column.json.length === 0)
  const linked = new Set(pairs.map(({ legacyRow }) => legacyRow))
  return legacy.rows.every((row, index) => (row[at] ?? null) === null || linked.has(index) || !left.has(index))
}

interface PreparedRun {
  readonly run: RunObservation
  readonly tables: BandedTables
  readonly pairs: FindPairs
  readonly indexes: Map<string, ReadonlyMap<string, readonly number[]>>
}

/**
 * @param near  Places that `up` changed: elsewhere equal keys are a coincidence.
 * @param kept  The migrated path of a relation that is as it was: row for row.
 */
function pairedPlaces(
  prepared: readonly PreparedRun[],
  relation: string,
  places: readonly string[],
  near: readonly string[],
  kept: string | undefined,
): ReadonlyMap<string, readonly PairedRun[]> {
  const found = new Map<string, PairedRun[]>()
  for (const [number, { run, tables, pairs, indexes }] of prepared.entries()) {
    const legacy = tables.legacy.get(relation)
    if (legacy === undefined) continue
    const own = sameRelation(run, relation)
    for (const place of places) {
      const migrated = tables.migrated(place)
      if (migrated === undefined) continue
      const add = (merged: readonly Pair[]) => {
        if (merged.length > 0) found.set(place, [...(found.get(place) ?? []), { run: number, legacy, migrated, pairs: merged }])
      }
      if (place === kept) {
        add(legacy.rows.map((_, row) => ({ legacyRow: row, migratedRow: row, hits: new Map() })))
        continue
      }
      const byBand = pairs(place).get(relation) ?? []
      const byKey = place === own || (byBand.length === 0 && near.includes(place)) ? matchKeys(run, legacy, migrated, indexes) : []
      add(byKey.length > 0 && place === own ? unite(byKey, byBand) : byBand.length > 0 ? byBand : byKey)
    }
  }
  return found
}

/** Rows that only name others (of a table that joins two) live on where one row holds all of these names. */
function linkedPlaces(
  prepared: readonly PreparedRun[],
  relation: string,
  places: readonly string[],
  naming: NamingColumns = aliases,
): ReadonlyMap<string, readonly PairedRun[]> {
  const found = new Map<string, PairedRun[]>()
  for (const place of places) {
    const runs = prepared.flatMap(({ run: { legacy: state, migrated: after }, tables }, run): readonly PairedRun[] => {
      const [legacy, migrated] = [tables.legacy.get(relation), tables.migrated(place)]
      if (legacy === undefined || migrated === undefined) return []
      const names = naming(legacy, tables.bands.get(relation))
      if (names.length < 2) return []
      const pairs = linkedRows(legacy, migrated, names)
      if (pairs.length === 0) return []
      const both = { legacy: state, migrated: after }
      const earlier = [...tables.legacy.keys()].find((path) => path !== relation && sameRelation(both, path) === place)
      return [{ run, legacy, migrated, pairs: earlier === undefined ? pairs : withoutThere(pairs, migrated, tables.legacy.get(earlier)) }]
    })
    if (runs.reduce((sum, { pairs }) => sum + pairs.length, 0) >= 3) found.set(place, [...runs])
  }
  return found
}

/** Positions of the columns by which a row is told in another table. */
type NamingColumns = (legacy: ColumnTable, kinds: ReadonlyMap<string, BandKind> | undefined) => readonly number[]

const aliases: NamingColumns = (legacy, kinds) =>
  legacy.columns.flatMap((column, at) => (kinds?.get(column.attribute) === 'alias' ? [at] : []))

function linkedRows(legacy: ColumnTable, migrated: ColumnTable, names: readonly number[]): readonly Pair[] {
  const plain = migrated.columns.flatMap((column, at) => (column.via === undefined && column.json.length === 0 ? [at] : []))
  return legacy.rows.flatMap((row, legacyRow) => {
    const cells = names.map((at) => row[at] ?? null)
    if (cells.includes(null)) return []
    return migrated.rows.flatMap((other, migratedRow) => {
      const hits = new Map(names.map((name, at) => [name, new Set(plain.filter((column) => other[column] === cells[at]))]))
      return [...hits.values()].every((columns) => columns.size > 0) ? [{ legacyRow, migratedRow, hits }] : []
    })
  })
}

/** Rows that named the same before `up` are rows of their own: that they name what a lost row named is chance. */
function withoutThere(pairs: readonly Pair[], migrated: ColumnTable, before: ColumnTable | undefined): readonly Pair[] {
  if (before === undefined) return pairs
  const there = new Map<string, ReadonlySet<string>>()
  return pairs.filter(({ migratedRow, hits }) => {
    const columns = [...new Set([...hits.values()].flatMap((each) => [...each]))].sort((left, right) => left - right)
    const names = columns.map((at) => migrated.columns[at]?.attribute)
    const earlier = names.map((name) => before.columns.findIndex((each) => each.attribute === name && each.json.length === 0))
    if (earlier.includes(-1)) return true
    const key = JSON.stringify(earlier)
    const rows = there.get(key) ?? new Set(before.rows.map((row) => JSON.stringify(earlier.map((at) => row[at] ?? null))))
    there.set(key, rows)
    return !rows.has(JSON.stringify(columns.map((at) => migrated.rows[migratedRow]?.[at] ?? null)))
  })
}

function hasValues({ legacy }: BandedTables, { relation, attribute }: AttributePlace): boolean {
  const table = legacy.get(relation)
  const at = table?.columns.findIndex((each) => each.attribute === attribute) ?? -1
  return table?.rows.some((row) => (row[at] ?? null) !== null) ?? false
}

function bandedTables(run: RunObservation, there: State['rows']): BandedTables | undefined {
  if (run.migrated === undefined || run.bands === undefined) return undefined
  const { legacy, migrated } = run
  const plain = new Map<string, ColumnTable | undefined>()
  const named = (path: string) => {
    if (!plain.has(path)) plain.set(path, plainColumnsOf(migrated.catalog, migrated.rows, path))
    return plain.get(path)
  }
  const wide = new Map<string, ColumnTable | undefined>()
  const widened = (path: string) => {
    if (wide.has(path)) return wide.get(path)
    const table = columnsOf(migrated.catalog, migrated.rows, path)
    const joined = table && joinReferenced(table, migrated.catalog, named)
    wide.set(path, joined)
    return joined
  }
  const references = new Set<string>()
  for (const [path, relation] of migrated.catalog.relations) {
    for (const constraint of relation.constraints)
      if (constraint.kind === 'foreign-key') for (const each of constraint.attributes) references.add(`${path}\u0000${each}`)
  }
  for (const [path, kinds] of run.bands) {
    const own = sameRelation(run, path)
    if (own === undefined) continue
    for (const [attribute, kind] of kinds) {
      const name = kind === 'alias' ? ownAttribute(run, path, own, own, attribute) : undefined
      if (name !== undefined) references.add(`${own}\u0000${name}`)
    }
  }
  const keys = new Set(
    [...migrated.catalog.relations].flatMap(([path, relation]) =>
      relation.indexes.filter((index) => index.primary).flatMap((index) => index.attributes.map((each) => `${path}\u0000${each}`)),
    ),
  )
  return {
    legacy: new Map(
      [...legacy.rows.keys()].flatMap((path) => {
        const table = plainColumnsOf(legacy.catalog, legacy.rows, path)
        return table === undefined ? [] : [[path, table] as const]
      }),
    ),
    migrated: widened,
    places: [...migrated.rows.keys()],
    bands: run.bands,
    there: new Map([...there.keys()].map((path) => [path, new Set(plainColumnsOf(legacy.catalog, there, path)?.rows.map(rowText))])),
    // A key that is a foreign key too (a row split in two) does name its own row.
    isReference: (relation, attribute) => references.has(`${relation}\u0000${attribute}`) && !keys.has(`${relation}\u0000${attribute}`),
  }
}

/** By key where no band tells otherwise: keys that were rewritten in place meet the wrong rows. */
function unite(byKey: readonly Pair[], byBand: readonly Pair[]): readonly Pair[] {
  const banded = new Set(byBand.map((pair) => pair.legacyRow))
  return [...byBand, ...byKey.filter((pair) => !banded.has(pair.legacyRow))]
}
