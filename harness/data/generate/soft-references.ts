import type { AttributePlan, GenerationPlan } from '../plan/model.ts'
import type { Randomness } from '../random.ts'
import { jsonAt, withJsonAt } from '../value/json.ts'
import type { Fitter } from './fitter.ts'

/** An attribute that the SQL equates with another. */
export interface SoftLink {
  readonly relation: string
  readonly position: number
  readonly jsonPath: readonly string[] | undefined
  /** Path inside this side's own JSON. */
  readonly ownJsonPath: readonly string[] | undefined
}

/** By relation path and position: what the SQL equates an attribute with, in both directions. */
export class SoftLinks {
  readonly #links = new Map<string, SoftLink[]>()

  /** @param alike  Whether attributes whose values only meet (both sides of a UNION) are linked too: not where each cell has a band. */
  constructor(plan: GenerationPlan, alike: boolean) {
    for (const { from, to } of alike ? [...plan.softReferences, ...plan.meetings] : plan.softReferences) {
      for (const [one, other] of [
        [from, to],
        [to, from],
      ] as const) {
        const position = plan.relations.get(one.relation)?.attributes.findIndex((attribute) => attribute.name === one.attribute) ?? -1
        const target = plan.relations.get(other.relation)?.attributes.findIndex((attribute) => attribute.name === other.attribute) ?? -1
        if (position < 0 || target < 0) continue
        const place = `${one.relation}\u0000${position}`
        const link = { relation: other.relation, position: target, jsonPath: other.jsonPath, ownJsonPath: one.jsonPath }
        this.#links.set(place, [...(this.#links.get(place) ?? []), link])
      }
    }
  }

  of(relation: string, position: number): readonly SoftLink[] {
    return this.#links.size === 0 ? [] : (this.#links.get(`${relation}\u0000${position}`) ?? [])
  }
}

/** The rows so far, to take values from. */
interface Linking {
  readonly plan: GenerationPlan
  readonly fitter: Fitter
  readonly random: Randomness
}

/**
 * A value that some row on the other side of a link holds already; undefined when there is none, or it does not fit.
 *
 * @param own  The cell so far, where the link goes into its JSON.
 */
export function linkedValue(
  { plan, fitter, random }: Linking,
  links: readonly SoftLink[],
  attribute: AttributePlan | undefined,
  own: string | null,
): string | undefined {
  for (const link of random.shuffle(links)) {
    const values = fitter.rowsOf(link.relation).flatMap((row) => {
      const cell = row.cells[link.position] ?? null
      const value = cell === null ? null : link.jsonPath === undefined ? cell : jsonAt(cell, link.jsonPath)
      return value === null ? [] : [value]
    })
    if (values.length === 0) continue
    const value = random.pick(values)
    if (link.ownJsonPath !== undefined) return withJsonAt(own ?? '{}', link.ownJsonPath, value)
    const sameType = attribute?.type === plan.relations.get(link.relation)?.attributes[link.position]?.type && link.jsonPath === undefined
    if (sameType || attribute?.maker.accepts(value) === true) return value
  }
  return undefined
}
