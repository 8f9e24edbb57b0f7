import { defineInvariant, type Probe, type RunObservation, type Verdict } from 'godwit'
import { describeMigration, verifyShared } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import type { AnyInvariant } from '../../../harness/invariants/index.ts'

const path = 'fixtures/specimens/determinism/sound'
const saw = { relations: 1, rows: 1, cells: 1, runs: 1 }
const holds: Verdict = { outcome: 'holds', saw }
const texts = {
  holds: 'nothing is odd',
  rules: { odd: { severity: 'error', title: 'odd', meaning: 'It is odd.', remedy: 'Make it even.' } },
} as const
const looks = { everyRun: ['up'] } as const
const found = { invariant: 'own', kind: 'odd', severity: 'error', known: 'observed', message: 'odd', evidence: {} } as const
const own = (judge: (run: RunObservation) => unknown) =>
  defineInvariant({ ...texts, id: 'own', looks, judge: judge as (run: RunObservation) => Verdict })
const violating = (finding: object) => own(() => ({ outcome: 'violated', saw, findings: [{ ...found, ...finding }] }))
const throwing: Probe<unknown> = { name: 'p', observe: () => Promise.reject(new Error('no luck')) }
const blind: Probe<unknown> = { name: 'p', observe: () => Promise.resolve({} as never) }

describe('what is wrong with an invariant of the user leaves it unknown, and the others as they are', { timeout: 120_000 }, () => {
  test.each<[string, AnyInvariant, string]>([
    ['a judge that throws', own(() => fail('no luck')), 'its judge threw Error: no luck'],
    ['a judge that throws on some runs', own((run) => (run.regime === 'empty' ? fail('none') : holds)), 'its judge threw Error: none'],
    ['a judge that gives nothing', own(() => undefined), 'its judge gave no verdict: undefined is none'],
    ['an asynchronous judge', own(async () => holds), 'its judge gave no verdict: it is a promise'],
    ['no numbers', own(() => ({ outcome: 'holds' })), '"saw" does not have the numbers'],
    ['no findings', own(() => ({ outcome: 'violated', saw, findings: [] })), 'it has no list of findings'],
    ['a kind without a rule', violating({ kind: 'even' }), 'a finding has the kind "even", which is not in its rules'],
    ['a finding of another', violating({ invariant: 'zero-loss' }), 'a finding names the invariant "zero-loss"'],
    ['evidence that is no JSON', violating({ evidence: { n: 1n } }), '"evidence" of a finding is not plain JSON'],
    ['a probe that throws', { ...own(() => holds), looks: throwing } as AnyInvariant, 'its probe "p" threw Error: no luck'],
    ['a probe that gives nothing', { ...own(() => holds), looks: blind } as AnyInvariant, 'its probe "p" gave no look'],
    [
      'notApplicable',
      { ...own(() => holds), notApplicable: () => fail('odd') } as AnyInvariant,
      'its function notApplicable threw Error: odd',
    ],
  ])('%s', async (_, invariant, because) => {
    const [migration] = (await verifyShared(path, { runs: 2, invariants: [invariant] })).result.migrations
    const said = migration?.invariants.find(({ id }) => id === 'own')
    expect([migration?.verdict, said?.verdict, said?.because]).toEqual(['unknown', 'unknown', expect.stringContaining(because)])
    expect(migration?.invariants.filter(({ verdict }) => verdict === 'unknown')).toHaveLength(1)
    expect(migration?.findings.filter(({ invariant: id }) => id === 'own')).toEqual([])
  })
})

function fail(message: string): never {
  throw new Error(message)
}

// A test for each of the caller's own invariants too.
const names: string[] = []
describe('describeMigration', () => {
  describeMigration(path, { runs: 2, invariants: [own(() => holds)] })
  test('has a test for an own invariant', ({ task }) => {
    const suite = task.suite?.tasks.find((each) => each.type === 'suite')
    if (suite?.type === 'suite') names.push(...suite.tasks.map(({ name }) => name))
    expect(names).toContain('own holds')
  })
})
