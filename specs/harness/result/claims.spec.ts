import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Claim } from '../../../harness/migration/index.ts'
import {
  acceptFindings,
  type ClaimResult,
  declaredClaims,
  type FindingResult,
  type InvariantResult,
  judgeClaims,
  judgeMigration,
  type MigrationResult,
  type SeenElsewhere,
  type SpecOutcome,
} from '../../../harness/result/index.ts'
import { exampleFinding, exampleResult } from './result-arbitrary.ts'

const saw = { relations: 1, rows: 16, cells: 48, runs: 100 }

function invariant(id: string, verdict: InvariantResult['verdict'], because = ''): InvariantResult {
  return { id, verdict, because, saw, under: [] }
}

/** One claim on some grounds, judged. */
function judged(
  restsOn: Claim['restsOn'],
  { invariants = [], findings = [] }: Partial<MigrationResult>,
  seen?: SeenElsewhere,
): ClaimResult | undefined {
  return judgeClaims(declaredClaims([{ id: 'SB-2', text: 'no stock is lost', restsOn }]), { invariants, findings }, seen)[0]
}

const passed: SpecOutcome = { ids: ['SB-2'], title: 'stock > SB-2: parity', state: 'passed' }

describe('a claim that rests on an invariant', () => {
  const restsOn = [{ invariant: 'zero-loss' }]

  test('is held where it holds, and says on how many rows', () => {
    expect(judged(restsOn, { invariants: [invariant('zero-loss', 'holds')] })).toMatchObject({
      state: 'held',
      because: 'The invariant zero-loss holds, tested on 16 rows in 100 runs.',
    })
  })

  test('is refuted where it is violated, by its gravest open finding and its counterexample', () => {
    const findings = [
      exampleFinding({ id: 'w', severity: 'warning', message: 'a warning' }),
      exampleFinding({ id: 'e', message: '`items.notes` is lost' }),
      exampleFinding({ id: 'other', invariant: 'atomicity' }),
    ]
    expect(judged(restsOn, { invariants: [invariant('zero-loss', 'violated', 'a warning')], findings })).toMatchObject({
      state: 'refuted',
      because: '`items.notes` is lost.',
      finding: 'e',
      counterexample: 'reports/drop-notes/counterexamples/f1.sql',
    })
  })

  test.each([
    [
      'unknown',
      'the migration fails on the data sets with which it could be checked',
      'zero-loss is not tested: the migration fails on the data sets with which it could be checked.',
    ],
    ['not-applicable', 'it reaches no relation', 'zero-loss does not apply: it reaches no relation.'],
  ] as const)('is not checked where it is %s, for its own reason', (verdict, because, expected) => {
    expect(judged(restsOn, { invariants: [invariant('zero-loss', verdict, because)] })).toMatchObject({
      state: 'not-checked',
      because: expected,
    })
  })

  test('is not checked where no such invariant was judged', () => {
    expect(judged(restsOn, { invariants: [invariant('atomicity', 'holds')] })).toMatchObject({
      state: 'not-checked',
      because: 'The invariant "zero-loss" was not judged.',
    })
  })

  test('an accepted finding does not make it true: it stays refuted, and says who accepted that, until when and why', () => {
    const result = exampleResult([{ claims: declaredClaims([{ id: 'SB-2', text: 'no stock is lost', restsOn }]) }])
    const waivers = [{ invariant: 'zero-loss', owner: 'ana', reason: 'in the archive', expires: '2027-01-31' }]
    const before = judgeMigration(result.migrations[0] as MigrationResult, [exampleFinding({})], 'error')
    expect(before.claims?.[0]).toMatchObject({ state: 'refuted', finding: 'f1' })
    expect(before.claims?.[0]).not.toHaveProperty('accepted')
    const { migrations } = acceptFindings({ ...result, migrations: [before] }, { waivers, today: '2026-11-29' }).result
    expect(migrations[0]).toMatchObject({
      verdict: 'holds',
      claims: [{ state: 'refuted', finding: 'f1', accepted: 'by ana until 2027-01-31: in the archive.' }],
    })
  })
})

test('a claim that is judged again keeps nothing of what is no longer found', () => {
  const restsOn = [{ invariant: 'zero-loss' }]
  const sound = { invariants: [invariant('zero-loss', 'holds')], findings: [] }
  const refuted = judged(restsOn, { invariants: [invariant('zero-loss', 'violated')], findings: [exampleFinding({})] }) as ClaimResult
  expect(refuted.state).toBe('refuted')
  expect(judgeClaims([refuted], sound)).toEqual([judged(restsOn, sound)])
})

