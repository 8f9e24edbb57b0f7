import type { GenerationPlan, KeyPlan, ReferencePlan, RelationPlan } from '../plan/model.ts'
import { overlap } from '../value/interval.ts'
import type { Restrictions } from './exclusion.ts'
import { follows, type Link, setNull, setParent, soil } from './fit-cells.ts'
import type { FittedRow, IntendedRow, PlacedRows } from './fitted-row.ts'
import { equalUnder, isExempt, underKey } from './key-text.ts'
import { factsOf, type RelationFacts, type Settled } from './relation-facts.ts'

/** So many combinations of parents are tried for a row; and so many beginnings of one, of which most are seen to lead nowhere. */
const tries = 200
const beginnings = 2_000

/** Places rows one after the other so that every key and reference holds; a row that cannot be placed is refused. */
export class Fitter implements PlacedRows {
  readonly #plan: GenerationPlan
  readonly #restrictions: Restrictions
  readonly #rows = new Map<string, FittedRow[]>()
  readonly #byIntent = new Map<IntendedRow, FittedRow>()
  readonly #used = new Map<KeyPlan, Set<string>>()
  readonly #facts = new Map<string, RelationFacts>()

  constructor(plan: GenerationPlan, restrictions: Restrictions) {
    this.#plan = plan
    this.#restrictions = restrictions
  }

  rowsOf(path: string): readonly FittedRow[] {
    return this.#rows.get(path) ?? []
  }

