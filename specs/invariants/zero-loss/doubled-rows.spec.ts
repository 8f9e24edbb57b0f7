import { verifyShared } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'

describe('rows that no key tells apart', () => {
  const found = async (which: string) => {
    const { result } = await verifyShared(`fixtures/specimens/doubled-rows/${which}`, { runs: 20 })
    return result.migrations[0]?.findings
      .filter((each) => each.severity !== 'info' && each.invariant === 'zero-loss')
      .map((each) => [each.kind, each.relation])
  }
  test('are found doubled', async () => {
    expect(await found('unsound')).toEqual([['row-doubled', 'public.visits']])
  })
  test('hold where each is copied once, equal ones too', async () => {
    expect(await found('sound')).toEqual([])
  })
})
