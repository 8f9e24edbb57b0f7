import type { Catalog, Relation } from '../../catalog/index.ts'
import { pathOf } from '../../postgres/index.ts'
import type { RunObservation } from '../observation.ts'
import { type ColumnTable, columnsOf } from './columns.ts'
import { joinReferenced } from './join.ts'
import { matchKeys } from './match-keys.ts'
import type { AttributeLineage, Column, Destination, Lineage, Place, RelationLineage } from './model.ts'
import { type BandedTables, type Pair, pairRows } from './pair-rows.ts'
import { rankDestinations } from './rank.ts'
import { followReissuedKey, type PairedPlaces } from './rekey.ts'
import { type Example, learnTransform } from './transform.ts'
import { vectorTransform } from './vector.ts'

/** Pairs of one banded run between one legacy and one migrated relation. */
export interface PairedRun {
  /** Which of the banded runs it was. */
  readonly run: number
  readonly legacy: ColumnTable
  readonly migrated: ColumnTable
  readonly pairs: readonly Pair[]
}

/**
 * Learn where each legacy attribute goes, from one or more banded runs of the same migration (inference.md, "Banded regime").
 *
 * @param runs  Banded runs in which `up` succeeded. The rows of both states must be there for every relation that is to be judged.
 */
export function learnLineage(runs: readonly RunObservation[]): Lineage {
  const relations = new Map<string, RelationLineage>()
  const paired = new Map<string, PairedPlaces>()
  const prepared = runs.flatMap((run) => {
    const tables = bandedTables(run)
    return tables === undefined ? [] : [{ run, tables, pairs: pairRows(tables) }]
  })
  const names = new Set(prepared.flatMap(({ tables }) => [...tables.legacy.keys()]))
  for (const relation of names) {
    const places = new Map<string, PairedRun[]>()
    for (const [number, { run, tables, pairs }] of prepared.entries()) {
      const legacy = tables.legacy.get(relation)
      if (legacy === undefined) continue
      const own = sameRelation(run, relation)
      for (const [place, migrated] of tables.migrated) {
        const byBand = pairs.get(relation)?.get(place) ?? []
        const byKey = place === own || byBand.length === 0 ? matchKeys(run, relation, place, legacy, migrated) : []
        const merged = byKey.length > 0 && place === own ? unite(byKey, byBand) : byBand.length > 0 ? byBand : byKey
        if (merged.length > 0) places.set(place, [...(places.get(place) ?? []), { run: number, legacy, migrated, pairs: merged }])
      }
    }
    const first = prepared[0]
    paired.set(relation, places)
    // Where no banded row was, nothing was learned.
    const seen = prepared.some(({ tables }) => (tables.legacy.get(relation)?.rows.length ?? 0) > 0)
    if (first !== undefined && seen) relations.set(relation, learnRelation(relation, places, first.run, first.tables))
  }
  const run = prepared[0]?.run
  if (run === undefined) return { relations }
  return { relations: new Map([...relations].map(([relation, lineage]) => [relation, followReissuedKey(lineage, run, paired, relations)])) }
}

function learnRelation(
  relation: string,
  runs: ReadonlyMap<string, readonly PairedRun[]>,
  run: RunObservation,
  tables: BandedTables,
): RelationLineage {
  const legacy = run.legacy.catalog.relations.get(relation)
  const own = sameRelation(run, relation)
  const attributes = new Map<string, AttributeLineage>()
  const columns = tables.legacy.get(relation)?.columns.filter((column) => column.json.length === 0) ?? []
  const owned = new Set<string>()
  const found = columns.map((column) => ({ column, kind: tables.bands.get(relation)?.get(column.attribute) ?? 'vector' }))
  const destinations = new Map<string, Destination[]>()
  for (const { column } of found.filter(({ kind }) => kind === 'band')) {
    const list = [...runs].flatMap(([place, paired]) =>
      bandDestinations(column, place, paired, ownAttribute(run, relation, own, place, column.attribute)),
    )
    for (const each of list)
      if (each.transform.kind === 'identical' || each.transform.kind === 'same-value')
        for (const at of each.columns) owned.add(`${each.relation}\u0000${at.attribute}\u0000${at.json.join('\u0000')}`)
    destinations.set(column.attribute, list)
  }
  // A band that a soft reference shares is nobody's own: its column is looked for as a vector then.
  const lost = new Set(
    found
      .filter(({ column, kind }) => kind === 'band' && destinations.get(column.attribute)?.length === 0)
      .map(({ column }) => column.attribute),
  )
  for (const { column, kind } of found.filter((each) => each.kind !== 'band' || lost.has(each.column.attribute))) {
    const list = [...runs].flatMap(([place, paired]) => {
      const self = ownAttribute(run, relation, own, place, column.attribute)
      return vectorDestinations(column, place, paired, self, kind === 'alias', owned)
    })
    destinations.set(column.attribute, list)
  }
  for (const { column } of found) {
    const list = destinations.get(column.attribute) ?? []
    const self = own === undefined ? undefined : ownAttribute(run, relation, own, own, column.attribute)
    if (self !== undefined && own !== undefined && !list.some((each) => each.own)) {
      const type = run.migrated?.catalog.relations.get(own)?.attributes.find((each) => each.name === self)?.type ?? column.type
      list.push({
        relation: own,
        columns: [{ attribute: self, json: [], type }],
        transform: { kind: 'identical' },
        own: true,
        assumed: true,
      })
    }
    attributes.set(column.attribute, { attribute: column.attribute, destinations: rankDestinations(list) })
  }
  const ordered = [...runs.keys()]
    .map((place) => ({ place, score: scoreOf(place, attributes, own) }))
    .sort((left, right) => right.score - left.score || (left.place < right.place ? -1 : 1))
  const home = ordered[0]?.place
  const places = ordered.map(
    ({ place }): Place =>
      learnPlace(place, runs.get(place) ?? [], attributes, legacy, home === undefined ? [] : (runs.get(home) ?? []), place === home),
  )
  return { relation, home, places, attributes: withAbsence(attributes, runs) }
}

