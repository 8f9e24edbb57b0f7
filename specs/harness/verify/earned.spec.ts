import { describe, expect, test } from 'vitest'
import { defineInvariant } from '../../../harness/index.ts'
import { acceptFindings, counts, judgeMigration, type MigrationResult, type VerifyResult } from '../../../harness/result/index.ts'
import { verifyInline } from './verify-inline.ts'

const verdictOf = ({ invariants }: MigrationResult, id: string) => invariants.find((each) => each.id === id)?.verdict
const accepted = (migration: MigrationResult, waivers: Parameters<typeof acceptFindings>[1]['waivers'] = []) => {
  const result: VerifyResult = {
    version: 1,
    verdict: migration.verdict,
    warnings: 0,
    postgres: { version: '18', assumed: false, from: 'embedded' },
    seed: '',
    durationMs: 0,
    timings: {},
    digest: { files: '', config: '', rules: '', server: '' },
    sources: [],
    migrations: [migration],
  }
  return acceptFindings(result, { waivers, today: '2026-01-01' }).result.migrations[0] as MigrationResult
}

describe('violated', () => {
  test('is nothing without a finding of the severity that counts', async () => {
    const folded = await verifyInline('CREATE TABLE clients (id int PRIMARY KEY, email text)', 'UPDATE clients SET email = lower(email)', {
      runs: 20,
      files: { 'down.sql': 'SELECT 1' },
    })
    const counting = folded.findings.some((each) => counts(each, 'error'))
    expect([folded.verdict === 'violated', folded.invariants.some(({ verdict }) => verdict === 'violated')]).toEqual([counting, counting])
  })

  test('follows an error of an invariant of the caller’s own', async () => {
    const never = defineInvariant({
      id: 'never',
      holds: 'never',
      rules: { always: { severity: 'error', title: 'always', meaning: 'Always.', remedy: 'None.' } },
      looks: { everyRun: ['up'] },
      judge: ({ legacy }) => ({
        outcome: 'violated',
        findings: [{ invariant: 'never', kind: 'always', severity: 'error', known: 'observed', message: 'always', evidence: {} }],
        saw: { relations: legacy.rows.size, rows: 1, cells: 1, runs: 1 },
      }),
    })
    const { verdict, invariants, findings } = await verifyInline('CREATE TABLE t (id int PRIMARY KEY)', 'ALTER TABLE t ADD n int', {
      runs: 2,
      invariants: [never],
    })
    expect([verdict, invariants.at(-1)?.id, invariants.at(-1)?.verdict]).toEqual(['violated', 'never', 'violated'])
    expect(findings.find((each) => each.invariant === 'never')?.counterexample).toContain('never')
  })
})

describe('what is not seen again', () => {
  test('makes its invariant unknown: the harness contradicts itself', async () => {
    const fickle = defineInvariant({
      id: 'fickle',
      holds: 'on a clone',
      rules: { rung: { severity: 'error', title: 'rung', meaning: 'In a transaction.', remedy: 'None.' } },
      looks: { everyRun: ['up'] },
      judge: ({ rung }) => {
        const saw = { relations: 1, rows: 1, cells: 1, runs: 1 }
        if (rung === 'clone') return { outcome: 'holds', saw }
        const finding = {
          invariant: 'fickle',
          kind: 'rung',
          severity: 'error',
          known: 'observed',
          message: 'in a transaction',
          evidence: {},
        } as const
        return { outcome: 'violated', findings: [finding], saw }
      },
    })
    const migration = await verifyInline('CREATE TABLE t (id int PRIMARY KEY)', 'ALTER TABLE t ADD n int', {
      runs: 2,
      invariants: [fickle],
    })
    expect([migration.verdict, verdictOf(migration, 'fickle'), migration.disagreements.length]).toEqual(['unknown', 'unknown', 1])
  })
})

describe('a relation that cannot be filled', () => {
  const legacy = (name: string) =>
    `CREATE TABLE item (id int PRIMARY KEY, note text); CREATE TABLE ${name} (id int PRIMARY KEY, CHECK (id IS NULL))`

  test.each(['t', 'no', 'zz', 'note'])('changes nothing where the migration does not name it, whatever it is called (%s)', async (name) => {
    const { verdict, notChecked } = await verifyInline(legacy(name), 'ALTER TABLE item ADD COLUMN more text; -- not to touch t', {
      runs: 4,
      files: { 'down.sql': 'ALTER TABLE item DROP COLUMN more' },
    })
    expect([verdict, notChecked.some((each) => each.includes(`public.${name} could not be filled`))]).toEqual(['holds', true])
  })

  test.each(['t', 'zz'])('makes what depends on it unknown where a statement names it (%s)', async (name) => {
    const up = `INSERT INTO item SELECT id, 'x' FROM ${name}`
    const migration = await verifyInline(legacy(name), up, { runs: 4, files: { 'down.sql': "DELETE FROM item WHERE note = 'x'" } })
    expect(verdictOf(migration, 'zero-loss')).not.toBe('holds')
    expect(migration.verdict).not.toBe('holds')
  })
})

describe('what is accepted', () => {
  test('leaves nothing unknown that it alone kept from being judged', async () => {
    const migration = await verifyInline(
      'CREATE TABLE t (id int PRIMARY KEY, n text NOT NULL)',
      "ALTER TABLE t ADD CHECK (n = 'never this')",
      {
        runs: 8,
      },
    )
    expect(migration.verdict).toBe('violated')
    const waivers = migration.findings
      .filter((each) => each.severity !== 'info')
      .map(({ id }) => ({ finding: id, owner: 'a', reason: 'b', expires: '2027-01-01' }))
    const green = accepted(migration, waivers)
    expect([green.verdict, green.invariants.filter(({ verdict }) => verdict === 'unknown' || verdict === 'violated')]).toEqual([
      'holds',
      [],
    ])
    // Nothing of it is lost: without the waivers it is judged as before.
    const open = green.findings.map((each) => ({ ...each, waived: null }))
    expect(judgeMigration(green, open, 'error').invariants).toEqual(migration.invariants)
  })

  test('may be that something could not be judged', async () => {
    const migration = await verifyInline(
      'CREATE TABLE item (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, CHECK (id IS NULL))',
      'INSERT INTO item SELECT id FROM t',
      { runs: 4, files: { 'down.sql': 'SELECT 1' } },
    )
    const unknown = migration.invariants.filter(({ verdict }) => verdict === 'unknown')
    expect([migration.verdict, unknown.length > 0]).toEqual(['unknown', true])
    const waivers = unknown.map(({ id }) => ({ invariant: id, kind: 'unknown', owner: 'a', reason: 'b', expires: '2027-01-01' }))
    expect(accepted(migration, waivers).verdict).toBe('holds')
    // A waiver of findings is none of what was not looked at.
    expect(
      accepted(
        migration,
        unknown.map(({ id }) => ({ invariant: id, owner: 'a', reason: 'b', expires: '2027-01-01' })),
      ).verdict,
    ).toBe('unknown')
  })
})
