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
    'claims[0].restsOn[0]: expected { invariant }, { measure }, { spec }, or { benchmark, budget }',
  ],
  [
    [{ ...claim, restsOn: [{ benchmark: 'read' }] }],
    'claims[0].restsOn[0]: expected { invariant }, { measure }, { spec }, or { benchmark, budget }',
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
