import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findingTree } from '../../../harness/report/finding-tree.ts'
import { layOutLineage } from '../../../harness/report/page/lineage-layout.ts'
import { pageData } from '../../../harness/report/page/page-data.ts'
import { renderPage } from '../../../harness/report/page/render-page.tsx'
import { toDoNow } from '../../../harness/report/page/to-do.ts'
import { wayBack } from '../../../harness/report/page/way-back.ts'
import { readRunHistory } from '../../../harness/report/run-history.ts'
import { visibleText } from '../../../harness/report/visible-text.ts'
import { writeReports } from '../../../harness/report/write.ts'
import type { InvariantResult, LineageEntry, MigrationResult } from '../../../harness/result/index.ts'
import { exampleFinding, exampleResult, finding, nastyText, verifyResult } from '../result/result-arbitrary.ts'
import { attacks, foreignMarkup, hostileInput, longHistory, pageInput, parsePage } from './page-support.ts'

/** Nothing of the data has become an element, an attribute or a link. */
function expectOwnMarkup(html: string): void {
  expect(foreignMarkup(html)).toEqual([])
  expect(parsePage(html).elements.filter(({ name }) => name === 'script' || name === 'style')).toHaveLength(2)
}

describe('the page', () => {
  test('1,000 hostile names and values stay text', () => {
    const hostile = fc.oneof(
      fc.constantFrom(...attacks),
      nastyText,
      fc.tuple(fc.constantFrom(...attacks), nastyText).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1_000, maxLength: 1_000 }), (texts) => {
        const html = renderPage(hostileInput(texts))
        expectOwnMarkup(html)
        // Style and script end lines with line feeds, and so does a statement.
        expect(html.replaceAll('\n', '').match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)).toBeNull()
      }),
      // Texts are drawn apart from each other, so fewer of them would tell no more.
      { numRuns: 5, endOnFailure: true },
    )
  })

  test('each attack can be read as it is', () => {
    for (const attack of attacks) {
      const result = exampleResult([{ name: 'x', findings: [exampleFinding({ message: attack, hint: `do ${attack}` })] }])
      const { text } = parsePage(renderPage(pageInput(result)))
      expect(text).toContain(visibleText(attack))
      expect(text).toContain(visibleText(`do ${attack}`))
    }
  })

  test('any result becomes a page', () => {
    fc.assert(
      fc.property(verifyResult, (result) => expectOwnMarkup(renderPage(pageInput(result)))),
      { numRuns: 60 },
    )
  })

  test('its policy lets in its own style and script, and nothing else', () => {
    const html = renderPage(pageInput(exampleResult([{}])))
    const digest = (text: string) => createHash('sha256').update(text).digest('base64')
    const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(html) ?? []
    const [, script = ''] = /<script>([\s\S]*?)<\/script>/.exec(html) ?? []
    const policy = parsePage(html)
      .elements.find(({ attributes: own }) => own.has('http-equiv'))
      ?.attributes.get('content')
    expect(policy).toBe(
      `default-src 'none'; style-src 'sha256-${digest(style)}'; script-src 'sha256-${digest(script)}'; img-src data:; base-uri 'none'; form-action 'none'`,
    )
    expect(html).not.toMatch(/https?:\/\//)
  })

  test('secrets are masked, also in the text of files', () => {
    const url = 'postgres://app:hunter2@db/x'
    const result = exampleResult([{ findings: [exampleFinding({ message: `connect to ${url}`, evidence: { statement: url } })] }])
    const html = renderPage(pageInput(result, { sources: new Map([['up.sql', { path: 'up.sql', text: `-- ${url}` }]]) }))
    expect(html).toContain('postgres://app:***@db/x')
    expect(html).not.toContain('hunter2')
  })

  test('a pair says what was found, where, what to do, and what each condition has met', () => {
    const result = exampleResult([
      {
        invariants: [check('zero-loss', 'violated', ''), check('rollback-restores-state', 'not-applicable', 'there is no down.sql')],
        findings: [exampleFinding({ hint: 'Keep the column.', evidence: { legacy: null, migrated: 'NULL' } })],
        coverage: {
          ...{ reached: 1, feasible: 2, infeasible: 0, unmeasured: 0, wanted: null },
          targets: (['true', 'false'] as const).map((outcome) => ({
            ...{ direction: 'up' as const, file: 'up.sql', line: 2, kind: 'condition', text: 'stock < 0', outcome, run: 3, because: null },
            state: outcome === 'true' ? ('left' as const) : ('reached' as const),
          })),
        },
        notChecked: ['the answers of views'],
      },
    ])
    const sources = new Map([
      ['up.sql', { path: 'up.sql', text: 'BEGIN;\nUPDATE a SET b = 1 WHERE stock < 0;\nALTER TABLE items DROP notes;' }],
    ])
    const html = renderPage(pageInput(result, { sources }))
    const { text } = parsePage(html)
    for (const part of [
      'Do not release: data is lost or altered.',
      'Keep the column.',
      'ALTER TABLE items DROP notes;',
      'the answers of views',
    ])
      expect(text).toContain(part)
    expect(text).toContain('✗ not reached: true')
    expect(text).toContain('✓ reached: false')
    expect(text).toContain('No way back was tested: there is no down.sql.')
    expect(html).toContain('<em class="null">NULL</em>')
    expect(html).toContain('<code>NULL</code>')
    expect(html).toContain('href="drop-notes/counterexamples/f1.sql"')
  })

  test('claims stand in a table, the refuted first, with a link to the finding', () => {
    const claims = [
      { id: 'SB-1', text: 'nothing is lost', state: 'held', because: '', restsOn: [] },
      { id: 'SB-2', text: 'quantities are equal', state: 'not-checked', because: 'it is not built yet', restsOn: [] },
      { id: 'SB-3', text: 'it can be taken back', state: 'refuted', because: 'a column is left over', finding: 'f1', restsOn: [] },
    ] as const
    const result = exampleResult([{ claims }])
    const html = renderPage(pageInput(result))
    expect(html.match(/SB-\d/g)).toEqual(['SB-3', 'SB-2', 'SB-1'])
    expect(parsePage(html).text).toContain('1 refuted, 1 not checked, 1 held.')
    expect(html).toContain('<a href="#migration-1-finding-1">the finding</a>')
  })

  test('findings with one remedy at one place are one thing to do; what follows from another is none', () => {
    const same = { hint: 'Give it a default.', file: 'drop-notes/up.sql' }
    const findings = [
      exampleFinding({ id: 'w', severity: 'warning', hint: 'Look at it.' }),
      exampleFinding({ id: 'a', attribute: 'a', ...same }),
      exampleFinding({ id: 'b', attribute: 'b', ...same }),
      exampleFinding({ id: 'c', cause: 'a', hint: 'Nothing.' }),
      exampleFinding({ id: 'd', hint: 'Accepted.', waived: { owner: 'me', reason: 'it is old', expires: null } }),
    ]
    const all = toDoNow(pageData(pageInput(exampleResult([{ path: 'drop-notes', findings }]))))
    expect(all.map(({ hint, place, of }) => [hint, place, of.map(({ subject }) => subject)])).toEqual([
      ['Give it a default.', 'up.sql:3', ['public.items.a', 'public.items.b']],
      ['Look at it.', 'up.sql:3', ['public.items.notes']],
    ])
  })

  test('every finding stands in the tree exactly once, whatever its cause', () => {
    const ids = fc.constantFrom('a', 'b', 'c', 'd', null)
    const findings = fc.array(
      fc.tuple(finding, ids, ids).map(([one, id, cause]) => ({ ...one, id: id ?? 'e', cause })),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(findings, (given) => {
        const tree = findingTree(given)
        const all = tree.flatMap((node) => [node.finding, ...node.following])
        expect(all).toHaveLength(given.length)
        expect(new Set(all)).toEqual(new Set(given))
      }),
    )
  })

  test('says in words whether one can go back', () => {
    const { migrations } = exampleResult([
      { findings: [exampleFinding({ invariant: 'rollback-restores-state', message: 'x is left over' })] },
    ])
    const on = (...invariants: InvariantResult[]) => wayBack({ ...(migrations[0] as MigrationResult), invariants })
    const id = 'rollback-restores-state'
    expect(on(check(id, 'holds', ''), check('round-trip', 'holds', ''))).toMatch(/^Yes\. .* in 100 runs\. After down .* same result\.$/)
    expect(on(check(id, 'violated', ''))).toBe('Not in full. The down migration does not restore what was there before: x is left over.')
    expect(on(check(id, 'unknown', 'the down migration was not run'))).toBe('Not known: the down migration was not run.')
    expect(on()).toBe('Not known: the way back was not checked.')
  })

  test('the drawing has a band for each way of what moves, and counts what stays', () => {
    const entry = (from: string, to: readonly string[], fate: LineageEntry['fate']): LineageEntry => ({
      ...{ from, to, fate },
      transform: 'identical',
      known: 'observed',
    })
    const drawing = layOutLineage([
      entry('a.id', ['a.id'], 'kept'),
      entry('a.n', ['a.n', 'b.n'], 'kept'),
      entry('a.m', ['b.m'], 'moved'),
      entry('a.x', [], 'lost'),
    ])
    expect(drawing?.staying).toBe(1)
    expect(drawing?.ways.map(({ from, to, fate }) => [from, to, fate])).toEqual([
      ['a.n', 'a.n', 'kept'],
      ['a.n', 'b.n', 'kept'],
      ['a.m', 'b.m', 'moved'],
      ['a.x', 'lost', 'lost'],
    ])
    for (const { path, width } of drawing?.ways ?? []) expect(`${path} ${width}`).not.toMatch(/NaN|undefined/)
    expect(layOutLineage([entry('a.id', ['a.id'], 'kept')])).toBeUndefined()
  })

  test('a long history shows what needs a look in full, and stays small', () => {
    const history = renderPage(pageInput(longHistory(500)))
    expect(history.match(/<details open/g)?.length).toBe(40)
    const pair = renderPage(pageInput(exampleResult([{}])))
    console.log(`page of a small pair: ${kilobytes(pair)} kB; of a history of 500 steps: ${kilobytes(history)} kB`)
    expect(kilobytes(pair)).toBeLessThan(200)
    expect(kilobytes(history)).toBeLessThan(2_000)
  })
})

