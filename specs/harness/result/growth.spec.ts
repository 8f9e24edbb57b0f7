import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fitGrowth, rowsAt } from '../../../harness/result/growth.ts'
import { measuredGrowth } from '../../../harness/result/growth-measured.ts'
import { growthSentences, type MigrationPass } from '../../../harness/result/index.ts'

const sizes = [10_000, 30_000, 100_000, 300_000, 1_000_000]
const rounds = 3

/** Factors of passes: what a machine that does something else too makes of equal work. */
function noise(share: number) {
  return fc.array(fc.double({ min: 1 - share, max: 1 + share, noNaN: true }), {
    minLength: sizes.length * rounds,
    maxLength: sizes.length * rounds,
  })
}

function passesOf(of: (rows: number) => number, factors: readonly number[]) {
  return factors.map((factor, at) => {
    const rows = sizes[at % sizes.length] ?? 0
    return { rows, durationMs: of(rows) * factor }
  })
}

describe('how a duration grows', () => {
  test('any line is found again, its exponent, and the rows at which a window is missed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 1, max: 100 }), noise(0.03), (a, perThousand, factors) => {
        const of = (rows: number) => a + (perThousand / 1_000) * rows
        const growth = fitGrowth(passesOf(of, factors))
        const windowMs = of(10_000_000)
        const expected = rowsAt(windowMs, (rows) => growth.predict(rows).value) ?? 0
        const least = rowsAt(windowMs, (rows) => growth.predict(rows).high) ?? 0
        expect(expected).toBeGreaterThan(5_000_000)
        expect(expected).toBeLessThan(20_000_000)
        expect(least).toBeLessThanOrEqual(expected)
        expect(growth.power).toBeGreaterThanOrEqual(1)
      }),
    )
  })

  test('any power above 1 is found again, so that growth with the square is not taken for a line', () => {
    fc.assert(
      fc.property(fc.double({ min: 1.1, max: 2.2, noNaN: true }), fc.integer({ min: 0, max: 20 }), noise(0.03), (power, fixed, factors) => {
        const { exponent } = fitGrowth(passesOf((rows) => fixed + 1e-3 * rows ** power, factors))
        expect(exponent.value).toBeCloseTo(power, 1)
        expect(exponent.low).toBeLessThan(exponent.value)
        expect(exponent.high).toBeGreaterThan(exponent.value)
      }),
    )
  })

  test('any growth slower than the rows is taken for a line, which promises no more rows; its exponent is told as it is', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.2, max: 0.8, noNaN: true }), noise(0.03), (power, factors) => {
        const growth = fitGrowth(passesOf((rows) => rows ** power, factors))
        expect(growth.power).toBe(1)
        expect(Math.abs(growth.exponent.value - power)).toBeLessThan(0.1)
        expect(rowsAt(1e8 ** power, (rows) => growth.predict(rows).high)).toBeLessThan(1e8)
      }),
    )
  })

  test('the interval has the next pass about as often as it says', () => {
    const of = {
      line: (rows: number) => 3 + rows / 1000,
      sorting: (rows: number) => (rows * Math.log2(rows)) / 1e4,
      square: (rows: number) => rows ** 2 / 1e7,
    }
    for (const [name, duration] of Object.entries(of)) {
      let inside = 0
      const drawn = fc.sample(fc.tuple(noise(0.1), fc.double({ min: 0.9, max: 1.1, noNaN: true })), { numRuns: 200, seed: 1 })
      for (const [factors, next] of drawn) {
        const { low, high } = fitGrowth(passesOf(duration, factors)).predict(3_000_000)
        const actual = duration(3_000_000) * next
        if (low <= actual && actual <= high) inside += 1
        // One that is as wide as this says nothing.
        expect(high / low, name).toBeLessThan(6)
      }
      expect(inside, name).toBeGreaterThan(180)
    }
  })

  test('a number of rows from which on it takes twice as long is told as a break, and widens what is predicted; equal work has none', () => {
    const factors = Array.from({ length: sizes.length * rounds }, (_, at) => 1 + ((at * 7) % 5) / 200)
    const even = fitGrowth(passesOf((rows) => rows / 1000, factors))
    expect(even.breakAt).toBeUndefined()
    const broken = fitGrowth(passesOf((rows) => (rows / 1000) * (rows >= 1_000_000 ? 2 : 1), factors))
    expect(broken.breakAt?.rows).toBe(1_000_000)
    const width = ({ low, high }: { readonly low: number; readonly high: number }) => high / low
    expect(width(broken.predict(3_000_000))).toBeGreaterThan(2 * width(even.predict(3_000_000)))
  })

  test('is said to reach no window where it does not grow', () => {
    expect(rowsAt(1_000, () => 5)).toBeUndefined()
    expect(rowsAt(1_000, (rows) => rows / 10)).toBe(9_999)
  })
})

describe('what is told of it', () => {
  const pass = (rows: number, round: number): MigrationPass => {
    const factor = 1 + ((rows + round) % 3) / 100
    const [fill, trigger] = [(rows / 1000) * factor, rows ** 2 * 1e-9 * factor]
    return {
      rows,
      durationMs: fill + trigger,
      statements: [
        { file: 'up.sql', line: 1, durationMs: fill, temporaryBytes: rows >= 300_000 ? rows * 20 : 0 },
        { file: 'up.sql', line: 2, durationMs: trigger, temporaryBytes: 7 },
      ],
    }
  }
  const passes = [1, 2, 3].flatMap((round) => sizes.map((rows) => pass(rows, round)))

  test('the statement that grows faster than the whole, and the one that no longer fits into memory, by their lines', () => {
    const measured = measuredGrowth(passes, 60_000)
    expect(measured.statements.map(({ line, exponent }) => [line, Math.round(exponent.value)])).toEqual([
      [2, 2],
      [1, 1],
    ])
    // Line 2 writes temporary files at any number of rows: that is no change.
    expect(measured.spills).toEqual([{ file: 'up.sql', line: 1, rows: 300_000, bytes: 6_000_000 }])
    expect(growthSentences(measured).join('\n')).toMatch(
      /up\.sql:2 grows faster, to the power of 2\.0\d .*\n.*From 300,000 rows on up\.sql:1 does not fit into memory: it writes temporary files \(6\.0 MB there\)/,
    )
  })

  test('no window, none missed', () => {
    expect(measuredGrowth(passes, undefined)).toMatchObject({ windowRows: null, windowRowsAtLeast: null })
  })
})
