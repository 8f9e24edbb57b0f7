import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mergeResults, resultSchema } from '../../../harness/result/index.ts'
import { exampleResult, verifyResult } from './result-arbitrary.ts'

describe('merged results', () => {
  test('any results in any order and grouping give one and the same result', () => {
    fc.assert(
      fc.property(fc.array(verifyResult, { minLength: 1, maxLength: 5 }), fc.infiniteStream(fc.nat()), (results, keys) => {
        const shuffled = results.map((result) => ({ result, key: keys.next().value })).toSorted((a, b) => a.key - b.key)
        const merged = mergeResults(results)
        const again = mergeResults(shuffled.map(({ result }) => result))
        expect(stable(again)).toEqual(stable(merged))
        expect(merged.migrations).toHaveLength(results.flatMap((result) => result.migrations).length)
        expect(resultSchema.safeParse(JSON.parse(JSON.stringify(merged))).error).toBeUndefined()
      }),
    )
  })

  test('one result stays itself, but for the order', () => {
    const result = exampleResult([{ name: 'a' }, { name: 'b' }])
    expect(mergeResults([result])).toEqual(result)
  })

  test('the gravest verdict counts, warnings add up, and a seed that differs is not made up', () => {
    const [first, second] = [exampleResult([{ name: 'b' }]), exampleResult([{ name: 'a', verdict: 'holds' }])]
    const merged = mergeResults([
      { ...first, verdict: 'unknown', warnings: 2 },
      { ...second, verdict: 'holds', seed: '8', warnings: 1 },
    ])
    expect([merged.verdict, merged.warnings, merged.seed, merged.migrations.map((each) => each.name)]).toEqual([
      'unknown',
      3,
      'one for each migration',
      ['a', 'b'],
    ])
  })
})

/** Without sums of floating-point numbers, and with namesakes in an order of their own. */
function stable({ timings: _timings, durationMs: _ms, ...result }: ReturnType<typeof mergeResults>): unknown {
  const sorted = (values: readonly unknown[]) => values.map((value) => JSON.stringify(value)).toSorted()
  return { ...result, migrations: sorted(result.migrations), sources: sorted(result.sources) }
}
