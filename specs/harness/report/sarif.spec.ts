import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import type { Log, Run } from 'sarif'
import { describe, expect, test } from 'vitest'
import { exampleOf, rulesOf } from '../../../harness/invariants/index.ts'
import { readSourceFiles, renderSarif, uriOf } from '../../../harness/report/index.ts'
import { exampleFinding, exampleResult, nastyText, verifyResult } from '../result/result-arbitrary.ts'
import { officialSchema } from './sarif-schema.ts'

const validate = officialSchema()

describe('SARIF', () => {
  test('any result is valid by the official schema of SARIF 2.1.0', () => {
    fc.assert(
      fc.property(verifyResult, (result) => {
        const log: unknown = JSON.parse(renderSarif(result, new Map()))
        expect(validate(log) ? [] : validate.errors).toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  test('a target in a function of the database is told at the migration, since no file has the function', () => {
    const target = {
      direction: 'up',
      line: 3,
      kind: 'condition',
      text: 'IF n > 1',
      outcome: 'true',
      state: 'left',
      run: null,
      because: null,
    } as const
    const counts = { reached: 0, feasible: 2, infeasible: 0, unmeasured: 0, wanted: null }
    const targets = ['public.f(integer)', 'up.sql'].map((file) => ({ ...target, file }))
    const log = run(renderSarif(exampleResult([{ path: 'm', coverage: { ...counts, targets } }]), new Map()))
    const notes = (log.invocations?.[0]?.toolExecutionNotifications ?? []).filter((each) => each.descriptor?.id === 'godwit/not-reached')
    expect(notes.map(({ message, locations }) => [message.text, locations?.[0]?.physicalLocation?.artifactLocation?.uri])).toEqual([
      ['drop-notes: no generated row reached public.f(integer):3: "IF n > 1" true', 'm'],
      ['drop-notes: no generated row reached "IF n > 1" true', 'up.sql'],
    ])
  })

  test('any result gives each error and warning once, with a rule that has help, worst first', () => {
    fc.assert(
      fc.property(verifyResult, (result) => {
        const { results = [], tool } = run(renderSarif(result, new Map()))
        const findings = result.migrations.flatMap((migration) => migration.findings).filter((finding) => finding.severity !== 'info')
        expect(results).toHaveLength(findings.length)
        const gravity = results.map((one) => (one.suppressions === undefined ? 0 : 2) + (one.level === 'error' ? 0 : 1))
        expect(gravity).toEqual(gravity.toSorted())
        for (const one of results) {
          const rule = tool.driver.rules?.[one.ruleIndex ?? -1]
          expect(rule?.id).toBe(one.ruleId)
          // What somebody else says of a rule of their own may be short.
          const isOwn = (result.ownInvariants ?? []).some(({ id }) => one.ruleId?.startsWith(`${id}/`))
          expect(rule?.help?.text.length).toBeGreaterThan(isOwn ? 0 : 20)
          expect(rule?.help?.markdown).toContain('What to do')
          const example = exampleOf(one.ruleId ?? '')
          if (example !== undefined) expect(rule?.help?.text).toContain(example)
        }
      }),
    )
  })

  test('a finding stands at its line with its text, and is known again by its id', () => {
    const finding = exampleFinding({ file: 'db/my step/up.sql', line: 2, hint: 'Keep it.', waived: null })
    const files = new Map([
      ['db/my step/up.sql', { path: 'services/a/db/my step/up.sql', text: 'BEGIN;\r\nALTER TABLE items DROP COLUMN notes;\n' }],
    ])
    const { results, originalUriBaseIds, automationDetails, invocations } = run(
      renderSarif(exampleResult([{ findings: [finding] }]), files),
    )
    expect(results).toEqual([
      {
        ruleId: 'zero-loss/cell-lost',
        ruleIndex: rulesOf().findIndex((rule) => rule.id === 'zero-loss/cell-lost'),
        level: 'error',
        message: {
          text: 'drop-notes: cells of "notes" are nowhere to be found afterwards\nKeep it.\ngodwit replay reports/drop-notes/counterexamples/f1.sql',
        },
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: 'services/a/db/my%20step/up.sql', uriBaseId: 'SRCROOT' },
              region: { startLine: 2, snippet: { text: 'ALTER TABLE items DROP COLUMN notes;' } },
            },
            logicalLocations: [{ fullyQualifiedName: 'public.items.notes', kind: 'member' }],
          },
        ],
        partialFingerprints: { 'godwitFinding/v1': 'f1' },
        relatedLocations: [
          {
            id: 1,
            message: { text: 'counterexample' },
            physicalLocation: { artifactLocation: { uri: 'reports/drop-notes/counterexamples/f1.sql', uriBaseId: 'SRCROOT' } },
          },
        ],
        properties: { migration: 'drop-notes', known: 'observed', relation: 'public.items', attribute: 'notes', object: null, cause: null },
      },
    ])
    expect(originalUriBaseIds).toEqual({ SRCROOT: { description: { text: 'The root of the repository.' } } })
    expect([automationDetails?.id, invocations?.[0]?.exitCode, invocations?.[0]?.executionSuccessful]).toEqual(['godwit/', 1, true])
  })

  test('two findings of one rule on one line are told apart where GitHub would take them for one', () => {
    const findings = ['a', 'b'].map((id) => exampleFinding({ id, attribute: id }))
    const other = exampleFinding({ id: 'c', line: 9 })
    const { results } = run(renderSarif(exampleResult([{ findings: [...findings, other] }]), new Map()))
    expect(results?.map((one) => one.partialFingerprints?.primaryLocationLineHash)).toEqual(['a:1', 'b:1', undefined])
  })

  test('what is waived is suppressed with who and why, and what is for information is only counted', () => {
    const waived = { owner: 'ann', reason: 'archived in S3', expires: '2027-01-01' }
    const findings = [
      exampleFinding({ waived }),
      exampleFinding({ id: 'f2', severity: 'info' }),
      exampleFinding({ id: 'f3', severity: 'warning' }),
    ]
    const { results, invocations } = run(renderSarif(exampleResult([{ findings }]), new Map()))
    expect(results?.map((one) => [one.level, one.suppressions])).toEqual([
      ['warning', undefined],
      ['error', [{ kind: 'external', status: 'accepted', justification: 'ann, until 2027-01-01: archived in S3' }]],
    ])
    expect(texts(invocations)).toEqual(['note: 1 finding for information only: results.json has them.'])
  })

  test('what was not judged is a notification: a broken history, what is unknown, what was not checked', () => {
    const unknown = {
      id: 'zero-loss',
      verdict: 'unknown' as const,
      because: 'no rows',
      saw: { relations: 0, rows: 0, cells: 0, runs: 0 },
      under: [],
    }
    const brokenAt = { migration: 's2', file: 'db/s2.sql', line: 4, message: 'no "vector"', hint: 'Use --skip-extension.' }
    const endToEnd = { steps: 3, verdict: 'violated' as const, because: 's1 is not restored' }
    const result = {
      ...exampleResult([
        { verdict: 'unknown', findings: [], invariants: [unknown], notChecked: ['public.a could not be filled'], disagreements: ['odd'] },
      ]),
      verdict: 'unknown' as const,
      sources: [{ path: './db/', format: 'sql', steps: 3, verified: 3, cached: 0, brokenAt, endToEnd, notes: ['a stand-in for vector'] }],
    }
    const { invocations, automationDetails } = run(renderSarif(result, new Map()))
    expect([automationDetails?.id, invocations?.[0]?.exitCode]).toEqual(['godwit/db/', 4])
    expect(texts(invocations)).toEqual([
      'error: s2 does not apply to an empty database: no "vector" Use --skip-extension.',
      'error: all downs from the end of ./db/: violated. s1 is not restored',
      'note: ./db/: a stand-in for vector',
      'error: drop-notes: odd',
      'warning: drop-notes: zero-loss could not be judged. no rows',
      'note: drop-notes: public.a could not be filled',
    ])
  })

  test('of too many findings the gravest stand, and what was cut is said', () => {
    const findings = Array.from({ length: 25_010 }, (_, index) =>
      exampleFinding({ id: `f${index}`, severity: index < 20 ? 'warning' : 'error', line: index + 1 }),
    )
    const { results, invocations } = run(renderSarif(exampleResult([{ findings }]), new Map()))
    expect([results?.length, results?.filter((one) => one.level === 'warning').length]).toEqual([25_000, 10])
    expect(texts(invocations)).toEqual([
      'warning: 10 of 25010 findings did not fit; the gravest stand here, and results.json has them all.',
      'warning: GitHub shows the gravest 5000 of 25000 results.',
    ])
  })

  test('any path is one relative URI that decodes to itself', () => {
    const segment = nastyText.filter((text) => !/[/\\\p{Cs}]/u.test(text) && !/^\.*$/.test(text))
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), (segments) => {
        const uri = uriOf(segments.join('/'))
        expect(new URL(uri, 'file:///r/').href.startsWith('file:///r/')).toBe(true)
        expect(uri.split('/').map(decodeURIComponent)).toEqual(segments)
      }),
    )
    expect(['./a/b.sql', 'a\\b.sql', '/x y', 'c:d', '../e'].map(uriOf)).toEqual(['a/b.sql', 'a/b.sql', 'file:///x%20y', 'c%3Ad', '../e'])
  })

  test('files are named from the root of the repository, a folder by its file, and nothing outside of it is read', async () => {
    const root = await mkdtemp(join(tmpdir(), 'sarif-spec-'))
    try {
      const step = join(root, 'repo/services/a/db/s1')
      await mkdir(step, { recursive: true })
      await mkdir(join(root, 'repo/.git'))
      for (const name of ['down.sql', 'migration.sql']) await writeFile(join(step, name), `-- ${name}`)
      await writeFile(join(root, 'secret'), 'hunter2')
      await symlink(join(root, 'secret'), join(step, 'link.sql'))
      const findings = ['db/s1/down.sql', 'db/s1/link.sql', '../../../secret', 'gone.sql', 'db\0'].map((file) => exampleFinding({ file }))
      const files = await readSourceFiles(exampleResult([{ path: 'db/s1', findings }]), join(root, 'repo/services/a'))
      expect([...files]).toEqual([
        ['db/s1', { path: 'services/a/db/s1/migration.sql', text: '-- migration.sql' }],
        ['db/s1/down.sql', { path: 'services/a/db/s1/down.sql', text: '-- down.sql' }],
        ['db/s1/link.sql', { path: 'services/a/db/s1/link.sql', text: undefined }],
        ['../../../secret', { path: join(root, 'secret'), text: undefined }],
        ['gone.sql', { path: 'services/a/gone.sql', text: undefined }],
        ['db\0', { path: 'services/a/db\0', text: undefined }],
      ])
    } finally {
      await rm(root, { recursive: true })
    }
  })
})

function run(text: string): Run {
  const [first] = (JSON.parse(text) as Log).runs
  if (first === undefined) throw new Error('no run')
  return first
}

function texts(invocations: Run['invocations']): readonly string[] {
  return (invocations?.[0]?.toolExecutionNotifications ?? []).map((each) => `${each.level}: ${each.message.text}`)
}

/** The schema as Microsoft publishes it; of draft 4, of which it uses nothing that later drafts read otherwise but the name of `id`. */
