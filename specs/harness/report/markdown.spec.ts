import * as fc from 'fast-check'
import { micromark } from 'micromark'
import { gfm, gfmHtml } from 'micromark-extension-gfm'
import { describe, expect, test } from 'vitest'
import { renderMarkdown } from '../../../harness/report/index.ts'
import { cell, code, prose, table } from '../../../harness/report/markdown-text.ts'
import { visibleText } from '../../../harness/report/visible-text.ts'
import { exampleFinding, exampleResult, nastyText, verifyResult } from '../result/result-arbitrary.ts'

describe('Markdown', () => {
  test('any text stays whole in a table cell, as prose and as code', () => {
    fc.assert(
      fc.property(fc.array(nastyText, { minLength: 1, maxLength: 4 }), (texts) => {
        const html = toHtml(
          table(
            texts.map((_, index) => `c${index}`),
            [texts.map((text) => prose(text)), texts.map((text) => code(text, Infinity))],
          ),
        )
        const [, spoken, typed] = rowsOf(html)
        expect(spoken?.map(textOf)).toEqual(texts.map((text) => proseShown(text)))
        expect(typed?.map(textOf)).toEqual(texts.map((text) => visibleText(text)))
      }),
      { numRuns: 500 },
    )
  })

  test('any text as prose of a paragraph or a list item starts no other block, link or tag', () => {
    fc.assert(
      fc.property(nastyText, (text) => {
        expect(tagsOf(toHtml(`- ${prose(text)}`)).filter((tag) => !['ul', '/ul', 'li', '/li', 'br'].includes(tag))).toEqual([])
        expect(tagsOf(toHtml(prose(text))).filter((tag) => !['p', '/p', 'br'].includes(tag))).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  test('NULL and the text NULL look different', () => {
    expect([cell(null), cell('NULL')]).toEqual(['NULL', '`NULL`'])
  })

  test('a discard is shown with its reason', () => {
    const entry = { from: 'public.items.notes', to: [], transform: 'none', known: 'observed' } as const
    const lineage = [
      { ...entry, fate: 'discarded' as const, because: 'nobody | reads them' },
      { ...entry, fate: 'lost' as const },
    ]
    const result = exampleResult([{ lineage }])
    const shown = result.migrations.flatMap((each) => rowsOf(toHtml(renderMarkdown(each, result)))).map((row) => row.map(textOf).join(' '))
    expect(shown).toContain('public.items.notes nowhere none discarded: nobody | reads them observed')
    expect(shown).toContain('public.items.notes nowhere none lost observed')
  })

  test('any result gives tables with as many cells in each row as in the header, and no tag of its data', () => {
    const allowed = /^\/?(h[1-4]|p|strong|em|code|table|thead|tbody|tr|t[hd]|ul|li|pre|a|br)$/
    fc.assert(
      fc.property(verifyResult, (result) => {
        for (const migration of result.migrations) {
          const html = toHtml(renderMarkdown(migration, result))
          expect(tagsOf(html).filter((tag) => !allowed.test(tag))).toEqual([])
          for (const one of html.match(/<table>.*?<\/table>/gs) ?? []) {
            const widths = new Set(rowsOf(one).map((row) => row.length))
            expect([...widths]).toHaveLength(1)
          }
          expect(html.match(/<h2>[^<]*<\/h2>/g)?.map(textOf)).toEqual([
            ...(migration.disagreements.length > 0 ? ['Disagreements'] : []),
            ...(migration.claims === undefined ? [] : ['Claims']),
            ...['Invariants', 'Findings', 'Lineage', 'Not checked', 'Limits', 'How to see it again'],
          ])
          expect(html.match(/<h4>/g)?.length ?? 0).toBe(migration.findings.length)
          expect(rowsOf(html).filter((row) => row.length === 0)).toEqual([])
        }
      }),
      { numRuns: 200 },
    )
  })

  test('any result is rendered the same twice', () => {
    fc.assert(
      fc.property(verifyResult, (result) => {
        for (const migration of result.migrations)
          expect(renderMarkdown(migration, result)).toBe(renderMarkdown(structuredClone(migration), result))
      }),
      { numRuns: 30 },
    )
  })

  test('says what is true of the folder that it comes from, and nothing of another', () => {
    const source = { format: 'goose', steps: 3, verified: 3, cached: 0, brokenAt: null, endToEnd: null }
    const sources = [
      { ...source, path: 'migrations', notes: ['a stand-in for vector'] },
      { ...source, path: 'migr', notes: ['not ours'] },
    ]
    const result = { ...exampleResult([{}]), sources }
    const text = renderMarkdown(result.migrations[0] ?? never(), result)
    expect(text).toContain('Of `migrations` (goose):\n\n- a stand-in for vector\n')
    expect(text).not.toContain('not ours')
  })

  test('says the verdict and why before anything else', () => {
    const result = exampleResult([{}])
    const [title, verdict] = renderMarkdown(result.migrations[0] ?? never(), result).split('\n\n')
    expect(title).toBe('# `drop-notes` violated')
    expect(verdict).toBe('**Violated.** Violated: zero-loss. First of all: cells of "notes" are nowhere to be found afterwards.')
  })

  test('shows rows before and after, cell by cell', () => {
    const evidence = { before: { id: '1', notes: 'a|b' }, after: { id: '1', notes: null } }
    const result = exampleResult([{ findings: [exampleFinding({ evidence })] }])
    const html = toHtml(renderMarkdown(result.migrations[0] ?? never(), result))
    expect(rowsOf(html).map((row) => row.map(textOf))).toContainEqual(['notes', 'a|b', 'NULL'])
  })

  test('leaves a version number and a name as they are to read', () => {
    expect(['18.4', 'order_items', 'a - b'].map(prose)).toEqual(['18.4', 'order_items', 'a - b'])
  })

  test('leads from a finding to its cause, which comes first', () => {
    const findings = [exampleFinding({ id: 'b', cause: 'a', message: 'down fails' }), exampleFinding({ id: 'a' })]
    const result = exampleResult([{ findings }])
    const markdown = renderMarkdown(result.migrations[0] ?? never(), result)
    expect(markdown.match(/<a id="[^"]*">/g)).toEqual(['<a id="finding-a">', '<a id="finding-b">'])
    expect(markdown).toContain('follows from: [cells of "notes" are nowhere to be found afterwards](#finding-a)')
  })
})

function toHtml(markdown: string): string {
  return micromark(markdown, { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true })
}

function rowsOf(html: string): readonly (readonly string[])[] {
  return [...html.matchAll(/<tr>(.*?)<\/tr>/gs)].map((row) =>
    [...(row[1] ?? '').matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map((one) => one[1] ?? ''),
  )
}

function tagsOf(html: string): readonly string[] {
  return [...html.matchAll(/<(\/?[a-z][a-z0-9]*)[^>]*>/gi)].map((tag) => tag[1] ?? '')
}

function textOf(html: string): string {
  return html
    .replace(/<br ?\/?>/g, '\n')
    .replace(/<[^>]*>/g, '')
    .replace(/&(amp|lt|gt|quot);/g, (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"' })[name] ?? '')
}

function proseShown(text: string): string {
  return text
    .split(/\r\n|\n|\r/)
    .map(visibleText)
    .join('\n')
}

function never(): never {
  throw new Error('there is a migration')
}
