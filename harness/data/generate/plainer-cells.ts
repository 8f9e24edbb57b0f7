import type { AttributePlan } from '../plan/model.ts'
import { heft } from './dataset-size.ts'

/** Default, NULL, the type's plainest value, or the plainest that a check leaves. */
export function plainest(attribute: AttributePlan): (string | null)[] {
  const { default: constant, nullable, maker, pools } = attribute
  const values = pools.plausible === undefined ? [maker.plain] : plainestOf([...pools.plausible, ...pools.edges], maker.plain)
  return [...(constant === undefined ? [] : [constant]), ...(nullable ? [null] : []), ...values]
}

/** Values to try in the place of one cell, plainest first. */
export function plainerCells(attribute: AttributePlan, cell: string | null, ordinal: number): (string | null)[] {
  if (attribute.serial) return [String(ordinal + 1)]
  const free = attribute.pools.plausible === undefined
  const steps: (string | null)[] = plainest(attribute)
  if (free && attribute.maker.accepts(String(ordinal + 1)) === true && attribute.maker.neighbours !== undefined)
    steps.push(String(ordinal + 1))
  if (free && cell !== null && /^-?\d+$/.test(cell) && cell.length < 16 && attribute.maker.neighbours !== undefined) {
    steps.push(...closerToZero(Number(cell)).filter((text) => attribute.maker.accepts(text) === true))
  }
  if (free && cell !== null && cell.length > 1 && attribute.maker.accepts('a') === true) {
    const points = [...cell]
    steps.push(
      points.slice(0, Math.ceil(points.length / 2)).join(''),
      points.slice(Math.floor(points.length / 2)).join(''),
      points.slice(1).join(''),
      points.slice(0, -1).join(''),
    )
  }
  return steps
}

/** Whole numbers between a number and zero: half of it, three quarters, and closer; one less only where that is not a walk of thousands. */
function closerToZero(value: number): readonly string[] {
  const shares = [2, 4, 16, 256].map((part) => Math.trunc(value / part)).filter((share) => share !== 0)
  const one = Math.abs(value) <= 16 ? [Math.sign(value)] : []
  return [...new Set([...shares, ...one])].map((share) => String(value - share))
}

function plainestOf(values: readonly string[], plain: string): string[] {
  const weight = (value: string) => (value === plain ? -1 : heft(value))
  return [...new Set(values)].sort((left, right) => weight(left) - weight(right)).slice(0, 3)
}
