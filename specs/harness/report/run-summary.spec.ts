import * as fc from 'fast-check'
import { micromark } from 'micromark'
import { gfm, gfmHtml } from 'micromark-extension-gfm'
import { describe, expect, test } from 'vitest'
import { commentLimit, renderRunSummary, stepSummaryLimit } from '../../../harness/report/index.ts'
import type { VerifyResult } from '../../../harness/result/index.ts'
import { exampleFinding, exampleResult, verifyResult } from '../result/result-arbitrary.ts'

describe('the summary of a run', () => {
  test('any result stays within any limit, and what was cut is said', () => {
    fc.assert(
      fc.property(
        verifyResult,
        fc.integer({ min: 3_000, max: 20_000 }),
        fc.constantFrom('characters' as const, 'bytes' as const),
        (result, limit, unit) => {
          const text = renderRunSummary(result, { limit, unit, comment: unit === 'characters' })
          expect(unit === 'bytes' ? Buffer.byteLength(text) : text.length).toBeLessThanOrEqual(limit)
          const whole = renderRunSummary(result, { limit: 1e9, unit, comment: unit === 'characters' })
          expect(text.includes('**Cut to fit:**')).toBe(text.length < whole.length)
        },
      ),
      { numRuns: 100 },
    )
  })

  test('any result shows no tag, link or mention of its data, and closes what it opens', () => {
    const allowed = /^\/?(h3|h4|p|strong|code|table|thead|tbody|tr|t[hd]|ul|li|pre|br|details|summary|blockquote)$/
    fc.assert(
      fc.property(verifyResult, (result) => {
        const html = toHtml(renderRunSummary(result, { limit: 1e9, unit: 'characters', comment: true }))
        expect(tagsOf(html).filter((tag) => !allowed.test(tag))).toEqual([])
        expect(count(html, '<details>')).toBe(count(html, '</details>'))
        const words = html
          .replaceAll(/<(code|pre)[^>]*>.*?<\/\1>/gs, '')
          .replaceAll(/&#(\d+);/g, (_, point) => String.fromCodePoint(Number(point)))
        expect(words).not.toMatch(/[@#](?!\u200b)/)
      }),
      { numRuns: 100 },
    )
  })

  test('600 steps with a thousand findings fit into a comment and a step summary, the worst in view', () => {
    const result = longHistory()
    const comment = renderRunSummary(result, { ...commentLimit, comment: true })
    const step = renderRunSummary(result, stepSummaryLimit)
    expect(comment.length).toBeLessThanOrEqual(65_536)
    expect(Buffer.byteLength(step)).toBeLessThanOrEqual(900_000)
    for (const text of [comment, step]) {
      expect(text).toContain('the worst of all')
      expect(text).toContain('500 migrations hold without an open finding (500 not checked).')
    }
    expect(comment).toMatch(/> \*\*Cut to fit:\*\* .*\d+ findings.* more\. The report directory has everything\./)
    expect(step).not.toContain('Cut to fit')
  })

  test('says first the verdict and what was read', () => {
    const brokenAt = { migration: 's2', file: 'db/s2.sql', line: 4, message: 'no "vector"', hint: 'Use --skip-extension.' }
    const endToEnd = { steps: 3, verdict: 'violated' as const, because: 's1 is not restored' }
    const source = { path: 'db', format: 'goose', steps: 3, verified: 2, cached: 1, brokenAt, endToEnd, notes: ['a stand-in'] }
    const text = renderRunSummary({ ...exampleResult([{}]), sources: [source] }, { limit: 1e6, unit: 'bytes' })
    expect(text.split('\n\n').slice(0, 7)).toEqual([
      '### Godwit: violated',
      '**Violated.** 1 migration: 1 violated, 0 unknown, 0 hold; 1 error, 0 warnings. PostgreSQL 18.4 (assumed), seed `7`, 3.2 s.',
      '- `db` (goose): 3 steps, 2 verified, 1 from the cache',
      '  - **breaks at** `s2` (`db/s2.sql:4`): no "vector"<br>Use --skip-extension.',
      '  - all 3 downs from the end: **violated**: s1 is not restored',
      '  - a stand-in',
      expect.stringMatching(/^\| migration \|.*\n.*\n\| `drop-notes` \| \*\*violated\*\* \| 1 \|/),
    ])
    expect(text).toContain('<summary>error: cells of "notes" are nowhere to be found afterwards (drop-notes)</summary>')
    expect(text).toContain('- see it again: `npx godwit replay reports/drop-notes/counterexamples/f1.sql`')
  })

  test('names who waived what, and what was not judged', () => {
    const waived = { owner: 'ann', reason: 'archived', expires: '2027-01-01' }
    const unknown = {
      id: 'zero-loss',
      verdict: 'unknown' as const,
      because: 'no rows',
      saw: { relations: 0, rows: 0, cells: 0, runs: 0 },
      under: [],
    }
    const result = exampleResult([
      { verdict: 'unknown', invariants: [unknown], findings: [exampleFinding({ waived })], notChecked: ['a was not filled'] },
    ])
    const text = renderRunSummary(result, { limit: 1e6, unit: 'bytes' })
    expect(text).toContain('- `drop-notes`: `zero-loss/cell-lost` `public.items.notes` by ann until 2027-01-01: archived')
    expect(text).toContain('- `drop-notes`: `zero-loss` is unknown: no rows\n- `drop-notes`: a was not filled')
    expect(text).not.toContain('#### Findings')
  })
})

function longHistory(): VerifyResult {
  const quiet = Array.from({ length: 500 }, (_, index) => ({
    name: `q${index}`,
    path: `db/q${index}`,
    verdict: 'holds' as const,
    findings: [],
    notChecked: ['x'],
  }))
  const loud = Array.from({ length: 100 }, (_, index) => ({
    name: `step-${index}`,
    path: `db/step-${index}`,
    findings: Array.from({ length: 10 }, (_, at) =>
      exampleFinding({
        id: `f${index}-${at}`,
        severity: 'warning',
        message: `${'long '.repeat(20)}${at}`,
        evidence: { rows: [{ a: '1', b: null }] },
      }),
    ),
  }))
  const worst = { name: 'last', path: 'db/last', findings: [exampleFinding({ message: 'the worst of all' })] }
  return exampleResult([...quiet, ...loud, worst])
}

function count(text: string, part: string): number {
  return text.split(part).length - 1
}

function toHtml(markdown: string): string {
  return micromark(markdown, { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true })
}

function tagsOf(html: string): readonly string[] {
  return [...html.matchAll(/<(\/?[a-z][a-z0-9]*)[^>]*>/gi)].map((tag) => tag[1] ?? '')
}
