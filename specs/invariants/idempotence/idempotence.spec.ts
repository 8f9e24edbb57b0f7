import { describe, expect, test } from 'vitest'
import { verifyInline } from '../../harness/verify/verify-inline.ts'

const legacy = 'CREATE TABLE plan (id integer PRIMARY KEY, price integer); CREATE SEQUENCE counter;'
const declared = { 'contract.ts': "import { defineContract } from 'godwit'\nexport default defineContract({ idempotent: true })\n" }

const found = async (up: string, files: Readonly<Record<string, string>> = declared) => {
  const { invariants, findings, disagreements } = await verifyInline(legacy, up, { runs: 8, files })
  expect(disagreements).toEqual([])
  return {
    verdict: invariants.find(({ id }) => id === 'idempotence')?.verdict,
    findings: findings
      .filter(({ invariant }) => invariant === 'idempotence')
      .map((each) => [each.severity, each.kind, each.relation ?? each.object, each.file?.endsWith('up.sql') ?? false])
      .toSorted(),
  }
}

describe('a migration that says it may run twice', () => {
  test.each<[string, string, readonly unknown[]]>([
    ['fails the second time', 'ALTER TABLE plan ADD COLUMN name text', [['error', 'fails', null, true]]],
    [
      'doubles its rows',
      'CREATE TABLE IF NOT EXISTS price (plan integer, amount integer); INSERT INTO price SELECT id, price FROM plan',
      [['error', 'data', 'public.price', true]],
    ],
    ['changes a value once more', 'UPDATE plan SET price = price + 1', [['error', 'data', 'public.plan', true]]],
    [
      'removes rows the second time',
      "CREATE TABLE IF NOT EXISTS old AS SELECT * FROM plan WHERE false; DELETE FROM old; INSERT INTO old SELECT * FROM plan EXCEPT SELECT * FROM old; DELETE FROM old WHERE (SELECT is_called FROM counter); SELECT nextval('counter')",
      [
        ['error', 'data', 'public.old', true],
        ['warning', 'sequence', 'sequence public.counter', true],
      ],
    ],
    ['makes another index without a name', 'CREATE INDEX ON plan (price)', [['error', 'schema', 'public.plan', true]]],
    ['draws a number', "SELECT nextval('counter')", [['warning', 'sequence', 'sequence public.counter', false]]],
  ])('and %s is found out', async (_, up, findings) => {
    const seen = await found(up)
    expect(seen.findings).toEqual(findings)
    expect(seen.verdict).toBe(findings.some((each) => (each as readonly unknown[])[0] === 'error') ? 'violated' : 'holds')
  })

  test('and leaves out what is done already holds', async () => {
    const up = `ALTER TABLE plan ADD COLUMN IF NOT EXISTS name text; UPDATE plan SET name = 'plan ' || id WHERE name IS NULL;
      CREATE INDEX IF NOT EXISTS plan_price ON plan (price); COMMENT ON TABLE plan IS 'what is offered'`
    expect(await found(up)).toEqual({ verdict: 'holds', findings: [] })
  })

  test('is not asked where nobody says so', async () => {
    expect(await found('UPDATE plan SET price = price + 1', {})).toEqual({ verdict: 'not-applicable', findings: [] })
  })
})