function bandDestinations(column: Column, place: string, runs: readonly PairedRun[], self: string | undefined): readonly Destination[] {
  const found = new Map<string, { readonly target: Column; readonly examples: Example[]; readonly rows: Set<string> }>()
  const present = new Set<string>()
  runs.forEach(({ legacy, migrated, pairs }, run) => {
    const index = legacy.columns.findIndex((each) => each.attribute === column.attribute && each.json.length === 0)
    for (const { legacyRow, migratedRow, hits } of pairs) {
      const cell = legacy.rows[legacyRow]?.[index]
      if (cell === null || cell === undefined) continue
      present.add(`${run}:${legacyRow}`)
      for (const at of hits.get(index) ?? []) {
        const [target, value] = [migrated.columns[at], migrated.rows[migratedRow]?.[at]]
        if (target === undefined || value === null || value === undefined) continue
        // Documents have other leaves in other runs, so a column is known by its name and not by its position.
        const entry = found.get(nameOf(target)) ?? { target, examples: [], rows: new Set() }
        entry.examples.push([cell, value])
        entry.rows.add(`${run}:${legacyRow}`)
        found.set(nameOf(target), entry)
      }
    }
  })
  const destinations = [...found.values()].flatMap(({ target, examples, rows }): readonly Destination[] => {
    if (rows.size < Math.min(3, present.size) || rows.size < present.size * 0.6) return []
    const transform = learnTransform(examples, { legacy: column.type, migrated: target.type })
    return [
      {
        relation: place,
        columns: [target],
        transform,
        own: self === target.attribute && target.json.length === 0 && target.via === undefined,
      },
    ]
  })
  return joinParts(destinations)
}

/** The text between two legacy cells that were joined into one migrated cell, where it is the same everywhere. */
function _separatorOf(examples: readonly Example[]): string | undefined {
  const joined = new Map<string, string[]>()
  for (const [legacy, migrated] of examples) joined.set(migrated, [...(joined.get(migrated) ?? []), legacy])
  const between = new Set<string>()
  for (const [whole, cells] of joined) {
    const sorted = cells
      .map((cell) => ({ from: whole.indexOf(cell), to: whole.indexOf(cell) + cell.length }))
      .sort((left, right) => left.from - right.from)
    sorted.slice(1).forEach((next, at) => {
      between.add(whole.slice(sorted[at]?.to ?? next.from, next.from))
    })
  }
  const [separator] = between
  return between.size === 1 && separator !== '' ? separator : undefined
}

function nameOf(column: Column): string {
  return JSON.stringify([column.attribute, column.json, column.via?.constraint])
}

/** Several parts of one cell in one relation are one destination: a split. */
function joinParts(destinations: readonly Destination[]): readonly Destination[] {
  const parts = destinations.filter((each) => each.transform.kind === 'part')
  if (parts.length < 2) return destinations
  const first = parts[0]
  if (first === undefined) return destinations
  return [...destinations.filter((each) => each.transform.kind !== 'part'), { ...first, columns: parts.flatMap((each) => each.columns) }]
}