  /** Place a row whose parents (but those of the same circle) are there; false when nothing legal was found. */
  place(relation: RelationPlan, intended: IntendedRow): boolean {
    if (this.rowsOf(relation.path).length >= this.#restrictions.most(relation.path)) return false
    if (this.#tryPlace(relation, intended, intended.cells)) return true
    // Another row of values may go with the parents that there are.
    for (const group of relation.groups) {
      if (!group.attributes.some((position) => (relation.attributes[position]?.references.length ?? 0) > 0)) continue
      for (const tuple of spread(group.tuples, 16)) {
        const cells = [...intended.cells]
        group.attributes.forEach((position, at) => {
          cells[position] = tuple[at] ?? null
        })
        if (this.#tryPlace(relation, intended, cells)) return true
      }
    }
    return false
  }

  /**
   * Link the late references of a circle, once all its rows are placed.
   *
   * @returns A row that found no parent: the circle has to be placed again without it.
   */
  linkLate(component: readonly string[]): IntendedRow | undefined {
    for (const path of component) {
      const relation = this.#plan.relations.get(path)
      if (relation === undefined || !relation.references.some((reference) => reference.late)) continue
      for (const row of this.rowsOf(path)) if (!this.#linkRow(relation, row)) return row.intended
    }
    return undefined
  }

  /** Let roots that are meant to be in a ring refer to the last of their descendants; without any, to themselves. */
  closeRings(relation: RelationPlan): void {
    const rows = this.rowsOf(relation.path)
    for (const row of rows) {
      const at = row.intended.ring
      const reference = at === undefined ? undefined : relation.references[at]
      if (at === undefined || reference === undefined || row.parents[at] !== null) continue
      const below = rows.filter((other) => other !== row && descends(other, row, at))
      for (const parent of [...below.toReversed(), row]) if (this.#relink(relation, row, at, parent)) break
    }
  }

  /** Another parent for a row that is placed; false, and nothing is changed, where that is not legal. */
  #relink(relation: RelationPlan, row: FittedRow, at: number, parent: FittedRow): boolean {
    const reference = relation.references[at]
    if (reference === undefined) return false
    const fixed = new Set(relation.references.flatMap((other) => (other === reference ? [] : other.attributes)))
    const before = [...row.cells]
    for (const key of this.#factsOf(relation).keys) this.#used.get(key)?.delete(underKey(relation, key, before) ?? '')
    const set = setParent(this.#linkOf(relation, reference), row, parent, fixed)
    const legal = set && this.#legal(relation, row, row.intended.cells, false)
    if (legal) row.parents[at] = parent
    else row.cells.splice(0, before.length, ...before)
    this.#use(relation, row, false)
    return legal
  }

  /** Take over the rows of relations that another fitter placed under the same restrictions; none may be added to them then. */
  adopt(component: readonly string[], from: Fitter): void {
    for (const path of component) {
      const [relation, rows] = [this.#plan.relations.get(path), from.#rows.get(path)]
      if (relation === undefined || rows === undefined) continue
      this.#rows.set(path, rows)
      for (const row of rows) this.#byIntent.set(row.intended, row)
    }
  }

  /** Forget the rows of a circle. */
  clear(component: readonly string[]): void {
    for (const path of component) {
      for (const row of this.rowsOf(path)) this.#byIntent.delete(row.intended)
      this.#rows.delete(path)
      const relation = this.#plan.relations.get(path)
      for (const key of relation === undefined ? [] : this.#factsOf(relation).keys) this.#used.delete(key)
    }
  }

  #factsOf(relation: RelationPlan): RelationFacts {
    const known = this.#facts.get(relation.path)
    if (known !== undefined) return known
    const facts = factsOf(relation, this.#restrictions.keys(relation.path))
    this.#facts.set(relation.path, facts)
    return facts
  }

  /** Whether the cells and keys that later references do not change allow the row. If they do not, no parents for the rest need to be tried. */
  #mayStand(relation: RelationPlan, row: FittedRow, { attributes, keys }: Settled): boolean {
    return (
      row.intended.dirt !== undefined ||
      (attributes.every((position) => this.#allowed(relation, position, row, false)) && this.#free(relation, keys, row, false))
    )
  }

  #tryPlace(relation: RelationPlan, intended: IntendedRow, wanted: readonly (string | null)[]): boolean {
    const row: FittedRow = { intended, cells: [...wanted], parents: relation.references.map(() => null) }
    const { settled } = this.#factsOf(relation)
    let [left, begun] = [tries, beginnings]
    const search = (position: number): boolean => {
      const now = settled[position]
      if (now === undefined || begun-- <= 0 || !this.#mayStand(relation, row, now)) return false
      const reference = relation.references[position]
      if (reference === undefined) {
        soil(relation, row)
        return left-- > 0 && this.#legal(relation, row, wanted, false)
      }
      const { fixed } = now
      if (reference.late) {
        for (const at of reference.nullable) if (!fixed.has(at)) row.cells[at] = null
        return search(position + 1)
      }
      const link = this.#linkOf(relation, reference)
      const before = reference.attributes.map((at) => row.cells[at] ?? null)
      for (const parent of this.#parents(relation, reference, position, row, wanted)) {
        if (left <= 0 || begun <= 0) break
        const set = parent === null ? setNull(reference, row, fixed) : setParent(link, row, parent, fixed)
        if (set) {
          row.parents[position] = parent
          if (search(position + 1)) return true
        }
        reference.attributes.forEach((at, index) => {
          row.cells[at] = before[index] ?? null
        })
      }
      return false
    }
    if (!search(0)) return false
    this.#keep(relation, row)
    return true
  }

  #linkOf(relation: RelationPlan, reference: ReferencePlan): Link {
    return { relation, reference, parentPlan: this.#parentPlan(reference) }
  }

  #parentPlan(reference: ReferencePlan): RelationPlan | undefined {
    return this.#plan.relations.get(reference.parent)
  }

  /** The wished-for parent, then the others, then none; none first where none is meant. */
  *#parents(
    relation: RelationPlan,
    reference: ReferencePlan,
    position: number,
    row: FittedRow,
    wanted: readonly (string | null)[],
  ): Generator<FittedRow | null> {
    const wish = row.intended.parents[position] ?? null
    const mayBeNone = reference.nullable.length > 0
    const noneFirst =
      mayBeNone && (wish === null || reference.attributes.some((at) => relation.attributes[at]?.group !== undefined && wanted[at] === null))
    if (noneFirst) yield null
    const wished = wish === null ? undefined : wish === row.intended ? row : this.#byIntent.get(wish)
    if (wished !== undefined) yield wished
    for (const other of this.rowsOf(reference.parent)) if (other !== wished) yield other
    // The first row of a table that must reference itself can only reference itself.
    if (reference.parent === relation.path && wished !== row) yield row
    if (mayBeNone && !noneFirst) yield null
  }

  #legal(relation: RelationPlan, row: FittedRow, wanted: readonly (string | null)[], late: boolean): boolean {
    if (!relation.attributes.every((_, position) => this.#allowed(relation, position, row, late))) return false
    for (const group of row.intended.dirt === undefined ? relation.groups : [])
      if (!follows(relation, group, row.cells, wanted, (position) => !late && this.#waits(relation, position))) return false
    return this.#free(relation, this.#factsOf(relation).keys, row, late) && this.#spansFree(relation, row, late)
  }

  #allowed(relation: RelationPlan, position: number, row: FittedRow, late: boolean): boolean {
    return (
      this.#restrictions.allows(relation.path, position, row.cells[position] ?? null) ||
      ((relation.attributes[position]?.references.length ?? 0) > 0 && !late && this.#waits(relation, position))
    )
  }

  #spansFree(relation: RelationPlan, row: FittedRow, late: boolean): boolean {
    return relation.spans.every((span) => {
      if (span.equal.some((position) => this.#waits(relation, position)) !== late || isExempt(span, row.cells)) return true
      const mine = span.contents(row.cells)
      if (mine === 'empty') return true
      if (mine === 'illegal') return false
      const group = equalUnder(relation, span, row.cells)
      if (group === undefined) return true
      return this.rowsOf(relation.path).every((other) => {
        if (other === row || isExempt(span, other.cells) || equalUnder(relation, span, other.cells) !== group) return true
        const theirs = span.contents(other.cells)
        return theirs === 'empty' || (mine !== 'unknown' && typeof theirs === 'object' && !overlap(mine, theirs))
      })
    })
  }

  #free(relation: RelationPlan, keys: readonly KeyPlan[], row: FittedRow, late: boolean): boolean {
    const { waiting } = this.#factsOf(relation)
    for (const key of keys) {
      if (waiting.has(key) !== late) continue
      const text = underKey(relation, key, row.cells)
      if (text !== undefined && (key.taken?.has(text) === true || this.#used.get(key)?.has(text) === true)) return false
    }
    return true
  }

  /** Whether the attribute gets its value only when the circle is linked. */
  #waits(relation: RelationPlan, position: number): boolean {
    return this.#factsOf(relation).waits[position] === true
  }

  #keep(relation: RelationPlan, row: FittedRow): void {
    const rows = this.#rows.get(relation.path)
    if (rows === undefined) this.#rows.set(relation.path, [row])
    else rows.push(row)
    this.#byIntent.set(row.intended, row)
    this.#use(relation, row, false)
  }

  #use(relation: RelationPlan, row: FittedRow, late: boolean): void {
    const { keys, waiting } = this.#factsOf(relation)
    for (const key of keys) {
      if (waiting.has(key) !== late) continue
      const text = underKey(relation, key, row.cells)
      if (text === undefined) continue
      const used = this.#used.get(key)
      if (used === undefined) this.#used.set(key, new Set([text]))
      else used.add(text)
    }
  }

  #linkRow(relation: RelationPlan, row: FittedRow): boolean {
    const fixed = new Set(relation.references.flatMap((reference) => (reference.late ? [] : reference.attributes)))
    const search = (position: number): boolean => {
      const reference = relation.references[position]
      if (reference === undefined) return this.#legal(relation, row, row.intended.cells, true)
      if (!reference.late) return search(position + 1)
      const before = reference.attributes.map((at) => row.cells[at] ?? null)
      for (const parent of this.#parents(relation, reference, position, row, row.intended.cells)) {
        const set = parent === null ? setNull(reference, row, fixed) : setParent(this.#linkOf(relation, reference), row, parent, fixed)
        if (set) {
          row.parents[position] = parent
          if (search(position + 1)) return true
        }
        reference.attributes.forEach((at, index) => {
          row.cells[at] = before[index] ?? null
        })
      }
      return false
    }
    if (!search(0)) return false
    this.#use(relation, row, true)
    return true
  }
}

function descends(row: FittedRow, from: FittedRow, at: number): boolean {
  const seen = new Set<FittedRow>()
  for (let next = row.parents[at]; next != null && !seen.has(next); next = next.parents[at]) {
    if (next === from) return true
    seen.add(next)
  }
  return false
}

/** The first few, then ever wider apart. */
function spread<Item>(items: readonly Item[], count: number): readonly Item[] {
  if (items.length <= count) return items
  return Array.from({ length: count }, (_, at) => items[Math.floor((at / count) ** 2 * items.length)] as Item)
}
