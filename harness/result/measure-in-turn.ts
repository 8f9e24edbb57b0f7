/** Two ways to do the same, measured side by side. */
export interface Contenders {
  readonly base: () => Promise<unknown>
  readonly contender: () => Promise<unknown>
  /** The base once more, for the control; default `base` itself. */
  readonly again?: (() => Promise<unknown>) | undefined
}

/** What one round took, in milliseconds. */
export interface Round {
  readonly baseMs: number
  readonly contenderMs: number
  readonly againMs: number
}

/**
 * Measure a contender against a base: each round runs the base, the contender, and the base once more, so that what else the machine does falls on
 * all alike. One round more, which warms caches, is left out.
 *
 * @param goesOn  Asked before each round that counts, with those measured so far.
 */
export async function measureInTurn(
  { base, contender, again = base }: Contenders,
  goesOn: (rounds: readonly Round[]) => boolean,
): Promise<readonly Round[]> {
  const round = async (): Promise<Round> => ({ baseMs: await msOf(base), contenderMs: await msOf(contender), againMs: await msOf(again) })
  await round()
  const rounds: Round[] = []
  while (goesOn(rounds)) rounds.push(await round())
  return rounds
}

/** Each contender to the base of its round; and the second base to the first, the control: without noise that is 1. */
export function ratiosOf(rounds: readonly Round[]): { readonly ratios: readonly number[]; readonly control: readonly number[] } {
  return {
    ratios: rounds.map(({ baseMs, contenderMs }) => contenderMs / baseMs),
    control: rounds.map(({ baseMs, againMs }) => againMs / baseMs),
  }
}

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}
