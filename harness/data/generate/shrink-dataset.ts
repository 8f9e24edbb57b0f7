import type { Dataset } from '../dataset.ts'
import type { GenerationPlan } from '../plan/model.ts'
import { castables } from '../value/castable.ts'
import { buildDataset, type Intentions, type MadeDataset } from './build.ts'
import { sizeOf } from './dataset-size.ts'
import type { Restrictions } from './exclusion.ts'
import type { IntendedRow } from './fitted-row.ts'
import { Fitter } from './fitter.ts'
import { linkCircle } from './place-rows.ts'
import { plainerCells, plainest } from './plainer-cells.ts'
import { replaced, withCell } from './replace-rows.ts'
import { type Kept, lineOf, longStrides, skipped, without } from './strides.ts'

/** What makes a data set legal. */
interface Legal {
  readonly plan: GenerationPlan
  readonly restrictions: Restrictions
  /** Relations that are filled. */
  readonly scope: ReadonlySet<string>
}

/**
 * Smaller data sets, each legal: first without rows (from the leaves; halves, then single rows), then with plainer cells (default, NULL,
 * the type's plainest value, an earlier tuple). A child whose parent is gone takes the first that is left, or NULL, or goes too.
 */
export function* shrinkDataset(legal: Legal, dataset: Dataset, intentions: Intentions, options: Kept): Generator<MadeDataset> {
  const { plan, restrictions, scope } = legal
  const size = sizeOf(plan, dataset)
  const whole = refit(legal, intentions)
  const smaller = (candidate: Intentions): MadeDataset | undefined => {
    const made = buildDataset(plan, refit(legal, candidate, whole).fitter, scope)
    const its = sizeOf(plan, made)
    return its.rows < size.rows || (its.rows === size.rows && its.weight < size.weight) ? made : undefined
  }
  for (const candidate of longStrides(plan, intentions, options)) {
    const made = smaller(candidate)
    if (made !== undefined) yield made
  }
  for (const candidate of withoutRows(plan, intentions)) {
    const made = smaller(candidate)
    if (made !== undefined) yield made
  }
  for (const candidate of withPlainerCells(plan, intentions, restrictions, options)) {
    const made = smaller(candidate)
    // Losing a row here would hide which cell mattered.
    if (made !== undefined && sizeOf(plan, made).rows === size.rows) yield made
  }
}

/** A fitter with all rows as they are meant. */
interface Fitted {
  readonly intentions: Intentions
  readonly fitter: Fitter
}

/**
 * Place rows anew. Where they stand depends only on what is meant in their relation and on the rows of its ancestors, so that relations for
 * which both are as in a data set that was placed before are taken from that.
 */
function refit({ plan, restrictions }: Legal, intentions: Intentions, before?: Fitted): Fitted {
  const fitter = new Fitter(plan, restrictions)
  const changed = new Set<string>()
  for (const component of plan.order) {
    const isKept = (path: string) =>
      intentions.get(path) === before?.intentions.get(path) &&
      plan.relations.get(path)?.references.every(({ parent }) => !changed.has(parent)) !== false
    if (before !== undefined && component.every(isKept)) {
      fitter.adopt(component, before.fitter)
      continue
    }
    for (const path of component) {
      changed.add(path)
      const relation = plan.relations.get(path)
      if (relation === undefined) continue
      for (const row of intentions.get(path) ?? []) fitter.place(relation, row)
    }
    linkCircle(plan, fitter, component)
  }
  return { intentions, fitter }
}

function* withoutRows(plan: GenerationPlan, intentions: Intentions): Generator<Intentions> {
  const paths = plan.order.flat().filter((path) => (intentions.get(path)?.length ?? 0) > 0)
  const leavesFirst = [...paths].reverse()
  // Everything but one relation and what it needs is the longest stride there is.
  if (paths.length > 2) {
    const middle = Math.ceil(leavesFirst.length / 2)
    yield without(intentions, leavesFirst.slice(0, middle), () => [])
    for (const path of leavesFirst) yield without(intentions, [...lineOf(plan, paths, path)], () => [])
  }
  for (const path of leavesFirst) yield without(intentions, [path], () => [])
  for (const path of leavesFirst) {
    const count = intentions.get(path)?.length ?? 0
    for (let part = Math.ceil(count / 2); part >= 1; part = part === 1 ? 0 : Math.ceil(part / 2)) {
      if (part === count) continue
      for (let from = 0; from < count; from += part)
        yield without(intentions, [path], (rows) => rows.filter((_, at) => at < from || at >= from + part))
    }
  }
}

function* withPlainerCells(plan: GenerationPlan, intentions: Intentions, restrictions: Restrictions, options: Kept): Generator<Intentions> {
  for (const path of plan.order.flat()) {
    const relation = plan.relations.get(path)
    const rows = intentions.get(path) ?? []
    if (relation === undefined) continue
    // A whole column at once, then cell by cell.
    for (const [position, attribute] of relation.attributes.entries()) {
      if (skipped(relation, position, options) || attribute.serial || rows.length < 2) continue
      for (const plain of plainest(attribute)) yield replaced(intentions, path, rows, (row) => withCell(row, position, plain))
      if (attribute.maker.near === undefined || attribute.pools.checked) continue
      // Texts that differ in case or blanks stay so when all are cut alike.
      for (const cut of cuts) yield replaced(intentions, path, rows, (row) => cutCell(row, position, attribute.maker.accepts, cut))
    }
    for (const [at, row] of rows.entries()) {
      const change = (changed: IntendedRow) => replaced(intentions, path, rows, (other, position) => (position === at ? changed : other))
      for (const [position, attribute] of relation.attributes.entries()) {
        if (skipped(relation, position, options)) continue
        const cell = row.cells[position] ?? null
        const castable = restrictions.castable(path, position)
        const steps = castable === undefined ? [] : [castables[castable].maker.plain, String(at + 1)]
        for (const plainer of [...steps, ...plainerCells(attribute, cell, at)])
          if (plainer !== cell) yield change(withCell(row, position, plainer))
      }
      for (const group of relation.groups) {
        const now = group.tuples.findIndex((tuple) =>
          group.attributes.every((position, index) => (row.cells[position] ?? null) === (tuple[index] ?? null)),
        )
        const earlier =
          now < 0 ? [0] : [...new Set([0, 1, 2, 3, Math.floor(now / 2), now - 1])].filter((index) => index >= 0 && index < now)
        for (const index of earlier) {
          const cells = [...row.cells]
          group.attributes.forEach((position, part) => {
            cells[position] = group.tuples[index]?.[part] ?? null
          })
          yield change({ ...row, cells })
        }
      }
      if (row.ring !== undefined) yield change({ ...row, ring: undefined })
      if (row.dirt !== undefined) yield change({ cells: row.cells, parents: row.parents })
      for (const [position, reference] of relation.references.entries()) {
        const parent = row.parents[position] ?? null
        if (parent === null) continue
        const parents = row.parents.map((other, index) => (index === position ? null : other))
        if (reference.nullable.length > 0) yield change({ ...row, parents })
      }
    }
  }
}

const cuts = [
  (text: string) => text.replace(/\S(.*)\S/su, (all) => [...all][0] ?? ''),
  (text: string) => [...text].slice(0, Math.ceil([...text].length / 2)).join(''),
]

function cutCell(
  row: IntendedRow,
  position: number,
  accepts: (text: string) => boolean | undefined,
  cut: (text: string) => string,
): IntendedRow {
  const cell = row.cells[position] ?? null
  const shorter = cell === null ? null : cut(cell)
  return shorter === null || accepts(shorter) !== true ? row : withCell(row, position, shorter)
}