describe('history.jsonl', () => {
  test('gets one line a run, of sums and digests, and is shown as a trend of the same folders', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'godwit-page-'))
    try {
      const source = { format: 'pair', steps: 1, verified: 1, cached: 0, brokenAt: null, endToEnd: null, notes: [] }
      const of = (path: string) => ({ ...exampleResult([{}]), sources: [{ ...source, path }] })
      const write = (path: string, day: number) =>
        writeReports(of(path), { directory, counterexamples: new Map(), now: new Date(Date.UTC(2027, 0, day)) })
      await write('a', 1)
      const page = () => readFile(join(directory, 'index.html'), 'utf8')
      expect(await page()).not.toContain('The last')
      await writeFile(join(directory, 'history.jsonl'), `not ours\n${await readFile(join(directory, 'history.jsonl'), 'utf8')}`)
      await write('b', 2)
      await write('a', 3)
      const runs = await readRunHistory(directory)
      expect(runs.map(({ date, of: folders, verdict, errors }) => [date.slice(0, 10), folders, verdict, errors])).toEqual([
        ['2027-01-01', ['a'], 'violated', 1],
        ['2027-01-02', ['b'], 'violated', 1],
        ['2027-01-03', ['a'], 'violated', 1],
      ])
      expect(await readFile(join(directory, 'history.jsonl'), 'utf8')).not.toContain('notes')
      expect(await page()).toContain('The last 2 runs')
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
})

function check(id: string, verdict: InvariantResult['verdict'], because: string): InvariantResult {
  return { id, verdict, because, saw: { relations: 1, rows: 10, cells: 20, runs: 100 }, under: [] }
}

function kilobytes(text: string): number {
  return Math.round(Buffer.byteLength(text) / 1_000)
}
