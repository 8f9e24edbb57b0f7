import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  acceptFindings,
  type Baseline,
  extendBaseline,
  type FindingWaiver,
  pruneBaseline,
  type VerifyResult,
} from '../../../harness/result/index.ts'
import { exampleFinding, exampleResult, verifyResult } from './result-arbitrary.ts'

const today = '2026-11-21'
const by = { owner: 'ana', reason: 'moved to the archive', expires: '2027-01-31' }
const everything: FindingWaiver = { ...by, migration: '*' }

/** Any result whose verdicts follow from what was found, as those of a run do. */
const consistent = verifyResult.map((result) => {
  const migrations = result.migrations.map((migration) => {
    const ids = [...new Set(migration.findings.map((finding) => finding.invariant))]
    const judged = migration.invariants.filter((each) => each.verdict !== 'violated' && !ids.includes(each.id))
    const open = migration.findings.map((finding, at) => ({ ...finding, id: `${finding.id}-${at}`, waived: null, cause: null }))
    const invariants = [
      ...judged,
      ...ids.map((id) => {
        const worst = open.find((finding) => finding.invariant === id && finding.severity === 'error')
        const saw = { relations: 1, rows: 1, cells: 1, runs: 1 }
        return {
          id,
          verdict: worst === undefined ? ('holds' as const) : ('violated' as const),
          because: worst?.message ?? '',
          saw,
          under: [],
        }
      }),
    ]
    const verdicts = invariants.map((each) => each.verdict).filter((each) => each !== 'not-applicable')
    return { ...migration, findings: open, invariants, verdict: gravest(verdicts) }
  })
  const warnings = migrations.flatMap((each) => each.findings).filter((each) => each.severity === 'warning').length
  return { ...result, warnings, migrations, verdict: gravest(migrations.map((each) => each.verdict)) }
})

function gravest(verdicts: readonly string[]): 'holds' | 'violated' | 'unknown' {
  if (verdicts.includes('violated')) return 'violated'
  return verdicts.length === 0 || verdicts.includes('unknown') ? 'unknown' : 'holds'
}

describe('accepted findings', () => {
  test('any result to which nothing is accepted stays the same object', () => {
    fc.assert(
      fc.property(verifyResult, (result) => {
        const unwaived = {
          ...result,
          migrations: result.migrations.map((each) => ({ ...each, findings: each.findings.map((one) => ({ ...one, waived: null })) })),
        }
        expect(acceptFindings(unwaived, { today }).result).toBe(unwaived)
      }),
    )
  })

  test('any result of which everything is accepted, by waiver or by baseline, is not violated and counts no warning', () => {
    fc.assert(
      fc.property(consistent, fc.boolean(), (result, byBaseline) => {
        const acceptance = byBaseline ? { baseline: extendBaseline(undefined, result, { today }) } : { waivers: [everything] }
        const accepted = acceptFindings(result, { ...acceptance, today }).result
        expect([accepted.verdict === 'violated', accepted.warnings]).toEqual([false, 0])
        expect(accepted.migrations.map((each) => each.findings.length)).toEqual(result.migrations.map((each) => each.findings.length))
      }),
    )
  })

  test('any waiver that has expired judges as if it were not there', () => {
    fc.assert(
      fc.property(consistent, (result) => {
        const judgement = (one: VerifyResult) => ({
          verdict: one.verdict,
          warnings: one.warnings,
          migrations: one.migrations.map(({ verdict, invariants, findings }) => ({ verdict, invariants, findings })),
        })
        const expired = acceptFindings(result, { waivers: [{ ...everything, expires: '2026-11-20' }], today }).result
        expect(judgement(expired)).toEqual(judgement(result))
      }),
    )
  })

  test('any acceptance given twice gives what it gave once', () => {
    fc.assert(
      fc.property(consistent, fc.constantFrom('2026-11-20', '2026-11-21'), (result, expires) => {
        const acceptance = { waivers: [{ ...everything, expires }], today }
        const once = acceptFindings(result, acceptance).result
        expect(acceptFindings(once, acceptance).result).toEqual(once)
      }),
    )
  })

  test('a waiver holds through its last day, and not a day longer', () => {
    const result = exampleResult([{}])
    const on = (day: string) => acceptFindings(result, { waivers: [{ ...by, invariant: 'zero-loss' }], today: day }).result
    expect([on('2027-01-31').verdict, on('2027-02-01').verdict]).toEqual(['holds', 'violated'])
    expect(on('2027-01-31').migrations[0]?.findings[0]?.waived).toEqual(by)
    expect(on('2027-02-01').migrations[0]?.notChecked).toEqual([
      'the waiver of ana for zero-loss on the migration expired on 2027-01-31: the finding counts again',
    ])
  })

  test.each<[string, Partial<FindingWaiver>, boolean]>([
    ['its id', { finding: 'f1' }, true],
    ['another id', { finding: 'f2' }, false],
    ['its place', { invariant: 'zero-loss', kind: 'cell-lost', relation: 'public.items', attribute: 'notes' }, true],
    ['another attribute', { invariant: 'zero-loss', relation: 'public.items', attribute: 'title' }, false],
    ['its step by a pattern', { invariant: 'zero-loss', migration: 'drop-*' }, true],
    ['a pattern of other steps', { invariant: 'zero-loss', migration: 'add-*' }, false],
    ['a pattern whose dot is a dot', { invariant: 'zero-loss', migration: 'drop.*' }, false],
  ])('a waiver finds by %s', (_, part, found) => {
    const { result, notes } = acceptFindings(exampleResult([{}]), { waivers: [{ ...by, ...part }], today })
    expect([result.verdict, notes.some((note) => note.includes('is not used'))]).toEqual(found ? ['holds', false] : ['violated', true])
  })

  test('of a part of the steps nothing is said to be unused', () => {
    const waivers = [{ ...by, invariant: 'atomicity' }]
    expect(acceptFindings(exampleResult([{}]), { waivers, today, complete: false }).notes).toEqual([])
  })

  test('a waiver for more than a year is remarked on', () => {
    const waivers = [{ ...by, invariant: 'zero-loss', expires: '2027-11-22' }]
    expect(acceptFindings(exampleResult([{}]), { waivers, today }).notes).toEqual([
      'the waiver of ana for zero-loss on the migration lasts until 2027-11-22, more than a year from now',
    ])
  })

  test('what follows from an accepted finding is accepted with it', () => {
    const saw = { relations: 1, rows: 1, cells: 1, runs: 1 }
    const result = exampleResult([
      {
        invariants: [
          { id: 'rollback-restores-state', verdict: 'violated', because: 'x', saw, under: [] },
          { id: 'round-trip', verdict: 'violated', because: 'follows from r: y', saw, under: [] },
        ],
        findings: [
          exampleFinding({ id: 'r', invariant: 'rollback-restores-state' }),
          exampleFinding({ id: 't', invariant: 'round-trip', severity: 'info', cause: 'r' }),
        ],
      },
    ])
    const accepted = acceptFindings(result, { waivers: [{ ...by, finding: 'r' }], today }).result
    expect(accepted.migrations[0]?.invariants.map((each) => each.verdict)).toEqual(['holds', 'holds'])
  })

  test('an invariant that would be unknown without its findings is unknown once they are accepted', () => {
    const result = exampleResult([{}])
    const unfilled = {
      ...result,
      migrations: result.migrations.map((each) => ({
        ...each,
        invariants: each.invariants.map((one) => ({ ...one, otherwise: 'no rows could be made for public.items' })),
      })),
    }
    expect(acceptFindings(unfilled, { waivers: [everything], today }).result.verdict).toBe('unknown')
  })
})

