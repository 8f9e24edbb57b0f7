import { decimalOf, instantOf, isNumeric, isTemporal } from './value.ts'

/** Whether a value is one that people have: |n| ≤ 10⁶, dates 1990–2040, texts that fit a page. */
export function isPlausible(cell: string | null, type: string): boolean {
  if (cell === null) return true
  if (isNumeric(type)) {
    const decimal = decimalOf(cell)
    return decimal !== undefined && decimal.digits.length <= 12 && Math.abs(Number(cell.replaceAll(/[$,]/g, ''))) <= 1_000_000
  }
  if (isTemporal(type)) {
    const instant = instantOf(cell)
    return instant !== undefined && instant >= 631_152_000_000_000n && instant < 2_240_611_200_000_000n
  }
  return cell.length <= 400
}
