import { isAffine, learnAffine } from './affine.ts'
import type { Transform } from './model.ts'
import { decimalOf, instantOf, isNumeric, isTemporal, numberKey, sameValue, sumKey } from './value.ts'

/** A legacy cell and the migrated cell in which it was recaptured. */
export type Example = readonly [legacy: string, migrated: string]

/** The types on both sides, as `format_type` writes them. */
export interface Types {
  readonly legacy: string
  readonly migrated: string
}

/** The first transform that explains every example; `unknown` when none does. */
export function learnTransform(examples: readonly Example[], types: Types): Transform {
  if (examples.length === 0) return { kind: 'unknown' }
  const simple: readonly Transform[] = [
    { kind: 'identical' },
    { kind: 'same-value' },
    { kind: 'trimmed' },
    { kind: 'case-folded' },
    { kind: 'truncated' },
  ]
  const found = simple.find((transform) => examples.every(([legacy, migrated]) => explains(transform, legacy, migrated, types)))
  if (found !== undefined) return found
  const scaled = learnScale(examples)
  if (scaled !== undefined) return scaled
  if (examples.every(([legacy, migrated]) => explains({ kind: 'encoded' }, legacy, migrated, types))) return { kind: 'encoded' }
  const offset = learnOffset(examples, types)
  if (offset !== undefined) return offset
  const shifted = learnShift(examples)
  if (shifted !== undefined) return shifted
  if (examples.every(([legacy, migrated]) => isRounded(legacy, migrated))) return { kind: 'rounded' }
  const unit = unitExponents.find((each) => examples.every(([legacy, migrated]) => isRoundedInUnit(legacy, migrated, each)))
  if (unit !== undefined && examples.some(([, migrated]) => hasDigits(migrated))) return { kind: 'scaled', exponent: unit }
  const wrapped = learnWrapping(examples)
  if (wrapped !== undefined) return wrapped
  if (examples.every(([legacy, migrated]) => migrated.includes(legacy))) return { kind: 'concatenated' }
  if (
    examples.every(([legacy, migrated]) => migrated.includes(legacy.trim()) || migrated.toLowerCase().includes(legacy.trim().toLowerCase()))
  )
    return { kind: 'unknown' }
  if (examples.every(([legacy, migrated]) => migrated !== '' && legacy.includes(migrated.trim()))) return { kind: 'part' }
  return { kind: 'unknown' }
}

/** The transform of a kind, with what belongs to it (an amount, an exponent), that explains every example; undefined where there is none. */
export function learnAs(
  kind: 'offset' | 'scaled' | 'affine' | 'shifted' | 'wrapped',
  examples: readonly Example[],
  types: Types,
): Transform | undefined {
  if (kind === 'offset') return learnOffset(examples, types)
  if (kind === 'scaled') return learnScale(examples)
  if (kind === 'affine') return learnAffine(examples, types)
  return kind === 'shifted' ? learnShift(examples) : learnWrapping(examples)
}

/** Whether a cell went the way of the transform, so that it can be had back from the migrated cell. */
export function explains(transform: Transform, legacy: string, migrated: string, types: Types): boolean {
  switch (transform.kind) {
    case 'identical':
      return legacy === migrated || (types.legacy !== types.migrated && sameValue(legacy, migrated, types.legacy, types.migrated))
    case 'same-value':
      return sameValue(legacy, migrated, types.legacy, types.migrated)
    case 'trimmed':
      return legacy.trim() === migrated.trim() && migrated.length <= legacy.length
    case 'case-folded':
      return fold(legacy) === fold(migrated)
    case 'truncated':
      return migrated.length > 0 && legacy.startsWith(migrated)
    case 'encoded': {
      const [from, to] = [bytesOf(legacy), bytesOf(migrated)]
      return from?.some((each) => to?.includes(each) ?? false) ?? false
    }
    case 'offset':
      return isNumeric(types.legacy) && isNumeric(types.migrated) && sumKey([legacy, transform.amount]) === numberKey(migrated)
    case 'affine':
      return isAffine(transform, legacy, migrated, types)
    case 'wrapped':
      return migrated === transform.before + legacy + transform.after
    case 'concatenated':
      return holdsText(migrated, legacy)
    case 'part':
      return legacy.includes(migrated)
    case 'scaled':
      return isScaled(legacy, migrated, transform.exponent)
    case 'rounded':
      return isRounded(legacy, migrated)
    case 'shifted': {
      if (legacy === migrated || legacy === 'infinity' || legacy === '-infinity') return migrated.startsWith(legacy)
      const [from, to] = [instantOf(legacy), instantOf(migrated)]
      if (from === undefined || to === undefined) return legacy.endsWith(' BC') || legacy.length > 24
      const seconds = Number((to - from) / 1_000_000n)
      return transform.seconds === undefined ? isZoneOffset(seconds) : seconds === transform.seconds
    }
    default:
      return false
  }
}

