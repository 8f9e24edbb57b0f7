import { verifyShared } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'

const invariants = [
  'applies',
  'zero-loss',
  'quantity-parity',
  'no-orphans',
  'rollback-restores-state',
  'round-trip',
  'determinism',
  'atomicity',
]

describe.each(invariants)('%s', (id) => {
  const judge = async (which: string) => {
    const { result } = await verifyShared(`fixtures/specimens/${id}/${which}`, { runs: 40, failOn: 'warning' })
    const migration = result.migrations[0]
    return {
      verdict: migration?.invariants.find((each) => each.id === id)?.verdict,
      findings: migration?.findings.filter((each) => each.severity !== 'info').map((each) => `${each.invariant}: ${each.message}`),
      disagreements: migration?.disagreements,
    }
  }

  test('holds on the sound specimen, and nothing else is found on it', async () => {
    expect(await judge('sound')).toEqual({ verdict: expect.stringMatching(/^holds$/), findings: [], disagreements: [] })
  })

  test('is violated by the unsound specimen', async () => {
    expect(await judge('unsound')).toEqual({
      verdict: 'violated',
      findings: expect.arrayContaining([expect.stringContaining(`${id}: `)]),
      disagreements: [],
    })
  })
})
