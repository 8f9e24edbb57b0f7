import { decimalOf, instantOf, isNumeric, isTemporal } from './value.ts'

/** `y = y0 + (x − x0) · dy / dx` in whole billionths: exact, so kept as texts of integers. */
export interface Affine {
  readonly kind: 'affine'
  readonly x0: string
  readonly y0: string
  readonly dx: string
  readonly dy: string
}

interface Types {
  readonly legacy: string
  readonly migrated: string
}

/**
 * A number, instant or length of time multiplied and moved by the same everywhere (minutes to an interval, an epoch to a timestamp): exact
 * on every example, of which four must differ. Undefined where there is none.
 */
export function learnAffine(examples: readonly (readonly [legacy: string, migrated: string])[], types: Types): Affine | undefined {
  if (!hasMagnitude(types.legacy) || !hasMagnitude(types.migrated)) return undefined
  const points: (readonly [bigint, bigint])[] = []
  for (const [legacy, migrated] of examples) {
    const [x, y] = [magnitudeOf(legacy, types.legacy), magnitudeOf(migrated, types.migrated)]
    if (x === undefined || y === undefined) return undefined
    points.push([x, y])
  }
  const [first] = points
  const other = points.find(([x]) => x !== first?.[0])
  if (first === undefined || other === undefined || new Set(points.map(([x]) => x)).size < 4) return undefined
  const [x0, y0] = first
  const [dx, dy] = [other[0] - x0, other[1] - y0]
  if (dy === 0n || !points.every(([x, y]) => (y - y0) * dx === (x - x0) * dy)) return undefined
  return { kind: 'affine', x0: `${x0}`, y0: `${y0}`, dx: `${dx}`, dy: `${dy}` }
}

export function isAffine(rule: Affine, legacy: string, migrated: string, types: Types): boolean {
  if (/inf/i.test(legacy)) return legacy.toLowerCase().startsWith('-') === migrated.startsWith('-') && /inf/i.test(migrated)
  const [x, y] = [magnitudeOf(legacy, types.legacy), magnitudeOf(migrated, types.migrated)]
  if (x === undefined || y === undefined) return false
  return (y - BigInt(rule.y0)) * BigInt(rule.dx) === (x - BigInt(rule.x0)) * BigInt(rule.dy)
}

function hasMagnitude(type: string): boolean {
  return isNumeric(type) || isTemporal(type) || type.startsWith('interval')
}

/** In billionths of one, or of a second. */
function magnitudeOf(text: string, type: string): bigint | undefined {
  if (isTemporal(type)) {
    const instant = instantOf(text)
    return instant === undefined ? undefined : instant * 1000n
  }
  if (type.startsWith('interval')) return spanOf(text)
  const decimal = decimalOf(text)
  if (decimal === undefined || decimal.exponent < -9 || decimal.exponent > 40) return undefined
  return BigInt(decimal.digits) * 10n ** BigInt(decimal.exponent + 9) * (decimal.negative ? -1n : 1n)
}

/** An interval of days and hours as PostgreSQL writes it; months have no length. */
function spanOf(text: string): bigint | undefined {
  const match = /^(?:(-?\d+) days?)? ?(?:([-+]?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?$/.exec(text)
  if (match === null || text === '') return undefined
  const time = (BigInt(match[3] ?? 0) * 3600n + BigInt(match[4] ?? 0) * 60n + BigInt(match[5] ?? 0)) * 1_000_000_000n
  const fraction = BigInt((match[6] ?? '').padEnd(9, '0'))
  return BigInt(match[1] ?? 0) * 86_400_000_000_000n + (match[2] === '-' ? -1n : 1n) * (time + fraction)
}
