import { expect, test } from 'vitest'
import { renderPage } from '../../../harness/report/page/render-page.tsx'
import { exampleFinding, exampleResult } from '../result/result-arbitrary.ts'
import { pageInput, parsePage } from './page-support.ts'

const held = {
  statement: 'read of orders by key',
  sent: 'prepared',
  ratio: 1.02,
  low: 0.99,
  high: 1.05,
  controlLow: 0.98,
  controlHigh: 1.03,
  budget: 1.25,
  beforeMs: 0.0288,
  afterMs: 0.0294,
  state: 'holds',
}
const slower = { ...held, statement: 'read of orders', as: 'anon', ratio: 2, low: 1.8, high: 2.2, state: 'slower' }

function pageOf(statements: unknown) {
  const evidence = { statements, rows: { 'public.orders': 20_000 } }
  const measured = exampleFinding({ invariant: 'no-degradation', kind: 'measured', severity: 'info', object: 'up', evidence })
  return parsePage(renderPage(pageInput(exampleResult([{ name: 'x', findings: [measured] }]))))
}

/** Of each drawing the place of a kind of mark, from the left. */
function places(page: ReturnType<typeof pageOf>, kind: string, edge: 'left' | 'right' = 'left'): readonly number[] {
  return page.elements
    .filter(({ name, attributes }) => name === 'rect' && attributes.get('class') === kind)
    .map(({ attributes }) => Number(attributes.get('x')) + (edge === 'right' ? Number(attributes.get('width')) : 0))
}

test('timed statements are drawn, each against its budget and what equal work differs by, and written beside it', () => {
  const page = pageOf([held, slower])
  expect(page.text).toContain('read of orders by key (prepared)0.029 ms0.029 ms1.02 (0.99 to 1.05; at most 1.25)holds')
  expect(page.text).toContain('read of orders (prepared, as anon)')
  const [budget, same] = places(page, 'budget')
  expect(same).toBe(budget)
  expect(places(page, 'measured', 'right').every((place) => place < Number(budget))).toBe(true)
  expect(places(page, 'measured slower').every((place) => place > Number(budget))).toBe(true)
  expect(places(page, 'control')).toHaveLength(2)
})

test('a statement of which too few rounds were measured is not drawn, and none at all leaves no heading', () => {
  expect(places(pageOf([held, { ...slower, low: null, high: null }]), 'budget')).toHaveLength(1)
  for (const nothing of [[], undefined, 'text', [{}], [{ ...held, ratio: 0 }]])
    expect(pageOf(nothing).text).not.toContain('before and after')
})
