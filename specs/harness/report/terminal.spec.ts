import { stripVTControlCharacters } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { renderTerminal } from '../../../harness/report/index.ts'
import { coverageOfAll } from '../../../harness/result/index.ts'
import { exampleFinding, exampleResult, migrationResult, verifyResult } from '../result/result-arbitrary.ts'

describe('terminal', () => {
  test('any result takes at most ten lines for each migration, and seven for each history', () => {
    fc.assert(
      fc.property(verifyResult, fc.boolean(), fc.integer({ min: 20, max: 200 }), (result, color, columns) => {
        const lines = renderTerminal(result, { color, columns, reports: ['a', 'b', 'c', 'd'] })
          .trimEnd()
          .split('\n')
        expect(lines.length).toBeLessThanOrEqual(10 * Math.max(1, result.migrations.length) + 7 * result.sources.length)
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
        expect(text).toMatch(/^ {2}replay {2}godwit replay .*seed 7$/m)
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
    expect(lines[0]).toBe('✗ loud  violated  (100 runs on PostgreSQL 18.4, 3.2 s)')
    expect(lines.slice(-10)).toEqual([
      '✓ 482 migrations hold; 470 from the cache, 1 waived, 3 not checked',
      'db  goose: 483 steps, 13 verified, 470 from the cache',
      '  breaks at s2: no "vector"  db/s2.sql:4',
      '  hint  Use --skip-extension.',
      '  all 482 downs from the end: violated: s1 is not restored',
      '  note  a',
      '  note  b',
      '  1 more note in the report',
      '✗ violated  (483 migrations: 1 violated, 0 unknown, 482 hold, 0 warnings; seed 7)',
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
    expect(lines(counted).at(-3)).toBe('all migrations: 13 of 14 targets reached (92 %; 2 infeasible; 4 not measured)')
    expect(lines({ ...result, coverage: coverageOfAll([]) }).at(-3)).not.toContain('targets')
  })

  test('a step of which nothing was judged, for one reason, says that reason', () => {
    const because = '"db/2.sql" was not run: psql cannot apply it: db/2.sql:1:1: syntax error'
    const saw = { relations: 0, rows: 0, cells: 0, runs: 0 }
    const unknown = (id: string) => ({ id, verdict: 'unknown' as const, because, saw, under: [] })
    const step = { name: '2.sql', verdict: 'unknown' as const, findings: [], invariants: [unknown('applies'), unknown('zero-loss')] }
    const text = renderTerminal(exampleResult([step]), { color: false, columns: 400 })
    expect(text.split('\n')[1]?.trim()).toBe(`Not verified: ${because}.`)
    expect(text).not.toContain('zero-loss')
  })

  test('nothing in it is a command to the runner of GitHub Actions', () => {
    const text = renderTerminal(exampleResult([{ name: '##[error]x' }]), { color: false, columns: 120 })
    expect(text).not.toContain('##[')
  })

  test('five findings are shown and the rest counted', () => {
    const findings = Array.from({ length: 9 }, (_, index) =>
      exampleFinding({ id: `f${index}`, severity: index % 2 === 0 ? 'error' : 'warning' }),
    )
    const result = exampleResult([{ findings, notChecked: ['a', 'b'] }])
    const lines = renderTerminal(result, {
      color: false,
      columns: 100,
      reports: ['reports/drop-notes/MIGRATION_TEST_RESULTS.md'],
    }).split('\n')
    expect(lines).toEqual([
      '✗ drop-notes  violated  (100 runs on PostgreSQL 18.4, 3.2 s)',
      ...Array.from(
        { length: 5 },
        () => '  error    zero-loss  public.items.notes  cells of "notes" are nowhere to be found afterw…  up.sql:3',
      ),
      '  4 more warnings; 2 not checked',
      '  report  reports/drop-notes/MIGRATION_TEST_RESULTS.md',
      '  replay  godwit replay reports/drop-notes/counterexamples/f1.sql  # seed 7',
      '',
    ])
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
