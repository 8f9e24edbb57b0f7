import { describe, expect, test } from 'vitest'
import { zeroLoss } from '../../../harness/invariants/index.ts'
import type { RunObservation, State } from '../../../harness/run/index.ts'
import { banded, id, knowing, run, state, twelve, word } from '../build.ts'

const columns = { id: 'integer', name: 'text', done: 'boolean', note: 'text' }
const bands = { 'public.task': { id: 'band', name: 'band', done: 'vector', note: 'band' } } as const
const rows = twelve.map((row) => [id(row), word(row, 'n'), row % 3 === 0 || row % 5 === 1 ? 't' : 'f', word(row, 'o')])
const legacy = state({ 'public.task': { oid: 1, columns, key: ['id'], rows } })

/** Judge what `up` makes of banded rows, and of edge rows with the lineage that was learned. */
function judge(
  migrate: (cells: readonly (string | null)[]) => readonly (readonly (string | null)[])[],
  shape: Readonly<Record<string, string>>,
  edges: readonly (readonly (string | null)[])[],
  place = 'public.task',
  oid = 1,
) {
  const after = (from: readonly (readonly (string | null)[])[]): State =>
    state({ [place]: { oid, columns: shape, key: Object.keys(shape)[0] === 'id' ? ['id'] : [], rows: from.flatMap(migrate) } })
  const learned: RunObservation = banded(legacy, after(rows), bands)
  const before = state({ 'public.task': { oid: 1, columns, key: ['id'], rows: edges } })
  const knowledge = knowing([learned], { hasDown: false })
  const verdicts = [learned, run(before, after(edges))].map((each) => zeroLoss.judge(each, knowledge))
  return verdicts.flatMap((verdict) =>
    verdict.outcome === 'violated'
      ? verdict.findings.map((each) => [each.kind, each.attribute, each.evidence.alteration, each.severity])
      : [],
  )
}

const edges = [
  ['1', 'a', 't', ''],
  ['2', 'A', null, null],
  ['3', ' b ', 'f', 'x y'],
]

describe('zero loss', () => {
  test('a table left alone holds', () => {
    expect(judge((cells) => [cells], columns, edges)).toEqual([])
  })
  test('a renamed attribute is the same attribute', () => {
    expect(judge((cells) => [cells], { id: 'integer', name: 'text', done: 'boolean', 'remark#4': 'text' }, edges)).toEqual([])
  })
  test('a dropped attribute is lost', () => {
    expect(
      judge(([a, b, c]) => [[a ?? null, b ?? null, c ?? null]], { id: 'integer', name: 'text', done: 'boolean' }, edges),
    ).toContainEqual(['cell-lost', 'note', undefined, 'error'])
  })
  test('a rename by drop and add is a loss', () => {
    const found = judge(
      ([a, b, c]) => [[a ?? null, b ?? null, c ?? null, '']],
      { id: 'integer', name: 'text', done: 'boolean', 'remark#5': 'text' },
      edges,
    )
    expect(found).toContainEqual(['cell-lost', 'note', undefined, 'error'])
  })
  test('a dropped boolean is lost although every value of it is still somewhere', () => {
    expect(judge(([a, b, , d]) => [[a ?? null, b ?? null, d ?? null]], { id: 'integer', name: 'text', 'note#4': 'text' }, edges)).toEqual(
      expect.arrayContaining([['cell-lost', 'done', undefined, 'error']]),
    )
  })
  test('a boolean recoded one to one is kept', () => {
    const recode = (cell: string | null | undefined) => (cell === null || cell === undefined ? 'unknown' : cell === 't' ? 'yes' : 'no')
    const found = judge(
      ([a, b, c, d]) => [[a ?? null, b ?? null, recode(c), d ?? null]],
      { id: 'integer', name: 'text', 'state#5': 'text', 'note#4': 'text' },
      edges,
    )
    expect(found).toEqual([])
  })
  test('a NULL filled with a real value is null-filled', () => {
    expect(judge(([a, b, c, d]) => [[a ?? null, b ?? null, c ?? 'f', d ?? null]], columns, edges)).toEqual([
      ['cell-altered', 'done', 'null-filled', 'warning'],
    ])
  })
  test('an empty text made NULL is found', () => {
    expect(judge(([a, b, c, d]) => [[a ?? null, b ?? null, c ?? null, d === '' ? null : (d ?? null)]], columns, edges)).toEqual([
      ['cell-altered', 'note', 'empty-made-null', 'warning'],
    ])
  })
  test('case folding and trimming are told apart from a loss', () => {
    expect(judge(([a, b, c, d]) => [[a ?? null, b?.toLowerCase() ?? null, c ?? null, d?.trim() ?? null]], columns, edges)).toEqual(
      expect.arrayContaining([
        ['cell-altered', 'name', 'case-folded', 'warning'],
        ['cell-altered', 'note', 'trimmed', 'warning'],
      ]),
    )
  })
  test('a filter that loses rows is found on the rows that it loses', () => {
    expect(judge((cells) => (cells[3] === null ? [] : [cells]), columns, edges, 'public.task_new', 7)).toEqual([
      ['row-lost', undefined, undefined, 'error'],
    ])
  })
  test('a join that doubles rows is found', () => {
    expect(judge((cells) => [cells, cells], columns, edges, 'public.task_new', 7)).toContainEqual([
      'row-doubled',
      undefined,
      undefined,
      'error',
    ])
  })
  test('a concatenation that cannot be taken apart is merged', () => {
    const found = judge(
      ([a, b, c, d]) => [[a ?? null, b === null || d === null ? null : `${b} ${d}`, c ?? null]],
      { id: 'integer', 'title#5': 'text', 'done#3': 'boolean' },
      edges,
    )
    expect(found.some(([kind, attribute]) => kind === 'cell-altered' && (attribute === 'note' || attribute === 'name'))).toBe(true)
  })
})

test('a legacy time that became one at which up ran is the clock’s, a warning; any other is an error', () => {
  const times = { id: 'integer', at: 'timestamp with time zone' }
  const before = state({ 'public.visit': { oid: 1, columns: times, key: ['id'], rows: [['1', '2001-02-03 04:05:06+00']] } })
  const severityOf = (text: string) => {
    const after = state({ 'public.visit': { oid: 1, columns: times, key: ['id'], rows: [['1', text]] } })
    const clock = { from: Date.parse('2026-11-21T10:00:00Z'), to: Date.parse('2026-11-21T10:00:01Z') }
    const kinds = { 'public.visit': { id: 'band', at: 'band' } } as const
    const learned = banded(
      state({
        'public.visit': { oid: 1, columns: times, key: ['id'], rows: twelve.map((row) => [id(row), `20${10 + row}-01-01 00:00:00+00`]) },
      }),
      state({
        'public.visit': { oid: 1, columns: times, key: ['id'], rows: twelve.map((row) => [id(row), `20${10 + row}-01-01 00:00:00+00`]) },
      }),
      kinds,
    )
    const verdict = zeroLoss.judge({ ...run(before, after), clock }, knowing([learned], { hasDown: false }))
    return verdict.outcome === 'violated' ? verdict.findings.map((each) => each.severity) : [verdict.outcome]
  }
  expect(severityOf('2026-11-21 10:00:00.5+00')).toEqual(['warning'])
  expect(severityOf('2026-11-20 10:00:00.5+00')).toEqual(['error'])
})