function vectorDestinations(
  column: Column,
  place: string,
  runs: readonly PairedRun[],
  self: string | undefined,
  alias: boolean,
  owned: ReadonlySet<string>,
): readonly Destination[] {
  const migrated = runs[0]?.migrated
  if (migrated === undefined) return []
  return migrated.columns.flatMap((target, at): readonly Destination[] => {
    const own = self === target.attribute && target.json.length === 0 && target.via === undefined
    if (!own && owned.has(`${place}\u0000${target.attribute}\u0000${target.json.join('\u0000')}`)) return []
    const examples = runs.flatMap(({ legacy, migrated: table, pairs }) => {
      const index = legacy.columns.findIndex((each) => each.attribute === column.attribute && each.json.length === 0)
      const position = table.columns.findIndex(
        (each) =>
          each.attribute === target.attribute &&
          each.via?.constraint === target.via?.constraint &&
          each.json.join('\u0000') === target.json.join('\u0000'),
      )
      return pairs.map(
        (pair) =>
          [legacy.rows[pair.legacyRow]?.[index] ?? null, table.rows[pair.migratedRow]?.[position === -1 ? at : position] ?? null] as const,
      )
    })
    const transform = vectorTransform(
      examples,
      { legacy: column.type, migrated: target.type },
      { own, alias, sameName: target.attribute === column.attribute },
    )
    return transform === undefined ? [] : [{ relation: place, columns: [target], transform, own }]
  })
}

function learnPlace(
  place: string,
  runs: readonly PairedRun[],
  attributes: ReadonlyMap<string, AttributeLineage>,
  legacy: Relation | undefined,
  home: readonly PairedRun[],
  isHome: boolean,
): Place {
  const exact = new Map<string, Column>()
  for (const [attribute, { destinations }] of attributes) {
    const found = destinations.find(
      (each) =>
        each.relation === place &&
        each.assumed !== true &&
        (each.transform.kind === 'identical' || each.transform.kind === 'same-value') &&
        each.columns[0]?.via === undefined,
    )
    if (found?.columns[0] !== undefined) exact.set(attribute, found.columns[0])
  }
  const keys = (legacy?.indexes ?? [])
    .filter((index) => index.unique && index.predicate === undefined)
    .sort((left, right) => Number(right.primary) - Number(left.primary))
  const nullable = new Set(legacy?.attributes.filter((each) => !each.notNull).map((each) => each.name))
  const usable = keys
    .map((index) => index.attributes)
    .find((list) => list.every((each) => each !== undefined && exact.has(each) && !nullable.has(each)))
  const identity = (usable ?? []).flatMap((attribute) => {
    const migrated = attribute === undefined ? undefined : exact.get(attribute)
    return attribute === undefined || migrated === undefined ? [] : [{ legacy: attribute, migrated }]
  })
  const counts = runs.flatMap(({ legacy: table, pairs }) => {
    const byLegacy = new Map<number, number>()
    for (const { legacyRow } of pairs) byLegacy.set(legacyRow, (byLegacy.get(legacyRow) ?? 0) + 1)
    return {
      most: Math.max(0, ...byLegacy.values()),
      found: byLegacy.size,
      rows: table.rows.length,
      merges: new Set(pairs.map((pair) => pair.migratedRow)).size < byLegacy.size,
    }
  })
  return {
    relation: place,
    identity,
    cardinality: counts.some(({ most }) => most > 1) ? 'many' : 'one',
    merges: counts.some(({ merges }) => merges),
    complete: counts.every(({ found, rows }) => found === rows),
    where: discriminator(runs),
    // Moved there, not copied: no row of it was seen at home.
    exclusive:
      !isHome &&
      runs.every(({ run, pairs }) =>
        pairs.every(
          ({ legacyRow }) => !(home.find((each) => each.run === run)?.pairs.some((each) => each.legacyRow === legacyRow) ?? false),
        ),
      ),
  }
}

/** A constant by which the rows of this legacy relation are told from others in the same place (`'in'` and `'out'` of two tables united). */
function discriminator(runs: readonly PairedRun[]): Place['where'] {
  const columns = runs[0]?.migrated.columns.filter((each) => each.json.length === 0 && each.via === undefined) ?? []
  for (const column of columns) {
    const values = new Set<string | null>()
    const others = new Set<string | null>()
    for (const { migrated, pairs } of runs) {
      const at = migrated.columns.findIndex((each) => nameOf(each) === nameOf(column))
      const own = new Set(pairs.map((pair) => pair.migratedRow))
      migrated.rows.forEach((row, index) => {
        ;(own.has(index) ? values : others).add(row[at] ?? null)
      })
    }
    const [value] = values
    if (values.size === 1 && others.size > 0 && value !== undefined && !others.has(value)) return { column, value }
  }
  return undefined
}

