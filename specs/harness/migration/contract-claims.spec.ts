import { expect, test } from 'vitest'
import { contractSchema } from '../../../harness/migration/index.ts'
import { checkContract } from '../../../harness/migration/read-contract.ts'

const claim = { id: 'SB-2', text: 'totals are equal' }

test.each([
  [[{ ...claim, id: 'sb2' }], 'claims[0].id: is not an id such as "SB-2"'],
  [[claim, claim], 'claims[1].id: "SB-2" is declared twice'],
  [[{ ...claim, restsOn: [{ measure: 'stock' }] }], 'claims[0].restsOn[0].measure: no measure of this contract is named "stock"'],
  [
    [{ ...claim, restsOn: [{ invariants: 'zero-loss' }] }],
    'claims[0].restsOn[0]: expected { invariant }, { measure }, { metric }, { spec }, or { benchmark, budget }',
  ],
  [
    [{ ...claim, restsOn: [{ benchmark: 'read' }] }],
    'claims[0].restsOn[0]: expected { invariant }, { measure }, { metric }, { spec }, or { benchmark, budget }',
  ],
  [[{ ...claim, restsOn: [] }], 'claims[0].restsOn: is empty'],
])('a contract whose claims are %j is refused: %s', (claims, message) => {
  expect(() => checkContract({ claims }, 'contract.ts')).toThrow(`"contract.ts": ${message}`)
})

test('a claim may rest on each kind of ground, or on none', () => {
  const measures = [{ name: 'stock', before: 'SELECT 1', after: 'SELECT 1' }]
  const restsOn = [
    { invariant: 'zero-loss' },
    { measure: 'stock' },
    { spec: 'SB-2' },
    { benchmark: 'read', budget: { most: 1.1 } },
    { benchmark: 'report', budget: { least: 10 } },
  ]
  expect(
    contractSchema.safeParse({
      measures,
      claims: [
        { ...claim, restsOn },
        { ...claim, id: 'SB-3' },
      ],
    }).error,
  ).toBeUndefined()
})

test.each([
  [[{}], 'metrics[0]: has no rule: give `min`, `max` or `unchanged`'],
  [[{ min: 2, max: 1 }], 'metrics[0].min: 2 is more than `max`, 1: no number is both'],
  [[{ max: 'after' }], "metrics[0].max: expected a number or 'before'"],
  [[{ max: 1, before: 'SELECT 1' }], "metrics[0].before: is read by no rule: give `unchanged`, or 'before' as `min` or `max`"],
  [[{ max: 1 }, { min: 1 }], 'metrics[1].name: "open" is declared twice'],
])('a contract whose metrics have %j is refused: %s', (metrics, message) => {
  const named = metrics.map((each) => ({ name: 'open', sql: 'SELECT 1', ...each }))
  expect(() => checkContract({ metrics: named }, 'contract.ts')).toThrow(`"contract.ts": ${message}`)
})

test('a claim that rests on a metric needs one of that name', () => {
  const claims = [{ ...claim, restsOn: [{ metric: 'open' }] }]
  const metrics = [{ name: 'open', sql: 'SELECT 1', max: 'before' as const }]
  expect(() => checkContract({ claims }, 'contract.ts')).toThrow('claims[0].restsOn[0].metric: no metric of this contract is named "open"')
  expect(checkContract({ claims, metrics }, 'contract.ts')).toEqual({ claims, metrics })
})
