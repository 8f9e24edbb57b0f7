import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { renderAnnotations, renderCodeQuality } from '../../../harness/report/index.ts'
import { visibleText } from '../../../harness/report/visible-text.ts'
import { exampleFinding, exampleResult, nastyText, verifyResult } from '../result/result-arbitrary.ts'

const files = new Map([['up.sql', { path: 'db/a, b/up.sql', text: undefined }]])

describe('annotations', () => {
  test('any result gives at most ten commands and a notice, each on one line that GitHub reads as one', () => {
    fc.assert(
      fc.property(verifyResult, (result) => {
        const lines = renderAnnotations(result, new Map()).split('\n').slice(0, -1)
        expect(lines.filter((line) => !line.startsWith('::notice::')).length).toBeLessThanOrEqual(10)
        expect(lines.length).toBeLessThanOrEqual(11)
        for (const line of lines) {
          const { name, properties } = readCommand(line)
          expect(['error', 'warning', 'notice']).toContain(name)
          expect(Object.keys(properties).filter((key) => !['file', 'line', 'title'].includes(key))).toEqual([])
        }
      }),
      { numRuns: 300 },
    )
  })

  test('any text comes through as it is', () => {
    fc.assert(
      fc.property(nastyText, nastyText, fc.option(nastyText), (file, message, hint) => {
        const result = exampleResult([
          { name: 'm', findings: [exampleFinding({ file: `a${file}b`, relation: `r::,${message}`, attribute: null, message, hint })] },
        ])
        const { properties, data } = readCommand(
          renderAnnotations(result, new Map([[`a${file}b`, { path: `a${file}b`, text: undefined }]])).slice(0, -1),
        )
        expect(properties).toEqual({ file: visibleText(`a${file}b`), line: '3', title: visibleText(`zero-loss of r::,${message}`) })
        expect(data).toBe(visibleText(`m: ${message}`) + (hint === null ? '' : `\n${visibleText(hint)}`))
      }),
    )
  })

  test('the worst come first, a history that breaks before all, and the rest is counted', () => {
    const findings = Array.from({ length: 12 }, (_, index) =>
      exampleFinding({ severity: index < 9 ? 'warning' : 'error', line: index + 1 }),
    )
    const waived = exampleFinding({ waived: { owner: 'a', reason: 'b', expires: '2027-01-01' } })
    const brokenAt = { migration: 's2', file: 'db/s2.sql', line: 4, message: '100% wrong', hint: 'Use a prelude.' }
    const source = { path: 'db', format: 'sql', steps: 3, verified: 3, cached: 0, brokenAt, endToEnd: null, notes: [] }
    const result = { ...exampleResult([{ findings: [...findings, waived, exampleFinding({ severity: 'info' })] }]), sources: [source] }
    const lines = renderAnnotations(result, files).split('\n')
    expect(lines.slice(0, 2)).toEqual([
      '::error file=db/s2.sql,line=4,title=does not apply to an empty database::s2: 100%25 wrong%0AUse a prelude.',
      '::error file=db/a%2C b/up.sql,line=10,title=zero-loss of public.items.notes::drop-notes: cells of "notes" are nowhere to be found afterwards',
    ])
    expect(lines.map((line) => /^::(\w+)/.exec(line)?.[1])).toEqual([
      ...Array(4).fill('error'),
      ...Array(6).fill('warning'),
      'notice',
      undefined,
    ])
    expect(lines.at(-2)).toBe('::notice::3 more findings: see the report')
  })

  test('nothing to show is nothing at all', () => {
    expect(renderAnnotations(exampleResult([{ findings: [] }]), files)).toBe('')
  })
})

describe('code quality', () => {
  test('any result is what GitLab reads: a path, a line, a severity and a fingerprint of its own for each finding', () => {
    fc.assert(
      fc.property(verifyResult, (result) => {
        const issues: readonly Record<string, unknown>[] = JSON.parse(renderCodeQuality(result, new Map()))
        for (const issue of issues) {
          expect(Object.keys(issue)).toEqual(['description', 'check_name', 'fingerprint', 'severity', 'location'])
          expect(issue.fingerprint).toMatch(/^[0-9a-f]{64}$/)
          expect(issue.location).toEqual({
            path: expect.any(String),
            lines: { begin: expect.toSatisfy((line) => Number.isInteger(line) && line >= 1) },
          })
        }
      }),
    )
    const findings = [exampleFinding({ severity: 'warning', line: 0 }), exampleFinding({ id: 'f2' }), exampleFinding({ severity: 'info' })]
    const issues: readonly Record<string, unknown>[] = JSON.parse(renderCodeQuality(exampleResult([{ findings }]), files))
    expect(issues.map((issue) => [issue.severity, issue.check_name, issue.location])).toEqual([
      ['critical', 'zero-loss/cell-lost', { path: 'db/a, b/up.sql', lines: { begin: 3 } }],
      ['minor', 'zero-loss/cell-lost', { path: 'db/a, b/up.sql', lines: { begin: 1 } }],
    ])
  })
})

/** As the runner of GitHub Actions takes a line apart. */
function readCommand(line: string): {
  readonly name: string
  readonly properties: Readonly<Record<string, string>>
  readonly data: string
} {
  expect(line).not.toMatch(/[\r\n]/)
  expect(line.startsWith('::')).toBe(true)
  const end = line.indexOf('::', 2)
  const head = line.slice(2, end)
  const space = head.indexOf(' ')
  const properties = (space < 0 ? '' : head.slice(space + 1))
    .split(',')
    .filter((pair) => pair !== '')
    .map((pair) => [pair.slice(0, pair.indexOf('=')), unescaped(pair.slice(pair.indexOf('=') + 1))])
  return { name: space < 0 ? head : head.slice(0, space), properties: Object.fromEntries(properties), data: unescaped(line.slice(end + 2)) }
}

function unescaped(text: string): string {
  return text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%25', '%')
}