describe('a claim that rests on a measure', () => {
  const differing = exampleFinding({ invariant: 'quantity-parity', object: 'stock', message: 'stock differs' })
  const invariants = [invariant('quantity-parity', 'violated', 'stock differs')]

  test('is refuted by its own finding, and not by that of another measure', () => {
    const both = { invariants, findings: [differing] }
    expect(judged([{ measure: 'stock' }], both)).toMatchObject({ state: 'refuted', finding: 'f1' })
    expect(judged([{ measure: 'value' }], both)).toMatchObject({
      state: 'held',
      because: 'The measure "value" holds, tested on 16 rows in 100 runs.',
    })
  })

  test('is not checked where some of the comparison is left out', () => {
    const [only] = invariants
    const cut = [{ ...(only as InvariantResult), otherwise: 'the time limit was reached' }]
    expect(judged([{ measure: 'value' }], { invariants: cut, findings: [differing] })).toMatchObject({
      state: 'not-checked',
      because: 'the time limit was reached.',
    })
  })
})

describe('a claim that rests on tests', () => {
  const restsOn = [{ spec: 'SB-2' }]

  test('is held where all of them pass, refuted where one fails, not checked where one is skipped or there is none', () => {
    const failed: SpecOutcome = { ...passed, title: 'SB-2: totals', state: 'failed', message: 'expected 3 to be 4', counterexample: '[1]' }
    const skipped: SpecOutcome = { ...passed, title: 'SB-2: slow', state: 'skipped' }
    const of = (...specs: readonly SpecOutcome[]) => judged(restsOn, {}, { specs })
    expect(of(passed)).toMatchObject({ state: 'held', because: '1 test passed.' })
    expect(of(passed, passed)).toMatchObject({ state: 'held', because: 'All 2 tests passed.' })
    expect(of(passed, skipped, failed)).toMatchObject({
      state: 'refuted',
      because: 'The test "SB-2: totals" fails: expected 3 to be 4',
      counterexample: '[1]',
    })
    expect(of(passed, skipped)).toMatchObject({ state: 'not-checked', because: '1 of 2 tests did not run: "SB-2: slow".' })
    expect(of()).toMatchObject({ state: 'not-checked', because: 'No test whose title begins with "SB-2:" was run.' })
  })

  test('one that is expected to fail refutes it, and that is accepted, unless another fails unexpectedly', () => {
    const expected: SpecOutcome = { ...passed, title: 'SB-2: known', state: 'failed', expected: true, message: 'expected 1 to be 2' }
    const refuted = judged(restsOn, {}, { specs: [expected, passed] })
    expect(refuted).toMatchObject({
      state: 'refuted',
      because: 'The test "SB-2: known" fails: expected 1 to be 2',
      accepted: 'by the specs: they expect it to fail.',
    })
    const other = judged(restsOn, {}, { specs: [expected, { ...passed, title: 'SB-2: new', state: 'failed' }] })
    expect(other).toMatchObject({ state: 'refuted', because: 'The test "SB-2: new" fails: no reason is given' })
    expect(other).not.toHaveProperty('accepted')
  })

  test('may name a part of a title', () => {
    const specs = [{ ...passed, ids: [] }]
    expect(judged([{ spec: 'parity' }], {}, { specs })).toMatchObject({ state: 'held' })
    expect(judged([{ spec: 'totals' }], {}, { specs })).toMatchObject({
      state: 'not-checked',
      because: 'No test with "totals" in its title was run.',
    })
  })

  test('tests by its id count although the contract does not name them', () => {
    expect(judged(undefined, {}, { specs: [passed] })).toMatchObject({ state: 'held', restsOn: [{ on: 'spec', name: 'SB-2' }] })
    expect(judged(undefined, {}, { specs: [] })).toMatchObject({
      state: 'not-checked',
      because: 'Nothing that Godwit runs rests on it.',
    })
  })

  test('keeps what tests said when it is judged again without them', () => {
    const once = judged(restsOn, {}, { specs: [passed] }) as ClaimResult
    expect(judgeClaims([once], { invariants: [], findings: [] })).toEqual([once])
  })
})

const finding: fc.Arbitrary<FindingResult> = fc
  .record({
    severity: fc.constantFrom('error' as const, 'warning' as const, 'info' as const),
    waived: fc.option(fc.constant({ owner: 'ana', reason: 'known', expires: null })),
  })
  .map((part) => exampleFinding(part))

test('a claim is held only where everything that it rests on is held, and refuted where any of it is', () => {
  const states = fc.constantFrom('holds' as const, 'violated' as const, 'unknown' as const, 'not-applicable' as const)
  const specs = fc.array(fc.constantFrom('passed' as const, 'failed' as const, 'skipped' as const).map((state) => ({ ...passed, state })))
  fc.assert(
    fc.property(states, fc.array(finding, { maxLength: 3 }), specs, (verdict, findings, outcomes) => {
      const claim = judged(
        [{ invariant: 'zero-loss' }, { spec: 'SB-2' }],
        { invariants: [invariant('zero-loss', verdict, 'why')], findings },
        { specs: outcomes },
      )
      const waived = findings.some((each) => each.waived !== null && each.severity !== 'info')
      const refuted = verdict === 'violated' || waived || outcomes.some(({ state }) => state === 'failed')
      const held = verdict === 'holds' && outcomes.length > 0 && outcomes.every(({ state }) => state === 'passed')
      expect(claim?.state).toBe(refuted ? 'refuted' : held ? 'held' : 'not-checked')
      expect(claim?.because).not.toBe('')
    }),
  )
})
