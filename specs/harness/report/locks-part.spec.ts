import { expect, test } from 'vitest'
import { renderPage } from '../../../harness/report/page/render-page.tsx'
import { exampleFinding, exampleResult } from '../result/result-arbitrary.ts'
import { pageInput, parsePage } from './page-support.ts'

const queue = [
  { who: 'a transaction that has read orders', behind: 'nobody', fromMs: 0, toMs: 200 },
  { who: 'up', behind: 'the open transaction', fromMs: 0, toMs: 200 },
  { who: 'a client: read of orders', behind: 'up', fromMs: 50, toMs: 150 },
]

function pageOf(given: unknown) {
  const finding = exampleFinding({
    ...{ invariant: 'online-safety', kind: 'queue', relation: 'public.orders', object: 'up', evidence: { queue: given } },
  })
  return parsePage(renderPage(pageInput(exampleResult([{ name: 'x', findings: [finding] }]))))
}

test('who waits behind whom is drawn on one scale, and written beside it', () => {
  const page = pageOf(queue)
  const bars = page.elements.filter(({ name, attributes }) => name === 'rect' && attributes.get('class') === 'bar')
  expect(
    bars
      .filter(({ attributes }) => attributes.has('x'))
      .slice(0, 3)
      .map(({ attributes }) => [Number(attributes.get('x')), Number(attributes.get('width'))]),
  ).toEqual([
    [0, 100],
    [0, 100],
    [25, 50],
  ])
  expect(page.text).toContain('up behind an open transaction that has read public.orders')
  expect(page.text).toContain('a client: read of ordersup50 ms150 ms')
})

test('what has another shape is not drawn', () => {
  for (const nothing of [[], undefined, 'text', [1]]) expect(pageOf(nothing).text).not.toContain('behind an open transaction')
})
