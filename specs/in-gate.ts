import fc from 'fast-check'

/**
 * So many of the cases of a spec as the gate has time for, drawn by the seed of the run; all of them with `GODWIT_ALL_CASES=1`, which
 * `npm run soak` sets.
 *
 * @param most  For cases that take seconds each and differ in what they try, not in how.
 */
export function inGate<Case>(cases: readonly Case[], most: number): Case[] {
  if (process.env.GODWIT_ALL_CASES === '1' || cases.length <= most) return [...cases]
  const seed = fc.readConfigureGlobal().seed ?? 0
  const [drawn = []] = fc.sample(fc.shuffledSubarray([...cases], { minLength: most, maxLength: most }), { numRuns: 1, seed })
  return cases.filter((each) => drawn.includes(each))
}
