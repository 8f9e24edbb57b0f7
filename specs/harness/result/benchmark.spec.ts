import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fewestRounds, judgeBenchmark, medianInterval } from '../../../harness/result/index.ts'

/** Rounds that lie within a share of a middle. */
const around = (middle: number, share: number, rounds = 9) =>
  fc.array(fc.double({ min: middle * (1 - share), max: middle * (1 + share), noNaN: true }), { minLength: rounds, maxLength: rounds })

const steady = (middle: number) => Array.from({ length: 9 }, (_, at) => middle * (1 + (at - 4) / 1_000))

describe('a benchmark', () => {
  test('is held where its interval keeps the budget, refuted where it misses it by more than equal work differs', () => {
    const of = (ratio: number, budget: { most: number } | { least: number }) =>
      judgeBenchmark(budget, { name: 'b', ratios: steady(ratio), control: steady(1) }).state
    expect([of(1.05, { most: 1.1 }), of(1.3, { most: 1.1 }), of(12, { least: 10 }), of(8, { least: 10 })]).toEqual([
      'held',
      'refuted',
      'held',
      'refuted',
    ])
    expect(of(1.1, { most: 1.1 })).toBe('not-checked')
    expect(of(1.1045, { most: 1.1 })).toBe('not-checked')
  })

  test('says ratio, interval, rounds, budget and the spread of equal work', () => {
    expect(judgeBenchmark({ most: 1.1 }, { name: 'b', ratios: steady(1.3), control: steady(1) }).because).toBe(
      'The ratio misses its budget: 1.3 (1.3 to 1.3) in 9 rounds; budget: at most 1.1; equal work differs by up to 0.3 %.',
    )
  })

  test('is not checked in fewer than six rounds, or where a round gave no ratio', () => {
    const few = { name: 'b', ratios: [9, 9, 9, 9, 9], control: steady(1) }
    expect(judgeBenchmark({ most: 1.1 }, few)).toEqual({
      state: 'not-checked',
      because: 'Too few rounds to tell: 5 of at least 6 (budget: at most 1.1).',
    })
    expect(judgeBenchmark({ most: 1.1 }, { name: 'b', ratios: steady(Number.NaN), control: steady(1) }).state).toBe('not-checked')
  })

  test('noise refutes nothing: where equal work differs by as much, no ratio within it is a miss', () => {
    fc.assert(
      fc.property(around(1, 0.4), fc.double({ min: 0.05, max: 0.4, noNaN: true }), (noise, budget) => {
        // Equal work against itself: the ratios are the noise.
        const { state } = judgeBenchmark({ most: 1 + budget }, { name: 'b', ratios: noise, control: noise })
        expect(state).not.toBe('refuted')
        expect(judgeBenchmark({ least: 1 - budget }, { name: 'b', ratios: noise, control: noise }).state).not.toBe('refuted')
      }),
    )
  })

  test('a miss that is larger than any noise is always refuted, whichever way the budget goes', () => {
    fc.assert(
      fc.property(around(3, 0.1), around(1, 0.1), (ratios, control) => {
        expect(judgeBenchmark({ most: 1.1 }, { name: 'b', ratios, control }).state).toBe('refuted')
        expect(judgeBenchmark({ least: 10 }, { name: 'b', ratios, control }).state).toBe('refuted')
      }),
    )
  })

  test('is refuted wrongly in fewer than one of a hundred measurements of equal work', () => {
    // Each round is the ratio of two independent times, whose noise is as that of a busy machine: mostly small, sometimes large.
    const time = fc.tuple(fc.double({ min: 1, max: 1.2, noNaN: true }), fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 2)).map(([a, b]) => a * b)
    const rounds = fc.array(
      fc.tuple(time, time).map(([a, b]) => a / b),
      { minLength: 9, maxLength: 9 },
    )
    const drawn = fc.sample(fc.tuple(rounds, rounds), { numRuns: 2_000 })
    const wrong = drawn.filter(([ratios, control]) => judgeBenchmark({ most: 1 }, { name: 'b', ratios, control }).state === 'refuted')
    expect(wrong.length).toBeLessThan(20)
  })
})

test('the interval of a median encloses the true one in at least 95 of 100 samples, and is no wider than it must be', () => {
  const count = fc.integer({ min: fewestRounds, max: 40 })
  fc.assert(
    fc.property(count, (rounds) => {
      const interval = medianInterval(Array.from({ length: rounds }, (_, at) => at + 1))
      const rank = interval?.low ?? Number.NaN
      const below = (upTo: number) => {
        let sum = 0
        let choose = 1
        for (let k = 0; k < upTo; k += 1) {
          sum += choose
          choose = (choose * (rounds - k)) / (k + 1)
        }
        return sum / 2 ** rounds
      }
      expect(interval?.high).toBe(rounds + 1 - rank)
      expect(below(rank)).toBeLessThanOrEqual(0.025)
      expect(below(rank + 1)).toBeGreaterThan(0.025)
    }),
  )
})
