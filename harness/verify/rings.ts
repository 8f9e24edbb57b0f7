import type { Lineage, Subject } from '../lineage/index.ts'

/** For each relation whose rows lineage finds by no key: an attribute that arrives unaltered, so that different values in it tell the rows apart. */
export function ringsFor(subject: Subject): ReadonlyMap<string, string> {
  const rings = new Map<string, string>()
  for (const lineage of (subject.knowledge.lineage as Lineage | undefined)?.relations.values() ?? []) {
    const home = lineage.places.find((place) => place.relation === lineage.home)
    if (home === undefined || home.identity.length > 0) continue
    const carried = [...lineage.attributes.values()].find(({ attribute, destinations }) => {
      const type = subject.legacy.relations.get(lineage.relation)?.attributes.find((each) => each.name === attribute)?.type ?? ''
      return (
        /^(text|character varying|uuid|bigint|integer|timestamp)/.test(type) &&
        destinations.some(
          (each) => each.relation === home.relation && each.transform.kind === 'identical' && each.columns[0]?.via === undefined,
        )
      )
    })
    if (carried !== undefined) rings.set(lineage.relation, carried.attribute)
  }
  return rings
}
