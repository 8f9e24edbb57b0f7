import { describe, expect, test } from 'vitest'
import { ofTheClock } from '../../../harness/invariants/zero-loss/of-the-clock.ts'

const clock = { from: Date.parse('2026-11-21T10:00:00Z'), to: Date.parse('2026-11-21T10:00:02Z') }
const [instant, local] = ['timestamp with time zone', 'timestamp without time zone']

describe('a time at which up ran', () => {
  test.each([
    ['2026-11-21 10:00:01.25+00', instant],
    ['2026-11-21 15:30:01+05:30', instant],
    ['2026-11-21 02:00:00-08', 'timestamp(3) with time zone'],
    ['2026-11-21 10:00:01', local],
    ['2026-11-21 15:45:01', local],
  ])('%s (%s) is one', (text, type) => expect(ofTheClock(text, type, clock)).toBe(true))

  test.each([
    ['2026-11-21 11:00:01+00', instant],
    ['2026-11-21 10:00:01+05:30', instant],
    ['2026-11-21 10:07:30', local],
    ['2026-11-22 10:00:01', local],
    ['infinity', instant],
    ['2026-11-21 10:00:01', 'text'],
    [null, instant],
  ])('%s (%s) is none', (text, type) => expect(ofTheClock(text, type, clock)).toBe(false))
})
