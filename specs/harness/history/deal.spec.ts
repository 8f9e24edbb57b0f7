import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { costKey, type DealtStep, dealSteps, type StepsToVerify } from '../../../harness/history/deal.ts'

const step = fc.record({ path: fc.constantFrom('a', 'b'), name: fc.string() })
/** Undefined is a source whose steps only a recording tells. */
const sources = fc.array(fc.tuple(fc.array(step, { maxLength: 6 }), fc.boolean()), { maxLength: 3 })
const projects = fc.array(sources, { maxLength: 3 })
const costs = fc.array(fc.tuple(step, fc.nat()))

function stepsOf(steps: readonly DealtStep[]): StepsToVerify {
  return new Map(steps.map((each, at) => [at, each]))
}

/** For each shard, the steps that it has. */
function dealt(
  all: readonly (readonly (readonly [readonly DealtStep[], boolean])[])[],
  known: readonly (readonly [DealtStep, number])[],
  count: number,
) {
  const given = all.map((each) => each.map(([steps, recorded]) => (recorded ? undefined : stepsOf(steps))))
  return Array.from({ length: count }, (_, at) => {
    const shares = dealSteps({ index: at + 1, count }, new Map(known.map(([each, ms]) => [costKey(each), ms])), given)
    return all.flatMap((each, project) =>
      each.flatMap(([steps], source) =>
        [...(shares[project]?.of(source, stepsOf(steps)) ?? [])].map((index) => `${project} ${source} ${index}`),
      ),
    )
  })
}

describe('a deal', () => {
  test('gives any step to one machine, and each machine says so by itself', () => {
    fc.assert(
      fc.property(projects, costs, fc.integer({ min: 1, max: 5 }), (all, known, count) => {
        const steps = all.flatMap((each, project) =>
          each.flatMap(([own], source) => own.map((_, index) => `${project} ${source} ${index}`)),
        )
        expect(dealt(all, known, count).flat().toSorted()).toEqual(steps.toSorted())
      }),
    )
  })

  test('does not depend on the order in which costs are known', () => {
    fc.assert(
      fc.property(projects, fc.uniqueArray(fc.tuple(step, fc.nat()), { selector: ([each]) => costKey(each) }), (all, known) => {
        expect(dealt(all, known.toReversed(), 3)).toEqual(dealt(all, known, 3))
      }),
    )
  })

  test('leaves no machine more than one step longer than another', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 5 }), (durations, count) => {
        const steps = durations.map((_, at) => ({ path: 'db', name: String(at) }))
        const known = steps.map((each, at) => [each, durations[at] ?? 0] as const)
        const loads = dealt([[[steps, false]]], known, count).map((own) =>
          own.reduce((sum, each) => sum + (durations[Number(each.split(' ')[2])] ?? 0), 0),
        )
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(Math.max(...durations))
      }),
    )
  })

  test('without costs goes round, across the borders of projects', () => {
    const one = (name: string) => [[[{ path: name, name }], false] as const]
    expect(dealt([one('a'), one('b'), one('c'), one('d')], [], 2)).toEqual([
      ['0 0 0', '2 0 0'],
      ['1 0 0', '3 0 0'],
    ])
  })
})
