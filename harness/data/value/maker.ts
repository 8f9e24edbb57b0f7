import type { BandSource } from '../band/band-source.ts'
import type { Randomness } from '../random.ts'

/** What a value is made for: the attribute's own circumstances. */
export interface MakerContext {
  /** The attribute's name, which texts follow. */
  readonly label: string
  /** Texts that suit the name (e-mail addresses, cities, …), where there are such. */
  readonly realistic: readonly string[]
  /** Paths that the migration reads or writes in a JSON attribute. */
  readonly jsonKeys: readonly (readonly string[])[]
  /** Of those paths what is read as a value of a type: texts that it takes, the usual one first, and some that it does not. */
  readonly jsonCasts?: readonly { readonly path: readonly string[]; readonly values: readonly string[] }[]
  /** Of those paths what a generated attribute is computed from: rarely left out. */
  readonly jsonRequired?: readonly (readonly string[])[]
  /** Local times without an instant, or with two, in the zones that the migration names: `2024-03-31 02:30:00`. */
  readonly oddTimes: readonly string[]
}

/** Makes values of one type, in PostgreSQL's input syntax. Every value that it makes is valid input for the type and its modifier. */
export interface Maker {
  /** Whether a band fits into a cell. */
  readonly room: boolean
  /** The value that shrinking ends in. */
  readonly plain: string
  plausible(random: Randomness, context: MakerContext): string
  /** Borders that real rows have: 0, −1, the empty text, blanks around. */
  readonly edges: readonly string[]
  /** Borders that hardly any real row has: the type's minimum and maximum, infinity, years before Christ. */
  readonly extremes: readonly string[]
  /** A value found nowhere else; without room, the empty text. */
  band(source: BandSource, context: MakerContext): string
  /** Other shapes of band, for attributes whose check refuses the usual one. */
  readonly bandShapes?: readonly ((source: BandSource) => string)[]
  /** A band of exactly so many units of the type's length, where that is not characters of a text: bytes. */
  sized?(length: number, source: BandSource): string
  /** For types without room: the values that a column vector is made of. */
  readonly vector: readonly string[]
  /** Equal for two texts exactly when the type holds them equal. */
  key(text: string): string
  /** Whether a text from elsewhere (a literal of the migration) is valid; undefined when only the server can tell. */
  accepts(text: string): boolean | undefined
  /**
   * Values that are almost `text` to a reader and others to the server: another case, a blank more, the same day. Valid for the type, but
   * perhaps not for a check.
   */
  near?(text: string): readonly string[]
  /** One of each kind that `plausible` draws, so that a check is asked about all of them. */
  kinds?(random: Randomness, context: MakerContext): readonly string[]
  /** Which texts of a turn of the clocks the type takes: `2024-10-27 02:30:00`, or that with `+00`. */
  readonly clock?: 'local' | 'instant'
  /** Neighbours on either side, for types with an order and a unit. */
  neighbours?(text: string): readonly string[]
}

export const noContext: MakerContext = { label: '', realistic: [], jsonKeys: [], oddTimes: [] }
