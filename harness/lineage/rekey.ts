import type { Relation } from '../catalog/index.ts'
import type { RunObservation } from '../run/index.ts'
import { type Destination, isReversible, type RelationLineage } from './model.ts'
import type { PairedRun } from './paired-run.ts'
import { explains } from './transform.ts'

/** Paired rows of one legacy relation by migrated relation. */
export type PairedPlaces = ReadonlyMap<string, readonly PairedRun[]>

/**
 * A key issued anew: the legacy key went nowhere, but every row of the home has another value in its place, and all references to the key
 * follow it value by value. The migrated key is its destination then.
 *
 * @returns The lineage of `relation` with that destination, or as it was.
 */
export function followReissuedKey(
  lineage: RelationLineage,
  run: RunObservation,
  paired: ReadonlyMap<string, PairedPlaces>,
  all: ReadonlyMap<string, RelationLineage>,
): RelationLineage {
  const legacy = run.legacy.catalog.relations.get(lineage.relation)
  const key = legacy?.indexes.find((index) => index.primary)?.attributes
  const name = key?.length === 1 ? key[0] : undefined
  const known = name === undefined ? undefined : lineage.attributes.get(name)
  const home = lineage.home === undefined ? undefined : run.migrated?.catalog.relations.get(lineage.home)
  const runs = lineage.home === undefined ? undefined : paired.get(lineage.relation)?.get(lineage.home)
  if (name === undefined || known === undefined || home === undefined || runs === undefined) return lineage
  if (
    known.destinations.some(
      (each) => isReversible(each.transform) && !(each.own && each.transform.kind === 'identical' && !holds(runs, name, each)),
    )
  )
    return lineage
  const issued = home.indexes.find((index) => index.primary)?.attributes
  const column = issued?.length === 1 ? home.attributes.find((each) => each.name === issued[0]) : undefined
  if (column === undefined) return lineage
  const renamed = valuesOf(runs, name, column.name, ownRows(lineage, run, paired))
  if (renamed === undefined || !referencesFollow({ relation: lineage.relation, key: name, renamed }, run, paired, all)) return lineage
  const destination: Destination = {
    relation: lineage.home ?? '',
    columns: [{ attribute: column.name, json: [], type: column.type }],
    transform: { kind: 're-keyed' },
    own: false,
  }
  return { ...lineage, attributes: new Map([...lineage.attributes, [name, { ...known, destinations: [destination] }]]) }
}

/** Whether an own attribute still holds its value in some row: then it was overwritten here and there, not issued anew. */
function holds(runs: readonly PairedRun[], attribute: string, destination: Destination): boolean {
  const target = destination.columns[0]?.attribute
  return runs.some(({ legacy, migrated, pairs }) => {
    const [from, to] = [
      legacy.columns.findIndex((each) => each.attribute === attribute),
      migrated.columns.findIndex((each) => each.attribute === target),
    ]
    const types = { legacy: legacy.columns[from]?.type ?? 'text', migrated: migrated.columns[to]?.type ?? 'text' }
    return pairs.some(({ legacyRow, migratedRow }) => {
      const [before, after] = [legacy.rows[legacyRow]?.[from] ?? null, migrated.rows[migratedRow]?.[to] ?? null]
      return before === after || (before !== null && after !== null && explains(destination.transform, before, after, types))
    })
  })
}

/** Migrated rows of the home, as `run row`, that were another relation's before: their keys were issued for others. */
function ownRows(lineage: RelationLineage, run: RunObservation, paired: ReadonlyMap<string, PairedPlaces>): ReadonlySet<string> {
  const oid = run.migrated?.catalog.relations.get(lineage.home ?? '')?.oid
  const [owner] = [...run.legacy.catalog.relations].find(([, each]) => each.oid === oid) ?? []
  if (owner === undefined || owner === lineage.relation) return new Set()
  const runs = paired.get(owner)?.get(lineage.home ?? '') ?? []
  return new Set(runs.flatMap(({ run: number, pairs }) => pairs.map(({ migratedRow }) => `${number} ${migratedRow}`)))
}

/** Old value → new value over all paired rows; undefined unless it is one to one. */
function valuesOf(
  runs: readonly PairedRun[],
  attribute: string,
  column: string,
  others: ReadonlySet<string>,
): ReadonlyMap<string, string> | undefined {
  const found = new Map<string, string>()
  for (const { run, legacy, migrated, pairs } of runs) {
    const [from, to] = [
      legacy.columns.findIndex((each) => each.attribute === attribute),
      migrated.columns.findIndex((each) => each.attribute === column && each.via === undefined && each.json.length === 0),
    ]
    for (const { legacyRow, migratedRow } of pairs) {
      const [old, fresh] = [legacy.rows[legacyRow]?.[from], migrated.rows[migratedRow]?.[to]]
      if (old === null || old === undefined || fresh === null || fresh === undefined || others.has(`${run} ${migratedRow}`))
        return undefined
      const before = found.get(`${run} ${old}`)
      if (before !== undefined && before !== fresh) return undefined
      found.set(`${run} ${old}`, fresh)
    }
  }
  return found.size === 0 ? undefined : found
}

/** A key of a legacy relation that may have been issued anew. */
interface Reissued {
  readonly relation: string
  readonly key: string
  /** Old value, as `run value` → new value. */
  readonly renamed: ReadonlyMap<string, string>
}

function referencesFollow(
  { relation, key, renamed }: Reissued,
  run: RunObservation,
  paired: ReadonlyMap<string, PairedPlaces>,
  all: ReadonlyMap<string, RelationLineage>,
): boolean {
  return [...run.legacy.catalog.relations].every(([child, catalog]) =>
    referringAttributes(catalog, relation, key).every((attribute) => {
      const lineage = all.get(child)
      const runs = paired.get(child)?.get(lineage?.home ?? '') ?? []
      const columns = runs[0]?.migrated.columns.filter((each) => each.via === undefined && each.json.length === 0) ?? []
      // A child without rows, or one that is gone, says nothing against it.
      if (runs.length === 0) return true
      return columns.some((column) =>
        runs.every(({ run: at, legacy, migrated, pairs }) => {
          const [from, to] = [
            legacy.columns.findIndex((each) => each.attribute === attribute),
            migrated.columns.findIndex((each) => each.attribute === column.attribute),
          ]
          return pairs.every(({ legacyRow, migratedRow }) => {
            const old = legacy.rows[legacyRow]?.[from] ?? null
            return old === null || renamed.get(`${at} ${old}`) === migrated.rows[migratedRow]?.[to]
          })
        }),
      )
    }),
  )
}

function referringAttributes(catalog: Relation, relation: string, key: string): readonly string[] {
  return catalog.constraints.flatMap((each) =>
    each.kind === 'foreign-key' &&
    each.references?.relation === relation &&
    each.attributes.length === 1 &&
    each.references.attributes[0] === key
      ? each.attributes
      : [],
  )
}
