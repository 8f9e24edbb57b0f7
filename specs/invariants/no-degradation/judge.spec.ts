import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type DegradationObservation, noDegradation, type StatementTimed } from '../../../harness/invariants/index.ts'
import { rulingOf } from '../../../harness/invariants/no-degradation/ruling.ts'
import type { Knowledge } from '../../../harness/lineage/index.ts'

/** So many rounds about a ratio, no two of them alike. */
const about = (ratio: number, spread = 0.01) => Array.from({ length: 20 }, (_, at) => ratio * (1 + ((at % 5) - 2) * spread))
const measurement = (ratio: number, spread?: number) => ({ name: 's', ratios: about(ratio, spread), control: about(1, spread) })
const scan = (rows: number, pages = 10) => ({ scans: ['Seq Scan on orders'], sequential: [{ relation: 'orders', rows }], pages })
const byIndex = { scans: ['Index Scan using orders_pkey on orders'], sequential: [], pages: 3 }

function timed(more: Partial<StatementTimed> = {}): StatementTimed {
  return {
    name: 'read of public.orders by key',
    given: false,
    relation: 'public.orders',
    sql: 'SELECT id FROM public.orders WHERE id = 1',
    sent: 'plain',
    role: undefined,
    most: 1.25,
    beforeMs: 0.1,
    afterMs: 0.1,
    measured: [measurement(1)],
    plans: { before: byIndex, after: byIndex },
    ...more,
  }
}

function told(...statements: readonly StatementTimed[]): readonly string[] {
  const seen: DegradationObservation = { statements, rows: new Map([['public.orders', 20_000]]), manyRows: 1000, growth: undefined }
  const verdict = noDegradation.judge(seen, { locate: () => undefined } as unknown as Knowledge)
  const found = verdict.outcome === 'violated' ? verdict.findings : []
  return found.flatMap(({ kind, severity, message }) => (severity === 'info' ? [] : [`${severity} ${kind}: ${message}`]))
}

describe('a statement', () => {
  test('is slower only where each measurement shows it', () => {
    expect(rulingOf({ most: 1.25, measured: [measurement(2), measurement(2)] }).state).toBe('refuted')
    expect(rulingOf({ most: 1.25, measured: [measurement(1)] }).state).toBe('held')
    expect(rulingOf({ most: 1.25, measured: [] }).state).toBe('not-checked')
    const differing = rulingOf({ most: 1.25, measured: [measurement(2), measurement(1)] })
    expect(differing).toEqual({ state: 'not-checked', because: expect.stringMatching(/^Too noisy to tell: a second measurement did not/) })
  })

  test('any that is as noisy as its control is not found slower', () => {
    const noise = fc.array(fc.double({ min: 0.2, max: 5, noNaN: true }), { minLength: 6, maxLength: 60 })
    fc.assert(
      fc.property(noise, (ratios) => {
        expect(rulingOf({ most: 1.25, measured: [{ name: 's', ratios, control: ratios }] }).state).not.toBe('refuted')
      }),
    )
  })

  test('of which noise hides the time is told by its plan', () => {
    const noisy = { measured: [measurement(1.3, 0.5)], plans: { before: byIndex, after: scan(20_000) } }
    expect(rulingOf({ most: 1.25, measured: noisy.measured }).state).toBe('not-checked')
    expect(told(timed(noisy))).toEqual(['warning reads-all-rows: The read of orders by key reads all rows of orders after up'])
  })

  test('that reads few rows in sequence, or read them all before, is not', () => {
    expect(told(timed({ plans: { before: byIndex, after: scan(20) } }))).toEqual([])
    expect(told(timed({ plans: { before: scan(20_000), after: scan(20_000) } }))).toEqual([])
  })

  test('that reads twice the pages is told, where these are many', () => {
    expect(told(timed({ plans: { before: scan(20, 150), after: scan(20, 300) } }))).toEqual([
      'warning more-pages: The read of orders by key reads 300 pages after up, and 150 before',
    ])
    expect(told(timed({ plans: { before: scan(20, 15), after: scan(20, 30) } }))).toEqual([])
  })

  test('is told once, and the slowest first', () => {
    const slow = { measured: [measurement(2), measurement(2)], afterMs: 0.2 }
    const slower = { ...slow, name: 'update of public.orders', measured: [measurement(3), measurement(3)], afterMs: 0.3 }
    expect(told(timed(slow), timed({ ...slow, sent: 'prepared' }), timed(slower))).toEqual([
      'error slower: The update of orders takes 3.00 times as long after up: 0.1 ms before, 0.3 ms after (budget: 1.25 times)',
      'error slower: The read of orders by key takes 2.00 times as long after up: 0.1 ms before, 0.2 ms after (budget: 1.25 times)',
    ])
  })
})
