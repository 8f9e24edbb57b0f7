import type { Randomness } from '../random.ts'

/** Column vectors of which no two in a relation split its rows alike; a vector and its complement are the same split. */
export class Vectors {
  readonly #random: Randomness
  readonly #splits = new Set<string>()

  constructor(random: Randomness) {
    this.#random = random
  }

  /** A value for each of `rows` rows, each value in use where there are rows enough. */
  column(relation: string, rows: number, values: readonly string[]): string[] {
    if (values.length === 1) return Array.from({ length: rows }, () => values[0] ?? '')
    const some = values.length > rows ? this.#random.shuffle(values).slice(0, Math.max(rows, 2)) : values
    return this.#apart(relation, rows, () => {
      const free = Array.from({ length: Math.max(rows - some.length, 0) }, () => this.#random.pick(some))
      return this.#random.shuffle([...some.slice(0, rows), ...free])
    })
  }

  /** Which of `rows` rows are NULL: neither all nor none of them, where there are two. */
  mask(relation: string, rows: number, share: number): boolean[] {
    return this.#apart(relation, rows, () => {
      const nulls = Math.min(Math.max(Math.round(rows * share) + this.#random.between(-2, 2), 1), Math.max(rows - 1, 1))
      return this.#random.shuffle(Array.from({ length: rows }, (_, row) => row < nulls))
    })
  }

  /** Draw until the split is new; a few rows have only so many splits. */
  #apart<Item>(relation: string, rows: number, draw: () => Item[]): Item[] {
    let vector = draw()
    for (let round = 0; round < 60 && rows > 1; round++) {
      const split = `${relation}\u0000${splitOf(vector)}`
      if (!this.#splits.has(split)) {
        this.#splits.add(split)
        return vector
      }
      vector = draw()
    }
    return vector
  }
}

/** How a column splits its rows, whatever the values: numbered by first occurrence, e.g. `0,1,0,2`. */
export function splitOf(vector: readonly unknown[]): string {
  const numbers = new Map<unknown, number>()
  return vector
    .map((value) => {
      const known = numbers.get(value) ?? numbers.size
      numbers.set(value, known)
      return known
    })
    .join(',')
}
