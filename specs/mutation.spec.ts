import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { claimsWithSpecs } from './mutation/claim-specs.ts'
import { type Edit, nameOf } from './mutation/edit.ts'
import { edits } from './mutation/edits.ts'
import { type Tried, tryInLanes } from './mutation/lanes.ts'
import { placesOf, repository } from './mutation/scratch.ts'
import { survivors } from './mutation/survivors.ts'
import type { Trial } from './mutation/try-edits.ts'

const all = process.env.GODWIT_MUTATIONS === 'all'

/** Tests that answer within a few seconds. */
const quick: readonly (string | undefined)[] = [
  'batches follow',
  'have indexes',
  'does not end',
  'leaves no trigger',
  'each role',
  'owns the view',
  'restores owners',
  'views that were made',
  'in one point',
  'restores grants',
  'nobody reads',
  'a view over the items',
  'rows that the application made',
  'a view of the team',
]
const sampleSize = 2

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
    const sample = sampleOf(edits)
    expect(await unexpected([...controlsOf(sample.slice(0, 1)), ...sample], 1)).toEqual([])
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
  const candidates = from.filter(({ test }) => quick.includes(test))
  const [sample = []] = fc.sample(fc.shuffledSubarray(candidates, { minLength: sampleSize, maxLength: sampleSize }), { numRuns: 1, seed })
  return sample
}

/** The tests of these edits, without an edit: what goes red without one proves nothing. */
function controlsOf(from: readonly Edit[]): readonly Trial[] {
  const controls = from.map(({ claim, test }): Trial => (test === undefined ? { claim } : { claim, test }))
  return [...new Map(controls.map((control) => [JSON.stringify(control), control])).values()]
}

/** What does not answer as it must: an edit red, a survivor or a claim without any edit green. */
async function unexpected(trials: readonly Trial[], lanes: number): Promise<readonly string[]> {
  const problems: string[] = []
  const began = performance.now()
  await tryInLanes(trials, lanes, ({ trial, answer }: Tried) => {
    const wanted = 'find' in trial && !('equivalent' in trial) ? 'red' : 'green'
    const name = 'find' in trial ? nameOf(trial) : `${trial.claim} ${trial.test ?? ''} without an edit`
    if (all) process.stdout.write(`${answer.outcome} in ${answer.seconds.toFixed(1)} s: ${name}\n`)
    if (answer.outcome !== wanted) problems.push(`${answer.outcome}, not ${wanted}: ${name} ${answer.because.join('; ')}`)
  })
  process.stdout.write(`${trials.length} trials in ${((performance.now() - began) / 1000).toFixed(0)} s\n`)
  return problems
}
