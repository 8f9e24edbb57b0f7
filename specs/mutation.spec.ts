import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { claimsWithSpecs } from './mutation/claim-specs.ts'
import { type Edit, nameOf } from './mutation/edit.ts'
import { edits } from './mutation/edits.ts'
import { type Tried, tryInLanes } from './mutation/lanes.ts'
import { placesOf, repository } from './mutation/scratch.ts'
import { survivors } from './mutation/survivors.ts'

const all = process.env.GODWIT_MUTATIONS === 'all'

/** Claims of which an edit is tried in a few seconds. */
const quick = ['SB-3', 'SB-9', 'SB-11', 'OLI-6', 'CV-2', 'CV-9', 'TI-4', 'KV-6', 'KV-9']
const sampleSize = 4

describe('mutation of the migrations', () => {
  test('each edit finds its place exactly once, and changes something', () => {
    const wrong = [...edits, ...survivors].filter((edit) => placesOf(edit) !== 1 || edit.find === edit.replace)
    expect(wrong.map((edit) => `${placesOf(edit)} places: ${nameOf(edit)}`)).toEqual([])
  })

  test('there are 120 edits at least, none of them twice, and two of each claim that has a spec', () => {
    expect(new Set(edits.map(nameOf)).size).toBe(edits.length)
    expect(edits.length).toBeGreaterThanOrEqual(120)
    const few = claimsWithSpecs(repository).filter((claim) => edits.filter((edit) => edit.claim === claim).length < 2)
    expect(few).toEqual([])
  })

  test('a survivor says why it is equivalent', () => {
    for (const { equivalent } of survivors) expect(equivalent).toMatch(/^[A-Z].{20,}\.$/)
  })

  test.runIf(!all)('a sample of the edits makes the specs of their claims go red', { timeout: 300_000 }, async () => {
    expect(await unexpected(sampleOf(edits), 1)).toEqual([])
  })

  test.runIf(all)(
    'each edit makes the specs of its claim go red, and each survivor leaves them green',
    { timeout: 4 * 3_600_000 },
    async () => {
      const claims = [...new Set(edits.map(({ claim }) => claim))]
      expect(await unexpected([...claims.map((claim) => ({ claim })), ...edits, ...survivors], 2)).toEqual([])
    },
  )
})

/** Edits of several claims, by the seed of the run. */
function sampleOf(from: readonly Edit[]): readonly Edit[] {
  const seed = fc.readConfigureGlobal().seed ?? 0
  const candidates = from.filter(({ claim, test }) => quick.includes(claim) && test !== undefined)
  const [sample = []] = fc.sample(fc.shuffledSubarray(candidates, { minLength: sampleSize, maxLength: sampleSize }), { numRuns: 1, seed })
  return sample
}

/** What does not answer as it must: an edit red, a survivor or a claim without any edit green. */
async function unexpected(trials: Parameters<typeof tryInLanes>[0], lanes: number): Promise<readonly string[]> {
  const problems: string[] = []
  const began = performance.now()
  await tryInLanes(trials, lanes, ({ trial, answer }: Tried) => {
    const wanted = 'find' in trial && !('equivalent' in trial) ? 'red' : 'green'
    const name = 'find' in trial ? nameOf(trial) : `${trial.claim} without an edit`
    if (all) process.stdout.write(`${answer.outcome} in ${answer.seconds.toFixed(1)} s: ${name}\n`)
    if (answer.outcome !== wanted) problems.push(`${answer.outcome}, not ${wanted}: ${name} ${answer.because.join('; ')}`)
  })
  process.stdout.write(`${trials.length} trials in ${((performance.now() - began) / 1000).toFixed(0)} s\n`)
  return problems
}