/** What became of a cell that its transform does not explain, by name. */
export function alterationOf(legacy: string | null, migrated: string | null, types: Types): string {
  if (legacy === null) return 'null-filled'
  if (migrated === null) return legacy === '' ? 'empty-made-null' : 'nulled'
  if (legacy.trim() === migrated.trim()) return 'trimmed'
  if (fold(legacy) === fold(migrated)) return 'case-folded'
  if (isTemporal(types.legacy) && isTemporal(types.migrated)) {
    const [from, to] = [instantOf(legacy), instantOf(migrated)]
    if (from !== undefined && to !== undefined && from !== to && isZoneOffset(Number((to - from) / 1_000_000n))) return 'zone-shifted'
  }
  if (numberKey(legacy) !== undefined && numberKey(legacy) === numberKey(migrated)) return 'rewritten'
  if (isRounded(legacy, migrated) || isRoundedInOtherUnit(legacy, migrated)) return 'rounded'
  if (isNumeric(types.legacy)) return 'overwritten'
  if (migrated !== '' && (legacy.startsWith(migrated) || isFoldedBeginning(legacy, migrated))) return 'truncated'
  return 'overwritten'
}

/** Whether a text is the beginning of another, letters and blanks at the ends apart: folded and cut is cut. */
function isFoldedBeginning(legacy: string, migrated: string): boolean {
  const beginning = fold(migrated)
  return beginning !== '' && fold(legacy).startsWith(beginning)
}

function fold(text: string): string {
  return text.trim().toLowerCase()
}

/** Fewer decimals (or a coarser instant) and not further away than one unit of the last place that is left. */
export function isRounded(legacy: string, migrated: string): boolean {
  const [from, to] = [numberKey(legacy), numberKey(migrated)]
  if (from !== undefined && to !== undefined) {
    const exponent = Math.min(0, decimalOf(migrated)?.exponent ?? 0)
    const distance = Math.abs(Number(legacy.replace(/[$,]/g, '')) - Number(migrated.replace(/[$,]/g, '')))
    const lost = decimalOf(legacy)
    if (from === to) return true
    return lost !== undefined && lost.exponent < exponent && distance < 10 ** exponent * 1.000001
  }
  const [instant, coarse] = [instantOf(legacy), instantOf(migrated)]
  if (instant === undefined || coarse === undefined) return false
  if (instant === coarse) return true
  const day = 86_400_000_000n
  const unit = [1000n, 1_000_000n, 60_000_000n, 3_600_000_000n, day].find((each) => coarse % each !== 0n || each === day) ?? day
  const distance = instant > coarse ? instant - coarse : coarse - instant
  return distance < unit && coarse % 1000n === 0n && !isZoneOffset(Number(distance / 1_000_000n))
}

/** Powers of ten that units of measure differ by: cents, thousandths, tenths. */
const unitExponents = [2, 3, 1, 6, -2, -3, -1, -6] as const
/** With fewer digits, one number is the rounding of another by chance. */
const fewestDigits = 3

/** Rounded on the way to another unit: `12.3456` became `1235` hundredths. */
function isRoundedInOtherUnit(legacy: string, migrated: string): boolean {
  return hasDigits(migrated) && unitExponents.some((unit) => isRoundedInUnit(legacy, migrated, unit) && !isScaled(legacy, migrated, unit))
}

function hasDigits(number: string): boolean {
  return number.replaceAll(/[^0-9]/g, '').length >= fewestDigits
}

