import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { judgeCheck } from '../../../harness/operations/ready/judge.ts'
import { cleanUpId, digestOfEntry, type Entry, type Observation } from '../../../harness/operations/ready/observations.ts'

const check = { id: 'parity', text: 'All is equal.', sql: 'SELECT 1', digest: 'new' }
const clean = { id: 'parity', wrong: 0, examples: [], seen: '0' }
const now = '2026-03-02T10:00:00.000000Z'

interface Event {
  /** Minutes before now. */
  readonly ago: number
  readonly what: 'clean' | 'wrong' | 'other text' | 'clean-up'
}

/** Observations as they would be in the table, the oldest first. */
function recorded(events: readonly Event[]): readonly Observation[] {
  const last = new Map<string, string>()
  return events
    .toSorted((one, other) => other.ago - one.ago)
    .map(({ ago, what }, index) => {
      const entry: Entry = {
        plan: 'plan',
        checkId: what === 'clean-up' ? cleanUpId : 'parity',
        checkDigest: what === 'other text' ? 'old' : 'new',
        at: new Date(Date.parse(now) - ago * 60_000).toISOString().replace('Z', '000Z'),
        wrong: what === 'wrong' ? 1 : 0,
        examples: what === 'wrong' ? [[['id', String(index)]]] : [],
        seen: what === 'wrong' ? '77' : '0',
      }
      const previous = last.get(entry.checkId) ?? ''
      const digest = digestOfEntry(entry, previous)
      last.set(entry.checkId, digest)
      return { ...entry, number: index + 1, previous, digest }
    })
}

const event: fc.Arbitrary<Event> = fc.record({
  ago: fc.oneof(fc.integer({ min: 0, max: 4 * 1440 }), fc.constantFrom(599, 600, 601, 600 + 1440, 601 + 1440, 600 + 2880, 601 + 2880)),
  what: fc.oneof({ weight: 12, arbitrary: fc.constant('clean' as const) }, fc.constantFrom('wrong', 'other text', 'clean-up')),
})

describe('a check lets the clean-up run', () => {
  test('for any observations exactly where the newest ones are clean, on each of the days before today', () => {
    let ready = 0
    fc.assert(
      fc.property(
        fc.uniqueArray(event, { maxLength: 14, selector: ({ ago }) => ago }),
        fc.integer({ min: 1, max: 3 }),
        (events, cleanDays) => {
          // By minutes and without dates: today began 600 minutes ago.
          const start = Math.min(...events.filter(({ what }) => what === 'other text' || what === 'clean-up').map(({ ago }) => ago), 99_999)
          const counting = events.filter(({ ago }) => ago < start && ago <= 600 + cleanDays * 1440)
          const dayOf = (ago: number) => Math.ceil((ago - 600) / 1440)
          const days = new Set(counting.map(({ ago }) => dayOf(ago)).filter((day) => day >= 1))
          const expected = days.size === cleanDays && counting.every(({ what }) => what === 'clean')
          ready += expected ? 1 : 0
          const { reasons } = judgeCheck(check, clean, { observations: recorded(events), now, cleanDays })
          expect([reasons, reasons.length === 0]).toEqual([reasons, expected])
        },
      ),
      { numRuns: 500 },
    )
    expect(ready).toBeGreaterThan(20)
  })

  test('never while it finds a row now', () => {
    const week = recorded(Array.from({ length: 7 }, (_, day) => ({ ago: 700 + day * 1440, what: 'clean' })))
    expect(judgeCheck(check, clean, { observations: week, now, cleanDays: 7 })).toMatchObject({ cleanDays: 7, reasons: [] })
    const wrong = {
      ...clean,
      wrong: 7,
      examples: Array.from(
        { length: 7 },
        (_, id) =>
          [
            ['id', `i${id}`],
            ['total', null],
          ] as const,
      ),
    }
    expect(judgeCheck(check, wrong, { observations: week, now, cleanDays: 7 }).reasons).toEqual([
      'wrong now: 7 rows: id=i0 total=NULL; id=i1 total=NULL; id=i2 total=NULL; id=i3 total=NULL; id=i4 total=NULL; …',
    ])
  })

  test('not after days that were left out, which are named', () => {
    const some = recorded([8, 6, 5, 2].map((days) => ({ ago: 601 + (days - 1) * 1440, what: 'clean' })))
    expect(judgeCheck(check, clean, { observations: some, now, cleanDays: 7 })).toMatchObject({
      cleanDays: 3,
      reasons: ['not observed on 2026-02-23, 2026-02-26 to 2026-02-27, 2026-03-01 (UTC)'],
    })
  })

  test('not with any one observation edited, whatever of it, or removed from between', () => {
    const week = recorded(Array.from({ length: 7 }, (_, day) => ({ ago: 700 + day * 1440, what: 'clean' })))
    const reasons = (observations: readonly Observation[]) => judgeCheck(check, clean, { observations, now, cleanDays: 2 }).reasons
    const edits: readonly Partial<Observation>[] = [
      { at: '2026-02-25T10:00:00.000000Z' },
      { wrong: 1 },
      { seen: '1' },
      { examples: [[['id', 'x']]] },
      { previous: 'x' },
      { digest: 'x' },
      { plan: 'other' },
    ]
    for (const edit of edits)
      for (const each of week)
        expect([edit, reasons(week.map((one) => (one === each ? { ...one, ...edit } : one))).join()]).toEqual([
          edit,
          expect.stringContaining(`observation ${each.number} (`),
        ])
    for (const removed of week.slice(1, -1)) {
      const [reason] = reasons(week.filter((each) => each !== removed))
      expect(reason).toMatch(
        new RegExp(`^observation ${removed.number + 1} .* does not follow observation ${removed.number - 1}: one between`),
      )
    }
    // The oldest ones may go.
    expect(reasons(week.slice(3))).toEqual([])
  })

  test('not with an observation from the future, or one dated before an older one, though its digest fits', () => {
    const ahead = recorded([
      { ago: 700, what: 'clean' },
      { ago: -5, what: 'clean' },
    ])
    expect(judgeCheck(check, clean, { observations: ahead, now, cleanDays: 1 }).reasons).toEqual([
      `observation 2 (2026-03-02T10:05:00.000000Z) is dated later than the server's clock (${now})`,
    ])
    const [first, second] = recorded([
      { ago: 100, what: 'clean' },
      { ago: 50, what: 'clean' },
    ])
    if (first === undefined || second === undefined) throw new Error('two are expected')
    const back = { ...second, at: '2026-03-01T10:00:00.000000Z' }
    const observations = [first, { ...back, digest: digestOfEntry(back, first.digest) }]
    expect(judgeCheck(check, clean, { observations, now, cleanDays: 1 }).reasons).toEqual([
      'observation 2 (2026-03-01T10:00:00.000000Z) is dated before observation 1 (2026-03-02T08:20:00.000000Z), which was recorded first',
    ])
  })
})