/** Where the rows with one value, and only those, are missing from a place, to be absent there is as good as the value. */
function withAbsence(
  attributes: ReadonlyMap<string, AttributeLineage>,
  runs: ReadonlyMap<string, readonly PairedRun[]>,
): ReadonlyMap<string, AttributeLineage> {
  return new Map(
    [...attributes].map(([attribute, { destinations }]) => [
      attribute,
      { attribute, destinations: destinations.map((each) => ({ ...each, absent: absentValue(attribute, each, runs) })) },
    ]),
  )
}

function absentValue(attribute: string, destination: Destination, runs: ReadonlyMap<string, readonly PairedRun[]>): Destination['absent'] {
  const here = runs.get(destination.relation) ?? []
  const [inside, outside] = [new Set<string | null>(), new Set<string | null>()]
  let rows = 0
  for (const [place, others] of runs) {
    if (place === destination.relation) continue
    others.forEach(({ run, legacy, pairs }) => {
      const index = legacy.columns.findIndex((each) => each.attribute === attribute && each.json.length === 0)
      const found = new Set((here.find((each) => each.run === run)?.pairs ?? []).map((each) => each.legacyRow))
      for (const { legacyRow } of pairs) {
        const cell = legacy.rows[legacyRow]?.[index] ?? null
        if (found.has(legacyRow)) inside.add(cell)
        else {
          outside.add(cell)
          rows += 1
        }
      }
    })
  }
  for (const { legacy, pairs } of here) {
    const index = legacy.columns.findIndex((each) => each.attribute === attribute && each.json.length === 0)
    for (const { legacyRow } of pairs) inside.add(legacy.rows[legacyRow]?.[index] ?? null)
  }
  const [value] = outside
  return outside.size === 1 && rows >= 3 && value !== undefined && !inside.has(value) ? { value } : undefined
}

function scoreOf(place: string, attributes: ReadonlyMap<string, AttributeLineage>, own: string | undefined): number {
  // Where the relation itself is still there with its rows, it is at home.
  let score = place === own ? 100 : 0
  for (const { destinations } of attributes.values()) if (destinations.some((each) => each.relation === place)) score += 1
  return score
}

/** The migrated path of a legacy relation that is still there: the same OID, else the same name. */
export function sameRelation(run: Pick<RunObservation, 'legacy' | 'migrated'>, path: string): string | undefined {
  const legacy = run.legacy.catalog.relations.get(path)
  const after = run.migrated?.catalog.relations
  if (legacy === undefined || after === undefined) return undefined
  for (const relation of after.values()) if (relation.oid === legacy.oid) return pathOf(relation)
  const named = after.get(path)
  return named !== undefined && named.kind !== 'view' ? path : undefined
}

/** The migrated name of a legacy attribute that is still there: the same number in the same relation, else the same name in one made anew. */
export function ownAttribute(
  run: Pick<RunObservation, 'legacy' | 'migrated'>,
  path: string,
  own: string | undefined,
  place: string,
  attribute: string,
): string | undefined {
  if (own === undefined || place !== own) return undefined
  const legacy = run.legacy.catalog.relations.get(path)
  const migrated = run.migrated?.catalog.relations.get(own)
  const before = legacy?.attributes.find((each) => each.name === attribute)
  if (legacy === undefined || migrated === undefined || before === undefined) return undefined
  if (legacy.oid === migrated.oid) return migrated.attributes.find((each) => each.number === before.number)?.name
  return migrated.attributes.find((each) => each.name === attribute)?.name
}

function bandedTables(run: RunObservation): BandedTables | undefined {
  if (run.migrated === undefined || run.bands === undefined) return undefined
  const { legacy, migrated } = run
  const tables = (catalog: Catalog, rows: typeof legacy.rows) =>
    new Map(
      [...rows.keys()].flatMap((path) => {
        const table = columnsOf(catalog, rows, path)
        return table === undefined ? [] : [[path, table] as const]
      }),
    )
  const after = tables(migrated.catalog, migrated.rows)
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
    legacy: tables(legacy.catalog, legacy.rows),
    migrated: new Map([...after].map(([path, table]) => [path, joinReferenced(table, migrated.catalog, after)])),
    bands: run.bands,
    // A key that is a foreign key too (a row split in two) does name its own row.
    isReference: (relation, attribute) => references.has(`${relation}\u0000${attribute}`) && !keys.has(`${relation}\u0000${attribute}`),
  }
}

/** By key where no band tells otherwise: keys that were rewritten in place meet the wrong rows. */
function unite(byKey: readonly Pair[], byBand: readonly Pair[]): readonly Pair[] {
  const banded = new Set(byBand.map((pair) => pair.legacyRow))
  return [...byBand, ...byKey.filter((pair) => !banded.has(pair.legacyRow))]
}
