import { stripVTControlCharacters } from 'node:util'
import * as fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { decisionOn, renderTerminal } from '../../../harness/report/index.ts'
import { coverageOfAll } from '../../../harness/result/index.ts'
import { exampleFinding, exampleResult, migrationResult, verifyResult } from '../result/result-arbitrary.ts'

describe('terminal', () => {
  test('any result is wrapped at the width, but for commands and paths', () => {
    fc.assert(
      fc.property(verifyResult, fc.integer({ min: 40, max: 200 }), (result, columns) => {
        const text = (width: number) => renderTerminal(result, { color: false, columns: width, reports: ['a', 'b', 'c', 'd'] })
        const lines = text(columns).split('\n')
        for (const line of lines)
          if (!/^ {2}(report|replay) |^ {11}\S+:\d+ {2}|^ {11}\S+ {2}\S+$/.test(line))
            expect(stringWidth(line), line).toBeLessThanOrEqual(columns)
        const piped = text(Number.POSITIVE_INFINITY).split('\n').length
        expect(piped).toBeLessThanOrEqual(lines.length)
      }),
      { numRuns: 300 },
    )
  })

  test('counts the checks that passed, and says where none applies', () => {
    const holding = (invariants: readonly string[]) =>
      exampleResult([{}]).migrations.map((one) => ({
        ...one,
        verdict: 'holds' as const,
        findings: [],
        invariants: one.invariants.flatMap((each) => invariants.map((id) => ({ ...each, id, verdict: 'holds' as const }))),
      }))[0]
    const sentences = [[], ['applies'], ['applies', 'determinism']].map((ids) => {
      const one = holding(ids)
      return one === undefined ? '' : decisionOn(one).sentence.replace(/, on .*/, '')
    })
    expect(sentences).toEqual([
      'Release: no check applies to it.',
      'Release: the one check that applies passed',
      expect.stringMatching(/^Release: all \d checks that apply passed$/),
    ])
  })

  test('any result ends with the decision, in one sentence', () => {
    fc.assert(
      fc.property(verifyResult, (result) => {
        const last = renderTerminal(result, { color: false, columns: Number.POSITIVE_INFINITY }).trimEnd().split('\n').at(-1)
        const begins = {
          holds: /^✓ (Release: |No (new )?migration)/,
          violated: /^✗ Do not release: /,
          unknown: /^\? Not enough evidence: /,
        }
        expect(last).toMatch(begins[result.verdict])
      }),
      { numRuns: 300 },
    )
  })

  test('any text of the data leaves the cursor and the colours alone', () => {
    fc.assert(
      fc.property(verifyResult, (result) => {
        const text = renderTerminal(result, { color: false, columns: 120 })
        expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
        expect(stripVTControlCharacters(renderTerminal(result, { color: true, columns: 120 }))).toBe(text)
      }),
      { numRuns: 300 },
    )
  })

  test('any violated migration is named with its worst finding and a line that replays it', () => {
    fc.assert(
      fc.property(migrationResult, (migration) => {
        const error = exampleFinding({ message: 'the worst of all' })
        const findings = [...migration.findings.map((one) => ({ ...one, severity: 'warning' as const })), error]
        const text = renderTerminal(exampleResult([{ ...migration, verdict: 'violated', findings }]), { color: false, columns: 400 })
        expect(text.split('\n')[1]).toContain('the worst of all')
        expect(text).toMatch(/^ {2}replay {2}npx godwit replay .*seed 7$/m)
      }),
    )
  })

  test('quiet steps of a history are one line, and the history says how far it went', () => {
    const waived = { owner: 'ann', reason: 'old', expires: null }
    const quiet = (index: number) => ({
      name: `s${index}`,
      verdict: 'holds' as const,
      cached: index < 470,
      findings: [],
      notChecked: index < 3 ? ['x'] : [],
    })
    const accepted = { name: 'old', verdict: 'holds' as const, findings: [exampleFinding({ waived })] }
    const brokenAt = { migration: 's2', file: 'db/s2.sql', line: 4, message: 'no "vector"', hint: 'Use --skip-extension.' }
    const endToEnd = { steps: 482, verdict: 'violated' as const, because: 's1 is not restored' }
    const source = { path: 'db', format: 'goose', steps: 483, verified: 13, cached: 470, brokenAt, endToEnd, notes: ['a', 'b', 'c'] }
    const steps = [...Array.from({ length: 481 }, (_, index) => quiet(index)), accepted, { name: 'loud' }]
    const lines = renderTerminal({ ...exampleResult(steps), sources: [source] }, { color: false, columns: 120 }).split('\n')
    expect(lines[0]).toBe('✗ loud  violated  (100 generated data sets, PostgreSQL 18.4, 12 ms)')
    expect(lines.slice(-11)).toEqual([
      '✓ 482 migrations hold; 470 from the cache, 1 waived, 3 not checked',
      'db  goose: 483 steps, 13 verified, 470 from the cache',
      '  breaks at s2: no "vector"  db/s2.sql:4',
      '  → Use --skip-extension.',
      '  all 482 downs from the end: violated: s1 is not restored',
      '  note  a',
      '  note  b',
      '  1 more note in the report',
      '483 migrations: 1 violated, 0 unknown, 482 hold, 0 warnings; 3.2 s; seed 7',
      '✗ Do not release: in 1 of 483 migrations data is lost or altered.',
      '',
    ])
  })

  test('what the rows of all steps have reached is one line, before the total', () => {
    const of = (reached: number, feasible: number) => ({
      name: `s${reached}`,
      coverage: { reached, feasible, infeasible: 1, unmeasured: 2, wanted: null, targets: [] },
    })
    const result = exampleResult([of(3, 4), of(10, 10), { name: 'none' }])
    const counted = { ...result, coverage: coverageOfAll(result.migrations) }
    const lines = (shown: typeof result) => renderTerminal(shown, { color: false, columns: 120 }).split('\n')
    expect(lines(counted).at(-4)).toBe(
      'all migrations: generated rows reached 13 of 14 outcomes of conditions (92 %; 2 cannot occur; 4 not measured)',
    )
    expect(lines({ ...result, coverage: coverageOfAll([]) }).at(-4)).not.toContain('targets')
  })

  test('a step of which nothing was judged, for one reason, says that reason', () => {
    const because = '"db/2.sql" was not run: psql cannot apply it: db/2.sql:1:1: syntax error'
    const saw = { relations: 0, rows: 0, cells: 0, runs: 0 }
    const unknown = (id: string) => ({ id, verdict: 'unknown' as const, because, saw, under: [] })
    const step = { name: '2.sql', verdict: 'unknown' as const, findings: [], invariants: [unknown('applies'), unknown('zero-loss')] }
    const text = renderTerminal(exampleResult([step]), { color: false, columns: 400 })
    expect(text.split('\n')[1]?.trim()).toBe(`Not enough evidence: it was not verified: ${because}.`)
    expect(text).not.toContain('zero-loss')
  })

  test('nothing in it is a command to the runner of GitHub Actions', () => {
    const text = renderTerminal(exampleResult([{ name: '##[error]x' }]), { color: false, columns: 120 })
    expect(text).not.toContain('##[')
  })

  test('five findings are shown, each with its place and what to do, and the rest counted', () => {
    const findings = Array.from({ length: 9 }, (_, index) =>
      exampleFinding({ id: `f${index}`, severity: index % 2 === 0 ? 'error' : 'warning' }),
    )
    const result = exampleResult([{ findings, notChecked: ['a', 'b'] }])
    const lines = renderTerminal(result, {
      color: false,
      columns: 60,
      reports: ['reports/drop-notes/MIGRATION_TEST_RESULTS.md'],
      excerpt: (file, line) => (file.endsWith('up.sql') && line === 3 ? 'ALTER TABLE items DROP COLUMN notes;' : undefined),
    }).split('\n')
    expect(lines).toEqual([
      '✗ drop-notes  violated  (100 generated data sets, PostgreSQL',
      '18.4, 3.2 s)',
      ...Array.from({ length: 5 }, () => [
        '  error    cells of "notes" are nowhere to be found',
        '           afterwards.',
        '           up.sql:3  zero-loss',
        '           3 | ALTER TABLE items DROP COLUMN notes;',
        '             |                               ^^^^^',
      ]).flat(),
      '  in the report: 4 more warnings, 2 not checked',
      '  report  reports/drop-notes/MIGRATION_TEST_RESULTS.md',
      '  replay  npx godwit replay reports/drop-notes/counterexamples/f1.sql  # seed 7',
      '',
      '✗ Do not release: data is lost or altered.',
      '',
    ])
  })

  test('in a pipe nothing is cut or wrapped, and what to do is a line of its own', () => {
    const message = `${'a long sentence about one row, '.repeat(20)}which ends here`
    const finding = exampleFinding({ message, hint: `Do this: ${'x '.repeat(200)}.` })
    const lines = renderTerminal(exampleResult([{ findings: [finding] }]), { color: false, columns: Number.POSITIVE_INFINITY }).split('\n')
    expect(lines[1]).toBe(`  error    public.items.notes: ${message}.`)
    expect(lines[3]).toBe(`           → Do this: ${'x '.repeat(200)}.`)
  })

  test('what follows from a finding is counted under it', () => {
    const cause = exampleFinding({ id: 'cause' })
    const follows = (id: string) => exampleFinding({ id, cause: 'cause', severity: 'warning', message: `what follows, ${id}` })
    const text = renderTerminal(exampleResult([{ findings: [cause, follows('a'), follows('b')] }]), { color: false, columns: 100 })
    expect(text).toContain('           2 more findings follow from it\n')
    expect(text).not.toContain('what follows')
  })

  test('of many migrations each has its own time, and three findings', () => {
    const findings = Array.from({ length: 9 }, (_, index) => exampleFinding({ id: `f${index}` }))
    const result = exampleResult([
      { name: 'a', findings, timings: { edge: 1_200, band: 300 } },
      { name: 'b', findings, runs: 0 },
    ])
    const text = renderTerminal(result, { color: false, columns: 100, excerpt: () => 'SELECT notes' })
    expect(text).toContain('✗ a  violated  (100 generated data sets, PostgreSQL 18.4, 1.5 s)\n')
    expect(text).toContain('✗ b  violated  (on no generated rows, PostgreSQL 18.4, ')
    expect(text.match(/^ {2}error/gm)).toHaveLength(6)
    expect(text).not.toContain('SELECT notes')
  })

  test('many migrations that hold share one line', () => {
    const holding = { verdict: 'holds', findings: [], invariants: [] } as const
    const result = exampleResult([...Array.from({ length: 40 }, () => holding), {}])
    expect(renderTerminal(result, { color: false, columns: 100 })).toContain('✓ 40 migrations hold\n')
  })

  test('passwords in URLs are not shown', () => {
    const result = exampleResult([{ findings: [exampleFinding({ message: 'postgres://app:s3cr:et@p@db/x refused' })] }])
    expect(renderTerminal(result, { color: false, columns: 200 })).toContain('postgres://app:***@db/x refused')
  })
})
