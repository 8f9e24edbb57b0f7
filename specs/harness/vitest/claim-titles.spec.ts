import { expect, test } from 'vitest'
import { claimIdsOf } from '../../../harness/vitest/claim-titles.ts'
import { toldBy } from '../../../harness/vitest/spec-outcomes.ts'

test.each([
  ['SB-2: totals', ['SB-2']],
  ['SB-1, SB-2: totals: all of them', ['SB-1', 'SB-2']],
  ['SB-2 is refuted on the plan as written', []],
  ['SB-2 is refuted on the plan as written: negative stock', []],
  ['SB-1, totals: of SB-2', []],
  ['totals', []],
  [': totals', []],
])('"%s" is about %j', (title, ids) => {
  expect(claimIdsOf(title)).toEqual(ids)
})

test('an error is told by its first line; a property by its values, its seed, and the error that it met', () => {
  expect(toldBy({ message: '\u001b[31mexpected 1 to be 2\u001b[39m\nmore' })).toEqual({ message: 'expected 1 to be 2' })
  const message =
    'Property failed after 3 tests\n{ seed: -7, path: "2:1", endOnFailure: true }\nCounterexample: [{"a":1}]\nShrunk 1 time(s)'
  expect(toldBy({ message, cause: { message: 'expected 1 to be 2\n' } })).toEqual({
    message: 'expected 1 to be 2',
    counterexample: '[{"a":1}] (seed -7, path "2:1")',
  })
  expect(toldBy({ message }).message).toBe('Property failed after 3 tests')
})
