import { pathOf } from '../postgres/index.ts'
import type { RunObservation } from '../run/index.ts'
import { type Destination, isReversible } from './model.ts'
import type { Subject } from './subject.ts'

/** Where the attributes of the relations that one step writes went, as plain paths: what later steps need to know of it. */
export interface Passage {
  /** Legacy path of an attribute → where the attribute itself stands afterwards, its values kept; null where it does not. */
  readonly own: Readonly<Record<string, string | null>>
  /** Legacy path of an attribute → other attributes that hold its values afterwards. */
  readonly copies: Readonly<Record<string, readonly string[]>>
}

export const noPassage: Passage = { own: {}, copies: {} }

/** @param run  A banded run that passed; undefined where there was none, and then nothing is known to have moved. */
export function passageOf(subject: Subject, run: RunObservation | undefined): Passage {
  const { lineage, written } = subject.knowledge
  if (run?.migrated === undefined || lineage === undefined) return noPassage
  const own: Record<string, string | null> = {}
  const copies: Record<string, readonly string[]> = {}
  const mapped = [...lineage.relations.values()].filter(({ attributes }) =>
    [...attributes.values()].some((each) => each.declared !== undefined),
  )
  for (const relation of new Set([...written, ...mapped.map((each) => each.relation)])) {
    const catalog = subject.legacy.relations.get(relation)
    const learned = lineage.relations.get(relation)
    if (catalog === undefined) continue
    const whole = new Set(learned?.places.filter((place) => place.complete && place.where === undefined).map((place) => place.relation))
    for (const { name } of catalog.attributes) {
      const path = pathOf({ schema: catalog.schema, name: catalog.name }, name)
      const kept = (learned?.attributes.get(name)?.destinations ?? []).filter(
        (each) => isReversible(each.transform) && each.columns.length === 1 && each.columns[0]?.via === undefined && each.assumed !== true,
      )
      const stays = kept.find((each) => each.own)
      if (written.has(relation)) own[path] = stays === undefined ? null : pathOfDestination(run, stays)
      const others = kept.filter((each) => !each.own && whole.has(each.relation) && each.absent === undefined)
      if (others.length > 0) copies[path] = [...new Set(others.map((each) => pathOfDestination(run, each)))]
    }
  }
  return { own, copies }
}

function pathOfDestination(run: RunObservation, destination: Destination): string {
  const relation = run.migrated?.catalog.relations.get(destination.relation)
  const attribute = destination.columns[0]?.attribute ?? ''
  return relation === undefined
    ? `${destination.relation}.${attribute}`
    : pathOf({ schema: relation.schema, name: relation.name }, attribute)
}
