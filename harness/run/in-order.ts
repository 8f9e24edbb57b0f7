/**
 * Work on items with so many of them under way at a time; results come in the order of the items, so that what is made of them does not
 * depend on which was ready first. Whoever stops early waits for what is under way, and its results are dropped.
 */
export async function* inOrder<Item, Result>(
  items: readonly Item[],
  width: number,
  work: (item: Item, at: number) => Promise<Result>,
): AsyncGenerator<Result, void, void> {
  const underWay: Promise<Result>[] = []
  let next = 0
  const start = () => {
    for (; next < items.length && underWay.length < width; next++) {
      const result = work(items[next] as Item, next)
      // Whoever stops early never asks for this one.
      result.catch(() => undefined)
      underWay.push(result)
    }
  }
  try {
    for (start(); underWay.length > 0; start()) {
      const result = await underWay[0]
      underWay.shift()
      // The next one is made while this one is judged.
      start()
      yield result as Result
    }
  } finally {
    await Promise.allSettled(underWay)
  }
}

/** All results of `inOrder`. */
export async function allInOrder<Item, Result>(
  items: readonly Item[],
  width: number,
  work: (item: Item, at: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for await (const result of inOrder(items, width, work)) results.push(result)
  return results
}
