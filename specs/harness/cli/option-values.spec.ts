import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCount, parseDuration } from '../../../harness/cli/option-values.ts'

describe('option values', () => {
  test('any duration is the sum of its parts', () => {
    const small = fc.integer({ min: 1, max: 500 })
    fc.assert(
      fc.property(small, small, small, small, (hours, minutes, seconds, ms) => {
        expect(parseDuration(`${hours}h${minutes}m${seconds}s${ms}ms`)).toBe(((hours * 60 + minutes) * 60 + seconds) * 1_000 + ms)
      }),
    )
  })

  test.each(['', '5', 's', '-5s', '5 s', '5s ', '0s', '5d', '1.5.5s', 'NaNs'])('"%s" is no duration', (text) => {
    expect(() => parseDuration(text)).toThrow(/^It is no/)
  })

  test('any whole number from 1 on is a count, and nothing else', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), (count) => {
        expect(parseCount(String(count))).toBe(count)
      }),
    )
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^\d+$/.test(text))
        expect(() => parseCount(text)).toThrow('It is not a whole number')
      }),
    )
    expect(() => parseCount('9'.repeat(30))).toThrow('It is not a whole number')
  })
})