describe('a baseline', () => {
  const result = exampleResult([{ name: 'old' }, { name: 'newer', findings: [exampleFinding({ id: 'f2' })] }])

  test('accepts what it has seen of a step, and nothing of one whose files changed since', () => {
    const baseline = extendBaseline(undefined, result, { today, except: new Set(['newer']) })
    const accepted = acceptFindings(result, { baseline, today })
    expect([accepted.result.verdict, accepted.result.migrations.map((each) => each.verdict)]).toEqual(['violated', ['holds', 'violated']])
    expect(accepted.result.migrations[0]?.findings[0]?.waived).toEqual({
      owner: 'baseline',
      reason: 'known and accepted since 2026-11-21',
      expires: null,
    })

    const changed = { ...result, migrations: result.migrations.map((each) => ({ ...each, digest: 'other' })) }
    const anew = acceptFindings(changed, { baseline, today })
    expect(anew.result).toBe(changed)
    expect(anew.notes).toEqual(['baseline: old has changed since it was accepted: 1 accepted finding of it no longer holds'])
  })

  test('does not accept a finding that has become graver', () => {
    const mild = exampleResult([{ findings: [exampleFinding({ severity: 'warning' })] }])
    const baseline = extendBaseline(undefined, mild, { today })
    expect(acceptFindings(exampleResult([{}]), { baseline, today }).result.verdict).toBe('violated')
  })

  test('names what is no longer found, and pruning removes it', () => {
    const baseline = extendBaseline(undefined, result, { today })
    const mended = exampleResult([
      { name: 'old', verdict: 'holds', findings: [] },
      { name: 'newer', findings: [exampleFinding({ id: 'f2' })] },
    ])
    expect(acceptFindings(mended, { baseline, today }).notes).toEqual([
      'baseline: no longer found in old: zero-loss, cells of "notes" are nowhere to be found afterwards (f1)',
    ])
    expect(pruneBaseline(baseline, mended).steps.map((step) => step.migration)).toEqual(['newer'])
    expect(pruneBaseline(baseline, exampleResult([{ name: 'old' }])).steps.map((step) => step.migration)).toEqual(['old'])
  })

  test('keeps what could not be judged this time', () => {
    const baseline = extendBaseline(undefined, result, { today })
    const unjudged = exampleResult([{ name: 'old', findings: [], invariants: [] }])
    const { steps } = extendBaseline(baseline, unjudged, { today })
    expect(steps.map((step) => [step.migration, step.accepted.length])).toEqual([
      ['newer', 1],
      ['old', 1],
    ])
    expect(pruneBaseline(baseline, unjudged).steps.length).toBe(1)
  })

  test('of a waived finding has no entry: the waiver has a day on which it ends', () => {
    const waived = acceptFindings(result, { waivers: [{ ...by, finding: 'f1' }], today }).result
    expect(extendBaseline(undefined, waived, { today }).steps.map((step) => step.migration)).toEqual(['newer'])
  })

  test('any two made one after the other of the same result are the same, and keep the first day', () => {
    fc.assert(
      fc.property(verifyResult, (one) => {
        const first: Baseline = extendBaseline(undefined, one, { today: '2026-01-01' })
        expect(extendBaseline(first, one, { today })).toEqual(first)
      }),
    )
  })
})
