import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { commentLimit, renderJUnit, renderMarkdown, renderRunSummary, renderSarif, renderTerminal } from '../../../harness/report/index.ts'
import type { ClaimResult } from '../../../harness/result/index.ts'
import { exampleResult } from '../result/result-arbitrary.ts'

const claims: readonly ClaimResult[] = [
  { id: 'SB-1', text: 'items keeps every row', state: 'held', because: 'The invariant zero-loss holds.', restsOn: [] },
  { id: 'SB-10', text: 'a backup is taken', state: 'not-checked', because: 'Nothing that Godwit runs rests on it.', restsOn: [] },
  {
    id: 'SB-6',
    text: 'rollback gives back the legacy state',
    state: 'refuted',
    because: 'The column stays.',
    finding: 'f1',
    counterexample: 'reports/drop-notes/counterexamples/f1.sql',
    restsOn: [],
  },
  {
    id: 'SB-5',
    text: 'both systems agree',
    state: 'refuted',
    because: 'The test fails.',
    counterexample: '[1,2] (seed 7)',
    accepted: 'by ana until 2027-01-31: known.',
    restsOn: [],
  },
]
const result = exampleResult([{ claims }])
const [migration] = result.migrations as [(typeof result.migrations)[number]]

describe('claims in reports', () => {
  test('the terminal counts them in a line and says what refutes them', () => {
    expect(renderTerminal(result, { color: false, columns: 120 })).toContain(
      [
        '  claims: 1 held, 2 refuted (SB-6, SB-5), 1 not checked',
        '  SB-6 is refuted: The column stays.',
        '  SB-5 is refuted, and that is accepted: The test fails. Accepted by ana until 2027-01-31: known.',
        '',
      ].join('\n'),
    )
    const sound = { claims, verdict: 'holds' as const, findings: [] }
    const text = renderTerminal({ ...exampleResult([sound]), verdict: 'holds' }, { color: false, columns: Number.POSITIVE_INFINITY })
    expect(text).toMatch(/^. Release: .*; read the refuted claim SB-6 first\.$/m)
    const many = claims.slice(2, 3).flatMap((claim) => Array.from({ length: 9 }, (_, at) => ({ ...claim, id: `SB-${at}` })))
    expect(renderTerminal(exampleResult([{ claims: many }]), { color: false, columns: 120 })).toContain(
      '  6 more are refuted: see the report\n',
    )
    expect(renderTerminal(exampleResult([{}]), { color: false, columns: 120 })).not.toContain('claims')
  })

  test('the report of a migration has a table, refuted ones first, with links to finding and counterexample', () => {
    const section = renderMarkdown(migration, result)
      .split(/^## /m)
      .find((each) => each.startsWith('Claims'))
    expect(section).toBe(
      `${[
        'Claims',
        '',
        '1 held, 2 refuted (SB-6, SB-5), 1 not checked.',
        '',
        '| claim | promise | state | why |',
        '| - | - | - | - |',
        '| `SB-6` | rollback gives back the legacy state | **refuted** | The column stays.<br>[The finding](#finding-f1)<br>Counterexample: [`reports/drop-notes/counterexamples/f1.sql`](counterexamples/f1.sql) |',
        '| `SB-5` | both systems agree | **refuted** | The test fails. Accepted by ana until 2027-01-31: known.<br>Counterexample: `[1,2] (seed 7)` |',
        '| `SB-10` | a backup is taken | not checked | Nothing that Godwit runs rests on it. |',
        '| `SB-1` | items keeps every row | held | The invariant zero-loss holds. |',
      ].join('\n')}\n\n`,
    )
  })

  test('the summary of a run has a table for each migration that declares claims, also where it holds', () => {
    const text = renderRunSummary(exampleResult([{ claims, verdict: 'holds', findings: [] }, { name: 'other' }]), commentLimit)
    expect(text).toContain(
      '#### Claims of `drop-notes`: 1 held, 2 refuted (SB-6, SB-5), 1 not checked\n\n| claim | promise | state | why |',
    )
    expect(text).not.toContain('Claims of `other`')
    // A refuted claim makes a migration one that needs a look.
    expect(text).toContain('| `drop-notes` | holds |')
  })

  test('JUnit has a property for each, SARIF a notification for each that is not held', async () => {
    const xml = await renderJUnit(result)
    expect(xml).toContain('<property name="claims" value="1 held, 2 refuted (SB-6, SB-5), 1 not checked"/>')
    expect(xml).toContain('<property name="claim.SB-6" value="refuted: rollback gives back the legacy state (The column stays.)"/>')
    const { runs } = JSON.parse(renderSarif(result, new Map()))
    const notes = runs[0].invocations[0].toolExecutionNotifications as {
      descriptor: { id: string }
      level: string
      message: { text: string }
    }[]
    expect(
      notes
        .filter(({ descriptor }) => descriptor.id.startsWith('godwit/claim'))
        .map((each) => [each.descriptor.id, each.level, each.message.text]),
    ).toEqual([
      ['godwit/claim-refuted', 'warning', 'drop-notes: claim SB-6 is refuted (rollback gives back the legacy state): The column stays.'],
      [
        'godwit/claim-refuted',
        'note',
        'drop-notes: claim SB-5 is refuted (both systems agree): The test fails. Accepted by ana until 2027-01-31: known.',
      ],
      [
        'godwit/claim-not-checked',
        'note',
        'drop-notes: claim SB-10 is not checked (a backup is taken): Nothing that Godwit runs rests on it.',
      ],
    ])
  })

  test('any number of claims, however long, fits into a comment, and the last line counts what does not', () => {
    const long = fc.array(
      fc.constantFrom(...claims).map((claim) => ({ ...claim, text: 'x'.repeat(5_000) })),
      { maxLength: 400 },
    )
    fc.assert(
      fc.property(long, (all) => {
        const text = renderRunSummary(exampleResult([{ claims: all }]), commentLimit)
        expect(text.length).toBeLessThanOrEqual(commentLimit.limit)
        const rows = text.match(/^\| `SB-\d+` \|/gm)?.length ?? 0
        const cut = /(\d+) claims? more/.exec(text)?.[1] ?? /\b(\d+) claims?\b/.exec(text)?.[1] ?? '0'
        expect(rows + Number(cut)).toBe(all.length)
      }),
      { numRuns: 20 },
    )
  })
})
