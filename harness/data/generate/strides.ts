import type { GenerationPlan, RelationPlan } from '../plan/model.ts'
import type { Intentions } from './build.ts'
import type { IntendedRow } from './fitted-row.ts'
import { plainest } from './plainer-cells.ts'
import { replaced, withCell } from './replace-rows.ts'

/** What rows that are shrunk are to show, as far as that is known. */
export interface Focus {
  /** Few rows of it and of its ancestors are tried first. */
  readonly relation: string
  /** What is in it may decide: all else is made plain at once. */
  readonly attribute?: string | undefined
}

/** What shrinking leaves as it is: the ring, and keys of rows beside others. */
export interface Kept {
  readonly ring?: ReadonlyMap<string, string>
  readonly beside?: boolean
  readonly focus?: Focus | undefined
}

/** A write between `up` and `down` may be to every third row. */
const few = 3

/** Nearly all at once, where there is much: few rows, of the relation that it is about and its ancestors, and as plain as they may be. */
export function* longStrides(plan: GenerationPlan, intentions: Intentions, options: Kept): Generator<Intentions> {
  const paths = plan.order.flat().filter((path) => (intentions.get(path)?.length ?? 0) > 0)
  const most = Math.max(0, ...paths.map((path) => intentions.get(path)?.length ?? 0))
  const focus = options.focus?.relation
  const focused = focus !== undefined && paths.includes(focus)
  const line = focused ? without(intentions, lineOf(plan, paths, focus), () => []) : intentions
  const others = paths.filter((path) => path !== focus)
  // What may refer to nothing does so then.
  const alone = focused && others.length > 0 ? without(intentions, others, () => []) : undefined
  if (most > few) {
    // What is equated with a key of another relation may have to be one: the first rows of it with all that they refer to.
    if (focused && plan.softReferences.length > 0)
      for (let part = 1; part <= few; part++) {
        const near = referredTo(plan, intentions, focus, intentions.get(focus)?.slice(0, part) ?? [])
        yield* plains(plan, near, options, refers(plan))
        yield near
      }
    if (alone !== undefined)
      for (let part = 1; part <= few; part++)
        yield* plains(
          plan,
          without(alone, paths, (rows) => rows.slice(0, part)),
          options,
        )
    for (let part = 1; part <= few; part++)
      yield* plains(
        plan,
        without(line, paths, (rows) => rows.slice(0, part)),
        options,
      )
    for (let part = 1; part <= few; part++) yield without(line, paths, (rows) => rows.slice(0, part))
    // All rows of it, under one ancestor each; and under all of them.
    if (focused) yield without(line, others, (rows) => rows.slice(0, 1))
    if (line !== intentions) yield line
    for (let part = 1; part <= few; part++) if (line !== intentions) yield without(intentions, paths, (rows) => rows.slice(0, part))
    yield without(intentions, paths, (rows) => rows.slice(0, Math.ceil(rows.length / 2)))
    yield without(intentions, paths, (rows) => rows.slice(Math.floor(rows.length / 2)))
  }
  if (alone !== undefined) yield alone
  yield* plains(plan, intentions, options)
  if (focused) yield allPlain(plan, intentions, options, (path) => path === focus)
}

/** Rows of a relation, their ancestors, and for each cell that the SQL equates with another attribute a row that has its value. */
function referredTo(plan: GenerationPlan, intentions: Intentions, path: string, rows: readonly IntendedRow[]): Intentions {
  const kept = new Map<string, Set<IntendedRow>>()
  const open = rows.map((row): readonly [string, IntendedRow] => [path, row])
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [at, row] = next
    const known = kept.get(at) ?? new Set()
    if (known.has(row)) continue
    kept.set(at, known.add(row))
    for (const [index, parent] of row.parents.entries()) {
      const reference = plan.relations.get(at)?.references[index]
      if (parent !== null && reference !== undefined) open.push([reference.parent, parent])
    }
    for (const { from, to } of plan.softReferences) {
      if (from.relation !== at || from.jsonPath !== undefined || to.jsonPath !== undefined) continue
      const [own, other] = [positionOf(plan, from), positionOf(plan, to)]
      const value = row.cells[own] ?? null
      const target = value === null ? undefined : intentions.get(to.relation)?.find(({ cells }) => cells[other] === value)
      if (target !== undefined) open.push([to.relation, target])
    }
  }
  return new Map([...intentions].map(([each, its]) => [each, its.filter((row) => kept.get(each)?.has(row) === true)]))
}

function positionOf(plan: GenerationPlan, { relation, attribute }: { readonly relation: string; readonly attribute: string }): number {
  return plan.relations.get(relation)?.attributes.findIndex(({ name }) => name === attribute) ?? -1
}

/** Everything plain; then all but the attribute that it is about. */
function* plains(plan: GenerationPlan, intentions: Intentions, options: Kept, isSpared: Spared = () => false): Generator<Intentions> {
  yield allPlain(plan, intentions, options, isSpared)
  const { relation, attribute } = options.focus ?? {}
  if (attribute === undefined) return
  yield allPlain(plan, intentions, options, (path, name) => (path === relation && name === attribute) || isSpared(path, name))
}

/** Whether an attribute's cells stay as they are. */
type Spared = (path: string, attribute: string) => boolean

/** What the SQL equates with an attribute of another relation would refer to nothing as the plainest value. */
function refers({ softReferences }: GenerationPlan): Spared {
  return (path, name) => softReferences.some(({ from }) => from.relation === path && from.attribute === name)
}

/** Every cell that is in no key has the plainest value of its attribute; but for those that are spared. */
function allPlain(plan: GenerationPlan, intentions: Intentions, options: Kept, isSpared: Spared): Intentions {
  let changed = intentions
  for (const [path, relation] of plan.relations) {
    const free = relation.attributes.flatMap((attribute, position) => {
      if (isSpared(path, attribute.name)) return []
      const keyed = relation.keys.some((key) => key.attributes.includes(position))
      const plain = keyed || attribute.serial || skipped(relation, position, options) ? undefined : plainest(attribute)[0]
      return plain === undefined ? [] : [{ position, plain }]
    })
    const rows = changed.get(path) ?? []
    if (rows.length === 0 || free.length === 0) continue
    changed = replaced(changed, path, rows, (row) => free.reduce((made, { position, plain }) => withCell(made, position, plain), row))
  }
  return changed
}

/** Intentions with other rows in some relations. */
export function without(
  intentions: Intentions,
  paths: readonly string[],
  keep: (rows: readonly IntendedRow[]) => readonly IntendedRow[],
): Intentions {
  const changed = new Map(intentions)
  for (const path of paths) changed.set(path, keep(changed.get(path) ?? []))
  return changed
}

/** All relations but one and its ancestors. */
export function lineOf(plan: GenerationPlan, paths: readonly string[], path: string): readonly string[] {
  const line = new Set<string>()
  const open = [path]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (line.has(next)) continue
    line.add(next)
    open.push(...(plan.relations.get(next)?.references ?? []).map((reference) => reference.parent))
  }
  return paths.filter((other) => !line.has(other))
}

/** Whether the cells of an attribute stay as they are. */
export function skipped(relation: RelationPlan, position: number, { ring, beside = false }: Kept): boolean {
  const attribute = relation.attributes[position]
  return (
    attribute === undefined ||
    attribute.group !== undefined ||
    attribute.references.length > 0 ||
    attribute.slot !== undefined ||
    (beside && (attribute.serial || relation.keys.some((key) => key.attributes.length === 1 && key.attributes[0] === position))) ||
    ring?.get(relation.path) === attribute.name
  )
}
