import type { Catalog, Relation } from '../../catalog/index.ts'
import { type Destination, isReversible, type Knowledge, type RelationLineage } from '../../lineage/index.ts'
import { pathOf } from '../../postgres/index.ts'
import type { RunObservation } from '../../run/index.ts'

/** Where a legacy attribute is after `up`. */
export interface Seat {
  readonly relation: string
  readonly attribute: string
}

/** A legacy relation with the one that has taken its place after `up`: itself, or one made anew that holds its rows. */
export interface Heir {
  /** Path of the legacy relation. */
  readonly path: string
  readonly legacy: Relation
  readonly now: Relation
  /** By legacy name; an attribute that is nowhere is not there. */
  readonly attributes: ReadonlyMap<string, Seat>
}

type Run = Pick<RunObservation, 'legacy' | 'migrated'>

/**
 * The heirs of all legacy relations, by legacy path; of a tree of partitions that of the root. A relation without an heir is not there: it was
 * dropped, or its rows went into a relation that was there before and has rules of its own.
 */
export function heirsOf(run: Run, knowledge: Knowledge): ReadonlyMap<string, Heir> {
  const { migrated } = run
  if (migrated === undefined) return new Map()
  const takers = takersOf(run, knowledge)
  return new Map(
    [...run.legacy.catalog.relations].flatMap(([path, legacy]) => {
      if (legacy.partitionOf !== undefined || legacy.persistence === 'temporary') return []
      const now = heirOf(run, migrated.catalog, takers.get(path), path)
      return now === undefined
        ? []
        : [[path, { path, legacy, now, attributes: seatsOf(knowledge, { path, legacy, now }, takers.get(path)) }]]
    }),
  )
}

function heirOf(run: Run, migrated: Catalog, takers: Takers | undefined, path: string): Relation | undefined {
  const legacy = run.legacy.catalog.relations.get(path)
  if (legacy === undefined) return undefined
  const own = [...migrated.relations.values()].find((each) => each.oid === legacy.oid)
  const named = migrated.relations.get(path)
  if (!isTable(legacy)) return own ?? (named?.kind === legacy.kind ? named : undefined)
  const known = new Set([...run.legacy.catalog.relations.values()].map((each) => each.oid))
  const isNew = (relation: Relation | undefined) => relation !== undefined && isTable(relation) && !known.has(relation.oid)
  // Without rows nothing is known of where they go: then the name tells.
  if (isNew(named) && (takers === undefined || takers.rows.has(path))) return named
  if (own !== undefined) return own
  const home = migrated.relations.get(takers?.home ?? '')
  return isNew(home) && takers?.isWhole === true ? home : undefined
}

/** Migrated relations that took rows of a legacy one, one row for each, and those of no other; with the one that took most of its attributes. */
interface Takers {
  readonly home: string | undefined
  /** Whether the home has every row, with its key: else it is another design. */
  readonly isWhole: boolean
  readonly rows: ReadonlySet<string>
}

/** By legacy path; what no row was recaptured of is not there. */
function takersOf(run: Run, knowledge: Knowledge): ReadonlyMap<string, Takers> {
  const lineages = [...(knowledge.lineage?.relations ?? [])].filter(([, { places }]) => places.length > 0)
  const sources = new Map<string, Set<string>>()
  for (const [path, { home, places }] of lineages)
    for (const { relation } of home === undefined ? places : [{ relation: home }, ...places])
      sources.set(relation, (sources.get(relation) ?? new Set()).add(path))
  return new Map(
    lineages.map(([path, lineage]) => {
      const several = attributesIn(lineage)
      const alone = lineage.places.filter(
        ({ relation, cardinality, merges, where }) =>
          cardinality === 'one' && !merges && where === undefined && several.has(relation) && sources.get(relation)?.size === 1,
      )
      const own = run.legacy.catalog.relations.get(path)?.attributes.length === 1 ? [path] : []
      const rows = new Set([...alone.map((each) => each.relation), ...own])
      const home = alone.find((each) => each.relation === lineage.home)
      const key = run.legacy.catalog.relations.get(path)?.indexes.find((each) => each.primary)?.attributes ?? []
      const isThere = (name: string | undefined) =>
        lineage.attributes.get(name ?? '')?.destinations.some((each) => each.relation === lineage.home) === true
      return [path, { home: lineage.home, isWhole: home?.complete === true && key.every(isThere), rows }]
    }),
  )
}

/** Relations that took several attributes. A single one can be a reference, whose values stand in every table that refers to the same. */
function attributesIn({ attributes }: RelationLineage): ReadonlySet<string> {
  const counts = new Map<string, number>()
  for (const { destinations } of attributes.values())
    for (const relation of new Set(destinations.map((each) => each.relation))) counts.set(relation, (counts.get(relation) ?? 0) + 1)
  return new Set([...counts].flatMap(([relation, count]) => (count > 1 ? [relation] : [])))
}

function isTable({ kind }: Relation): boolean {
  return kind === 'table' || kind === 'partitioned-table'
}

function seatsOf(
  knowledge: Knowledge,
  { path, legacy, now }: Omit<Heir, 'attributes'>,
  takers: Takers | undefined,
): ReadonlyMap<string, Seat> {
  const home = pathOf(now)
  const learned = knowledge.lineage?.relations.get(path)
  return new Map(
    legacy.attributes.flatMap(({ name, number }): readonly (readonly [string, Seat])[] => {
      const own = now.attributes.find((each) => (now.oid === legacy.oid ? each.number === number : each.name === name))
      if (own !== undefined) return [[name, { relation: home, attribute: own.name }]]
      const seats = (learned?.attributes.get(name)?.destinations ?? []).flatMap(({ relation, columns: [column, ...others], transform }) =>
        column === undefined || others.length > 0 || takers?.rows.has(relation) !== true || !isPlain(column) || !keepsValue(transform)
          ? []
          : [{ relation, attribute: column.attribute }],
      )
      // What hangs on a column goes with it, though its values stand in another column of the table.
      const here = now.oid === legacy.oid ? undefined : seats.find((each) => each.relation === home)
      const seat = here ?? seats.find((each) => each.relation !== home)
      return seat === undefined ? [] : [[name, seat]]
    }),
  )
}

function isPlain({ json, via }: Destination['columns'][number]): boolean {
  return json.length === 0 && via === undefined
}

function keepsValue(transform: Parameters<typeof isReversible>[0]): boolean {
  return isReversible(transform) && !['part', 'concatenated', 'elements', 'wrapped'].includes(transform.kind)
}
