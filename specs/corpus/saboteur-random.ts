/** Random numbers from a seed, the same ones each time (mulberry32). */
export interface RandomSource {
  /** At least 0, below `limit`. */
  below(limit: number): number
  pick<Item>(items: readonly Item[]): Item | undefined
  shuffle<Item>(items: readonly Item[]): readonly Item[]
}

export function randomSource(seed: number): RandomSource {
  let state = seed >>> 0
  const below = (limit: number) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * limit)
  }
  return {
    below,
    pick: (items) => items[below(items.length)],
    shuffle: (items) =>
      items
        .map((item) => ({ item, at: below(1 << 30) }))
        .sort((a, b) => a.at - b.at)
        .map(({ item }) => item),
  }
}
