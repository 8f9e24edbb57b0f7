import { resolve } from 'node:path'
import * as fc from 'fast-check'
import { micromark } from 'micromark'
import { gfm, gfmHtml } from 'micromark-extension-gfm'
import { describe, expect, test } from 'vitest'
import { renderPullRequest, repositoryLinks, type SourceFiles } from '../../../harness/report/index.ts'
import type { MigrationResult, VerifyResult } from '../../../harness/result/index.ts'
import { exampleFinding, exampleResult, nastyText, verifyResult } from '../result/result-arbitrary.ts'

const revision = '0123456789abcdef0123456789abcdef01234567'
const github = {
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'octo/shop',
  GITHUB_SHA: revision,
  GITHUB_RUN_ID: '77',
}
const sources: SourceFiles = new Map([['db/up.sql', { path: 'shop/db/up (1).sql', text: undefined }]])
const byBaseline = { owner: 'baseline', reason: 'known and accepted since 2026-11-21', expires: null }

function render(result: VerifyResult, variables: Readonly<Record<string, string>> = {}): string {
  return renderPullRequest(result, { links: repositoryLinks(variables, 'reports'), sources })
}

describe('the comment on a pull request', () => {
  test('begins with the decision in one sentence, then the claims', () => {
    const claims: MigrationResult['claims'] = [
      { id: 'SH-1', text: 'No row is lost.', state: 'refuted', because: 'notes are lost', restsOn: [] },
    ]
    const text = render(exampleResult([{ claims }]))
    const blocks = text.split('\n\n')
    expect(blocks[0]).toBe('<!-- godwit -->\n### Do not release: data is lost or altered.')
    expect(blocks[2]).toBe('#### Claims of `drop-notes`: 0 held, 1 refuted (SH-1), 0 not checked')
    expect(blocks[3]).toContain('| `SH-1` | No row is lost. | **refuted** | notes are lost |')
  })

  test('shows what is new on the branch apart from what the baseline accepts and from older steps', () => {
    const source = { path: 'db', format: 'sql', steps: 12, verified: 1, cached: 0, brokenAt: null, endToEnd: null, notes: [] }
    const findings = [
      exampleFinding({ id: 'new', message: 'notes are lost' }),
      exampleFinding({ id: 'old', message: 'titles are lost', waived: byBaseline }),
      exampleFinding({ id: 'by hand', message: 'prices are lost', waived: { owner: 'ana', reason: 'archived', expires: '2027-01-31' } }),
    ]
    const text = render({ ...exampleResult([{ findings }]), since: 'origin/main', sources: [source] })
    const [fresh = '', known = ''] = text.split('<details><summary>Known before this branch, accepted by the baseline (1)</summary>')
    expect(fresh).toContain('#### New on this branch (1)')
    expect(fresh).toContain('notes are lost')
    expect(fresh).not.toMatch(/titles|prices/)
    expect(known).toContain('titles are lost')
    expect(known).toContain('Findings of 11 older steps are not shown: they were there before `origin/main`.')
    expect(known).toContain('<summary>Accepted by a waiver (1)</summary>')
    expect(known.split('<summary>Accepted by a waiver')[1]).not.toContain('baseline')
  })

  test('without a branch or a baseline calls them findings, for nothing tells old from new', () => {
    expect(render(exampleResult([{}]))).toContain('#### Findings (1)')
  })

  test('folds what follows from a finding under it', () => {
    const findings = [
      exampleFinding({ id: 'a', message: 'notes are lost' }),
      exampleFinding({ id: 'b', invariant: 'rollback-restores-state', message: 'notes stay lost after down', cause: 'a' }),
    ]
    const text = render(exampleResult([{ findings }]))
    expect(text.match(/<details><summary>error/g)).toHaveLength(1)
    expect(text).toContain('What follows from it:\n\n- error: notes stay lost after down')
  })

  test.each([
    ['a lost cell', { legacy: 'x', row: { id: '1', notes: 'x' } }, ['| `notes` | `x` | in no column |', '| `id` | `1` | |']],
    ['an altered cell', { legacy: '1.25', migrated: '1.2', destination: 'public.b.c' }, ['| `notes` | `1.25` | `public.b.c`: `1.2` |']],
    ['a lost row', { lost: 2, examples: [{ id: '1', notes: null }] }, ['| `id` | `1` | no row |', '| `notes` | NULL | no row |']],
    ['two records', { before: { rows: 18 }, after: { sqlstate: '42703' } }, ['| `rows` | `18` | |', '| `sqlstate` | | `42703` |']],
  ])('shows the row before and after: %s', (_, evidence, lines) => {
    const text = render(exampleResult([{ findings: [exampleFinding({ evidence })] }]))
    for (const line of ['| column | before | after |', ...lines]) expect(text).toContain(line)
  })

  test.each<[string, Readonly<Record<string, string>>, string, readonly string[]]>([
    ['nothing known', {}, '/shop/db/up%20%281%29.sql#L3', []],
    [
      'GitHub',
      github,
      `https://github.com/octo/shop/blob/${revision}/shop/db/up%20%281%29.sql#L3`,
      ['[Open the report](https://github.com/octo/shop/actions/runs/77#artifacts).'],
    ],
    [
      'GitLab',
      {
        CI_PROJECT_URL: 'https://git.example.org/a/shop',
        CI_COMMIT_SHA: revision,
        CI_JOB_URL: 'https://git.example.org/a/shop/-/jobs/5',
        CI_PROJECT_DIR: resolve('.'),
      },
      `https://git.example.org/a/shop/-/blob/${revision}/shop/db/up%20%281%29.sql#L3`,
      [
        '[Open the report](https://git.example.org/a/shop/-/jobs/5/artifacts/file/reports/index.html).',
        '[The job](https://git.example.org/a/shop/-/jobs/5).',
      ],
    ],
    ['a server that is no page', { ...github, GITHUB_SERVER_URL: 'javascript:alert(1)//' }, '/shop/db/up%20%281%29.sql#L3', []],
  ])('links to the line and to the artifacts: %s', (_, variables, link, others) => {
    const text = render(exampleResult([{ findings: [exampleFinding({ file: 'db/up.sql', line: 3 })] }]), variables)
    expect(text).toContain(`- where: [\`db/up.sql:3\`](${link})`)
    for (const each of others) expect(text).toContain(each)
    expect(text.includes('Open the report')).toBe(others.length > 0)
  })

  test('any result shows no tag, foreign link or mention of its data, closes what it opens, and stays within any limit', () => {
    const allowed = /^\/?(h3|h4|p|strong|code|table|thead|tbody|tr|t[hd]|ul|li|pre|br|details|summary|blockquote|a)$/
    const files = fc.array(fc.tuple(nastyText, nastyText), { maxLength: 3 })
    fc.assert(
      fc.property(verifyResult, files, fc.integer({ min: 4_000, max: 60_000 }), (result, named, limit) => {
        const all: SourceFiles = new Map([
          ...result.migrations.flatMap(({ findings }) =>
            findings.flatMap(({ file }) => (file === null ? [] : [[file, { path: file, text: undefined }] as const])),
          ),
          ...named.map(([name, path]) => [name, { path, text: undefined }] as const),
        ])
        const text = renderPullRequest(result, { links: repositoryLinks(github, 'reports'), sources: all, limit })
        expect(text.length).toBeLessThanOrEqual(limit)
        const html = micromark(text, { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true })
        const tags = [...html.matchAll(/<(\/?[a-z][a-z0-9]*)([^>]*)>/gi)]
        expect(tags.map(([, name = '']) => name).filter((name) => !allowed.test(name))).toEqual([])
        const links = tags.flatMap(([, name, attributes]) => (name === 'a' ? [attributes ?? ''] : []))
        expect(links.filter((each) => !/^ href="https:\/\/github\.com\/octo\/shop\/[^"]*"$/.test(each))).toEqual([])
        expect(html.split('<details>').length).toBe(html.split('</details>').length)
        const words = html
          .replaceAll(/<(code|pre)[^>]*>.*?<\/\1>/gs, '')
          .replaceAll(/<a [^>]*>/g, '')
          .replaceAll(/&#(\d+);/g, (_, point) => String.fromCodePoint(Number(point)))
        expect(words).not.toMatch(/[@#](?!\u200b)/)
      }),
      { numRuns: 60 },
    )
  })
})
