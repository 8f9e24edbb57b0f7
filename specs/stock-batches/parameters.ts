import type fc from 'fast-check'

const DEFAULT_SEED = 18_030_425

/** What every property of these specs runs with: one seed for all, `GODWIT_SEED` for another; fast-check prints seed and path. */
export function parameters<Inputs>(numRuns: number): fc.Parameters<Inputs> {
  return { seed: seedOf(process.env.GODWIT_SEED), numRuns, verbose: 1 }
}

function seedOf(text: string | undefined): number {
  if (text === undefined || text === '') return DEFAULT_SEED
  if (/^-?\d+$/.test(text)) return Number(text) | 0
  return [...text].reduce((hash, character) => (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) | 0, 0)
}
