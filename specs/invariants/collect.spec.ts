import { describe, expect, test } from 'vitest'
import { Collector } from '../../harness/invariants/collect.ts'
import type { Verdict } from '../../harness/result/index.ts'
import type { RunObservation } from '../../harness/run/index.ts'
import { run, state } from './build.ts'

const saw = { relations: 0, rows: 0, cells: 0, runs: 0 }
const nothing: Verdict = { outcome: 'not-applicable', because: 'nothing is copied' }
const unknown: Verdict = { outcome: 'unknown', because: 'up fails', saw }

const item = (rows: readonly (readonly string[])[]) => state({ 'public.item': { columns: { id: 'integer' }, rows } })
const failure = { sqlstate: '23514', message: '', index: 0, file: 'up.sql', line: 1, statement: undefined }
const passing = run(item([['1']]), item([['1']]))
const failing = run(item([['0']]), item([]), { failure })
const empty = run(item([]), item([]))

/** What comes of verdicts on runs. */
function summaryOf(...verdicts: readonly (readonly [Verdict, RunObservation])[]): string {
  const collector = new Collector()
  for (const [verdict, observation] of verdicts) collector.add('x', verdict, undefined, observation)
  return collector.summary('x').outcome
}

describe('an invariant that had nothing to see', () => {
  test('on rows that go through does not apply, though up fails on others', () => {
    expect(summaryOf([unknown, failing], [nothing, passing])).toBe('not-applicable')
    expect(summaryOf([nothing, passing], [unknown, failing])).toBe('not-applicable')
  })

  test('without rows is unknown where up fails on all', () => {
    expect(summaryOf([nothing, empty], [unknown, failing])).toBe('unknown')
  })

  test('is unknown where other rows that go through leave it open', () => {
    expect(summaryOf([nothing, passing], [{ ...unknown, because: 'no row has a reference' }, passing])).toBe('unknown')
  })
})
