import type { Knowledge } from '../../lineage/index.ts'
import { ownAttribute, sameRelation } from '../../lineage/index.ts'
import { pathOf } from '../../postgres/index.ts'
import type { RunObservation } from '../../run/index.ts'

/** Where the rows of a legacy relation can be reached after `up`. */
export interface Successor {
  readonly path: string
  /** Legacy attribute → its name there. */
  readonly attributes: ReadonlyMap<string, string>
}

/**
 * What took the place of a legacy relation: first what answers to its name, then the relation itself under another name, then where its
 * rows went. Undefined attributes are not there.
 */
export function successorsOf(run: Pick<RunObservation, 'legacy' | 'migrated'>, knowledge: Knowledge, path: string): readonly Successor[] {
  const legacy = run.legacy.catalog.relations.get(path)
  const migrated = run.migrated?.catalog.relations
  if (legacy === undefined || migrated === undefined) return []
  const own = sameRelation(run, path)
  const home = knowledge.lineage?.relations.get(path)?.home
  const candidates = [path, own, home].filter((each): each is string => each !== undefined && migrated.has(each))
  return [...new Set(candidates)].map((place) => ({
    path: place,
    attributes: new Map(
      legacy.attributes.flatMap(({ name }) => {
        const now = ownAttribute(run, path, own, place, name) ?? named(run, place, name) ?? learned(knowledge, path, place, name)
        return now === undefined ? [] : [[name, now] as const]
      }),
    ),
  }))
}

function named(run: Pick<RunObservation, 'migrated'>, place: string, name: string): string | undefined {
  return run.migrated?.catalog.relations.get(place)?.attributes.find((each) => each.name === name)?.name
}

function learned(knowledge: Knowledge, path: string, place: string, name: string): string | undefined {
  const destinations = knowledge.lineage?.relations.get(path)?.attributes.get(name)?.destinations ?? []
  return destinations.find((each) => each.relation === place && each.columns.length === 1)?.columns[0]?.attribute
}

/** Paths of migrated relations that hold no legacy rows under any name. */
export function newRelations(run: Pick<RunObservation, 'legacy' | 'migrated'>, knowledge: Knowledge): ReadonlySet<string> {
  const taken = new Set(
    [...run.legacy.catalog.relations.keys()].flatMap((path) => successorsOf(run, knowledge, path).map((each) => each.path)),
  )
  return new Set([...(run.migrated?.catalog.relations.values() ?? [])].map((each) => pathOf(each)).filter((path) => !taken.has(path)))
}
