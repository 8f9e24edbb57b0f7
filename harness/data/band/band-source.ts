import { Randomness, seedOf } from '../random.ts'

const consonants = 'bdfghjklmnprstvz'
const vowels = 'aeiou'
/** Syllable codes CVCVC: 16·5·16·5·16. */
const words = 102_400
/** Codes CVCV: 16·5·16·5. */
const shortWords = 6_400
const leads = 90_000
/** Whole days from 1950-01-01 to 2049-12-31. */
const days = 36_525
/** How many data sets (seeded variants) may be united before bands could meet. */
const lanes = 4

/**
 * Gives out bands for one data set, each once. Variants of one data set draw from lanes that do not meet, so that they can be united.
 * Past the room of a lane (22,500 numbers, 25,600 words) bands repeat.
 */
export class BandSource {
  readonly random: Randomness
  readonly #counts = { lead: 0, word: 0, shortWord: 0, instant: 0, address: 0 }
  readonly #lane: number
  readonly #shift: number

  constructor(seed: number, variant: number) {
    this.#lane = variant % lanes
    this.#shift = seedOf('band', seed)
    this.random = new Randomness(seedOf('band', seed, variant))
  }

  /** Five digits, the first not zero, found once: 10000 … 99999. */
  lead(): number {
    return 10_000 + this.#spread(this.#counts.lead++, leads, 48_611)
  }

  /** A five-letter word in lower case, found once: `kobar`. */
  word(): string {
    return spell(this.#spread(this.#counts.word++, words, 63_719))
  }

  /** `word` with one capital in front and one inside, so that folding the case shows: `KobAr`. */
  mixedWord(): string {
    const word = this.word()
    const inner = 1 + this.random.below(4)
    return `${word.charAt(0).toUpperCase()}${word.slice(1, inner)}${word.charAt(inner).toUpperCase()}${word.slice(inner + 1)}`
  }

  /** A four-letter word, found once among those of four letters, with one capital: `Koba` or `koBa`. */
  shortWord(): string {
    const word = spell(this.#spread(this.#counts.shortWord++, shortWords, 4_001)).slice(0, 4)
    const inner = this.random.below(4)
    return `${word.slice(0, inner)}${word.charAt(inner).toUpperCase()}${word.slice(inner + 1)}`
  }

  /** A day (whole days since 1950-01-01) and milliseconds inside a quarter of an hour, both found once as long as there is room. */
  instant(): { readonly day: number; readonly quarterMs: number } {
    const count = this.#counts.instant++
    // Whole seconds differ first (900 of them), so that a precision of 0 keeps 900 apart; the fraction tells the next laps apart.
    const slot = this.#spread(count, 900_000, 7_919)
    return { day: this.#spread(count, days, 12_347), quarterMs: (slot % 900) * 1000 + Math.floor(slot / 900) }
  }

  /** A number below 2²⁴, found once: the host part of an address. */
  address(): number {
    return this.#spread(this.#counts.address++, 16_777_216, 2_654_435)
  }

  hex(bytes: number): string {
    let text = ''
    while (text.length < bytes * 2) text += this.random.next().toString(16).padStart(8, '0')
    return text.slice(0, bytes * 2)
  }

  /** The n-th of `size` values in an order that the seed shifts; `step` has no common factor with `size`. */
  #spread(count: number, size: number, step: number): number {
    const lane = Math.floor(size / lanes)
    const position = this.#lane * lane + (count % lane)
    return ((position + (this.#shift % size)) * step) % size
  }
}

function spell(code: number): string {
  let rest = code
  let word = ''
  for (const letters of [consonants, vowels, consonants, vowels, consonants]) {
    word += letters.charAt(rest % letters.length)
    rest = Math.floor(rest / letters.length)
  }
  return word
}
