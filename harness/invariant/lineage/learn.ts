import type { Catalog } from '../../catalog/index.ts'
import type { RunObservation } from '../observation.ts'
import { type ColumnTable, columnsOf } from './columns.ts'
import { bandDestinations, vectorDestinations } from './destinations.ts'
import { joinReferenced } from './join.ts'
import { matchKeys } from './match-keys.ts'
import type { AttributeLineage, Destination, Lineage, Place, RelationLineage } from './model.ts'
import { type BandedTables, type Pair, pairRows } from './pair-rows.ts'
import { learnPlace, withAbsence } from './places.ts'
import { rankDestinations } from './rank.ts'
import { followReissuedKey, type PairedPlaces } from './rekey.ts'
import { ownAttribute, sameRelation } from './same.ts'

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

function scoreOf(place: string, attributes: ReadonlyMap<string, AttributeLineage>, own: string | undefined): number {
  // Where the relation itself is still there with its rows, it is at home.
  let score = place === own ? 100 : 0
  for (const { destinations } of attributes.values()) if (destinations.some((each) => each.relation === place)) score += 1
  return score
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