/** Whether one number is the other in a unit that is 10^`unit` times smaller, or the nearest below or above. */
export function isRoundedInUnit(legacy: string, migrated: string, unit: number): boolean {
  const [from, to] = [decimalOf(legacy), decimalOf(migrated)]
  if (from === undefined || to === undefined) return false
  if (isScaled(legacy, migrated, unit)) return true
  const exponent = to.exponent - unit
  const distance = Math.abs(Number(`${from.digits}e${from.exponent}`) - Number(`${to.digits}e${exponent}`))
  return (from.negative === to.negative || to.digits === '0') && from.exponent < exponent && distance < 10 ** exponent * 1.000001
}

function isScaled(legacy: string, migrated: string, exponent: number): boolean {
  const [from, to] = [decimalOf(legacy), decimalOf(migrated)]
  if (from === undefined || to === undefined || from.digits !== to.digits || from.negative !== to.negative) return false
  return from.digits === '0' || to.exponent - from.exponent === exponent
}

function isZoneOffset(seconds: number): boolean {
  return seconds !== 0 && Math.abs(seconds) <= 26 * 3600 && seconds % 900 === 0
}

function learnScale(examples: readonly Example[]): Transform | undefined {
  let exponent: number | undefined
  for (const [legacy, migrated] of examples) {
    const [from, to] = [decimalOf(legacy), decimalOf(migrated)]
    if (from === undefined || to === undefined || from.digits !== to.digits || from.negative !== to.negative) return undefined
    if (from.digits === '0') continue
    exponent ??= to.exponent - from.exponent
    if (to.exponent - from.exponent !== exponent) return undefined
  }
  return exponent === undefined || exponent === 0 ? undefined : { kind: 'scaled', exponent }
}

function learnShift(examples: readonly Example[]): Transform | undefined {
  const seconds = new Set<number>()
  for (const [legacy, migrated] of examples) {
    const [from, to] = [instantOf(legacy), instantOf(migrated)]
    if (from === undefined || to === undefined || legacy.length <= 10 || migrated.length <= 10) return undefined
    const apart = Number((to - from) / 1_000_000n)
    if ((to - from) % 1_000_000n !== 0n || !(apart === 0 || isZoneOffset(apart))) return undefined
    seconds.add(apart)
  }
  if (seconds.size === 0) return undefined
  return { kind: 'shifted', seconds: seconds.size === 1 ? [...seconds][0] : undefined }
}

function learnOffset(examples: readonly Example[], types: Types): Transform | undefined {
  const [first] = examples
  if (
    first === undefined ||
    !isNumeric(types.legacy) ||
    !isNumeric(types.migrated) ||
    numberKey(first[0]) === undefined ||
    numberKey(first[1]) === undefined
  )
    return undefined
  const negated = first[0].startsWith('-') ? first[0].slice(1) : `-${first[0]}`
  const transform = { kind: 'offset', amount: sumKey([first[1], negated]) } as const
  return examples.every(([legacy, migrated]) => explains(transform, legacy, migrated, types)) ? transform : undefined
}

/** What bytes a text may stand for, as hexadecimal digits: of a bytea, of base64, of hexadecimal digits, of itself. */
function bytesOf(text: string): readonly string[] | undefined {
  const found: string[] = []
  const bare = text.startsWith('\\x') ? text.slice(2) : text
  if (/^([0-9a-f]{2})*$/i.test(bare)) found.push(bare.toLowerCase())
  if (/^[A-Za-z0-9+/\s]*={0,2}$/.test(text) && text.replaceAll(/\s/g, '').length % 4 === 0)
    found.push(Buffer.from(text, 'base64').toString('hex'))
  return found.length === 0 ? undefined : found
}

function learnWrapping(examples: readonly Example[]): Transform | undefined {
  const first = examples[0]
  if (first === undefined) return undefined
  const at = first[1].indexOf(first[0])
  if (at < 0) return undefined
  const transform = { kind: 'wrapped', before: first[1].slice(0, at), after: first[1].slice(at + first[0].length) } as const
  return examples.every(([legacy, migrated]) => migrated === transform.before + legacy + transform.after) ? transform : undefined
}

/** Whether a text stands in another, as it is or as JSON writes it. */
export function holdsText(whole: string, part: string): boolean {
  return whole.includes(part) || (/^[[{]/.test(whole) && whole.includes(JSON.stringify(part).slice(1, -1)))
}
