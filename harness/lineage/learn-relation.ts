import type { BandKind } from '../data/index.ts'
import type { RunObservation } from '../run/index.ts'
import { composeDestinations } from './compose.ts'
import { type DeclaredMapping, declaredDestinations, withDeclared } from './declared.ts'
import { bandDestinations, columnKey, type Sought, sameNamed, vectorDestinations } from './destinations.ts'
import type { AttributeLineage, Column, Destination, RelationLineage } from './model.ts'
import type { BandedTables } from './pair-rows.ts'
import type { PairedRun } from './paired-run.ts'
import { learnPlace, withAbsence } from './places.ts'
import { rankDestinations } from './rank.ts'
import type { PairedPlaces } from './rekey.ts'
import { ownAttribute, sameRelation } from './same.ts'

/** One legacy relation whose rows were paired with migrated ones. */
export interface PairedRelation {
  readonly relation: string
  readonly runs: PairedPlaces
  /** One of the banded runs, and its tables: what the schemas tell is the same in all of them. */
  readonly run: RunObservation
  readonly tables: BandedTables
  /** The migrated path of a relation that is as it was. */
  readonly kept: string | undefined
  /** What the contract says of its attributes. */
  readonly mappings: readonly DeclaredMapping[]
}

/** Learn where each attribute of one legacy relation goes, and where its rows live. */
export function learnRelation(given: PairedRelation): RelationLineage {
  const { relation, runs, run } = given
  const own = sameRelation(run, relation)
  const columns = columnsOf(given)
  // Where the relation is as it was, its attributes are: other places are searched for copies only.
  const searched = [...runs].filter(([place]) => place !== given.kept)
  const types = new Map(columns.map(({ column }) => [column.attribute, column.type]))
  const composed = composeDestinations(search(given, columns, searched), searched, types)
  const attributes = new Map(
    columns.map(({ column }): readonly [string, AttributeLineage] => {
      const { attribute, type } = column
      const found = composed.get(attribute) ?? []
      const list = [...found, ...(found.some((each) => each.own) ? [] : stillThere(given, attribute, type))]
      const declared = given.mappings
        .filter(({ from }) => from.attribute === attribute)
        .map((mapping) =>
          declaredDestinations(
            mapping,
            column,
            runs,
            list,
            (place, target) => target.via === undefined && target.attribute === ownAttribute(run, relation, own, place, attribute),
          ),
        )
      const destinations = rankDestinations(withDeclared(list, declared.flat()))
      return [attribute, { attribute, destinations, ...(declared.length === 0 ? {} : { declared }) }]
    }),
  )
  const ordered = [...runs]
    .map(([place, paired]) => ({
      place,
      runs: paired,
      legacy: run.legacy.catalog.relations.get(relation),
      migrated: run.migrated?.catalog.relations.get(place),
      score: scoreOf(place, attributes, own),
    }))
    .sort((left, right) => right.score - left.score || (left.place < right.place ? -1 : 1))
  const [home] = ordered
  return {
    relation,
    home: home?.place,
    places: home === undefined ? [] : ordered.map((each) => learnPlace(each, attributes, home)),
    attributes: runs.size < 2 ? attributes : withAbsence(attributes, runs),
  }
}

/** A legacy column, and what its values are in banded rows. */
interface BandedColumn {
  readonly column: Column
  readonly kind: BandKind
}

function columnsOf({ relation, tables }: PairedRelation): readonly BandedColumn[] {
  const columns = tables.legacy.get(relation)?.columns.filter((column) => column.json.length === 0) ?? []
  return columns.map((column) => ({ column, kind: tables.bands.get(relation)?.get(column.attribute) ?? 'vector' }))
}

/** Bands first: a migrated column that one of them explains is nobody else's. */
function search(
  { relation, run }: PairedRelation,
  columns: readonly BandedColumn[],
  places: readonly (readonly [string, readonly PairedRun[]])[],
): ReadonlyMap<string, readonly Destination[]> {
  const own = sameRelation(run, relation)
  const everywhere = (column: Column, look: (sought: Sought) => readonly Destination[]) =>
    places.flatMap(([place, runs]) => look({ column, place, runs, self: ownAttribute(run, relation, own, place, column.attribute) }))
  const destinations = new Map<string, readonly Destination[]>()
  const owned = new Set<string>()
  for (const { column } of columns.filter(({ kind }) => kind === 'band')) {
    const list = everywhere(column, (sought) => {
      const banded = bandDestinations(sought)
      return banded.length > 0 || sought.place === own ? banded : sameNamed(sought)
    })
    for (const each of list)
      if (each.transform.kind === 'identical' || each.transform.kind === 'same-value')
        for (const at of each.columns) owned.add(columnKey(each.relation, at))
    destinations.set(column.attribute, list)
  }
  // A band that a soft reference shares is nobody's own: its column is looked for as a vector then.
  const others = columns.filter(({ column, kind }) => kind !== 'band' || destinations.get(column.attribute)?.length === 0)
  for (const { column, kind } of others)
    destinations.set(
      column.attribute,
      everywhere(column, (sought) => vectorDestinations(sought, kind === 'alias', owned)),
    )
  return destinations
}

/** The attribute itself, where it is there after `up` and its cells were not recaptured in it. */
function stillThere({ relation, run, kept }: PairedRelation, attribute: string, legacyType: string): readonly Destination[] {
  const own = sameRelation(run, relation)
  const self = own === undefined ? undefined : ownAttribute(run, relation, own, own, attribute)
  if (own === undefined || self === undefined) return []
  const type = run.migrated?.catalog.relations.get(own)?.attributes.find((each) => each.name === self)?.type ?? legacyType
  return [
    {
      relation: own,
      columns: [{ attribute: self, json: [], type }],
      transform: { kind: 'identical' },
      own: true,
      ...(kept === undefined ? { assumed: true } : {}),
    },
  ]
}

function scoreOf(place: string, attributes: ReadonlyMap<string, AttributeLineage>, own: string | undefined): number {
  // Where the relation itself is still there with its rows, it is at home.
  let score = place === own ? 100 : 0
  for (const { destinations } of attributes.values()) if (destinations.some((each) => each.relation === place)) score += 1
  return score
}
