import { describe, expect, test } from 'vitest'
import type { Dataset } from '../../../harness/data/index.ts'
import { RunSizes, usualRuns } from '../../../harness/verify/sizes.ts'

const runs = Array.from({ length: usualRuns }, (_, run) => run)
const withRows = (count: number): Dataset => ({
  tables: new Map([
    ['public.t', { relation: 'public.t', attributes: ['id'], rows: Array.from({ length: count }, (_, at) => [String(at)]) }],
  ]),
  unfilled: [],
  extreme: false,
})

describe('how many rows runs have', () => {
  test('one in the first runs, then few or many, each in runs of every way', () => {
    const sizes = new RunSizes(usualRuns)
    const most = runs.map((run) => sizes.of(run).max)
    expect(most.slice(0, 5)).toEqual([1, 1, 1, 1, 1])
    expect(new Set(most.slice(5))).toEqual(new Set([5, 30]))
    // Phases change every four and every five runs.
    for (const every of [4, 5])
      for (let turn = 0; turn < every; turn += 1)
        expect(new Set(runs.filter((run) => run >= 5 && run % every === turn).map((run) => sizes.of(run).max))).toEqual(new Set([5, 30]))
  })

  test('never more than the user asked for', () => {
    const sizes = new RunSizes(usualRuns, 2)
    expect(runs.filter((run) => Math.max(sizes.of(run).max, sizes.alone(run).max, sizes.most) > 2)).toEqual([])
  })

  test('half as many where many fail together, and few at least; a few that fail change nothing', () => {
    const sizes = new RunSizes(usualRuns)
    const left = [30, 3, 12, 30, 8, 6].map((rows) => {
      sizes.failed(withRows(rows))
      return sizes.most
    })
    expect(left).toEqual([15, 15, 6, 6, 5, 5])
  })

  test('without exclusions one row or few', () => {
    const sizes = new RunSizes(usualRuns)
    expect(new Set(runs.slice(5).map((run) => sizes.alone(run).max))).toEqual(new Set([1, 5]))
  })
})
