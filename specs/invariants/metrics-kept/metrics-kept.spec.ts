import { describe, expect, test } from 'vitest'
import { InputError } from '../../../harness/errors.ts'
import { verifyInline } from '../../harness/verify/verify-inline.ts'

const legacy = 'CREATE TABLE task (id integer PRIMARY KEY, state text, hours numeric)'
const queue = `CREATE TABLE queue (id integer PRIMARY KEY); INSERT INTO queue SELECT id FROM task WHERE state IS DISTINCT FROM 'done'`

const verify = (metrics: readonly object[], { up = queue, more = {} }: { readonly up?: string; readonly more?: object } = {}) =>
  verifyInline(legacy, up, {
    runs: 12,
    seed: '7',
    files: { 'contract.ts': `export default ${JSON.stringify({ metrics, ...more })}` },
  })

const judged = async (...given: Parameters<typeof verify>) => {
  const result = await verify(...given)
  const invariant = result.invariants.find(({ id }) => id === 'metrics-kept')
  return {
    verdict: invariant?.verdict,
    because: invariant?.because,
    findings: result.findings.filter((each) => each.invariant === 'metrics-kept'),
  }
}

const openTasks = {
  name: 'open tasks',
  sql: 'SELECT count(*) FROM queue',
  before: `SELECT count(*) FROM task WHERE state IS DISTINCT FROM 'done'`,
  unchanged: true,
}

describe('metrics of a contract', () => {
  test('the rows that refute one are shrunk to the fewest, and the claim that rests on it is refuted', async () => {
    const claims = [
      { id: 'T-1', text: 'No open task is forgotten.', restsOn: [{ metric: 'open tasks' }] },
      { id: 'T-2', text: 'No task is doubled.', restsOn: [{ metric: 'tasks' }] },
    ]
    const tasks = { name: 'tasks', sql: 'SELECT count(*) FROM task', unchanged: true }
    const up = queue.replace('IS DISTINCT FROM', '<>')
    const { findings, claims: told, invariants } = await verify([openTasks, tasks], { up, more: { claims } })
    const finding = findings.find(({ invariant }) => invariant === 'metrics-kept')
    expect(finding).toMatchObject({
      kind: 'changed',
      severity: 'error',
      object: 'open tasks',
      message: 'the metric "open tasks" is 0 after the migration, 1 before it; it must stay the same',
      evidence: { metric: 'open tasks', labels: null, before: '1', after: '0', rule: { unchanged: true }, broken: 1, rows: 1 },
    })
    expect(invariants.find(({ id }) => id === 'metrics-kept')?.verdict).toBe('violated')
    expect(told?.map(({ id, state }) => `${id} ${state}`)).toEqual(['T-1 refuted', 'T-2 held'])
  })

  test('an update of two columns that nothing else finds wrong is refuted by a row with its labels', async () => {
    const byState = { name: 'hours', sql: `SELECT state, sum(coalesce(hours, 0)) FROM task GROUP BY state`, unchanged: true }
    const { verdict, findings } = await judged([byState], { up: `UPDATE task SET state = 'done' WHERE hours = 0` })
    expect(verdict).toBe('violated')
    expect(findings.map(({ evidence }) => evidence.labels)).toEqual([expect.stringMatching(/^state=/)])
  })

  test('a metric that gives NULL on some rows is unknown, and says how it is mended', async () => {
    const hours = { name: 'hours', sql: 'SELECT sum(hours) FROM task WHERE id < 0', min: -1e12 }
    expect(await judged([openTasks, hours])).toMatchObject({
      verdict: 'unknown',
      because: 'the metric "hours" gives NULL after the migration: write coalesce(…, 0) where no value counts as none',
      findings: [],
    })
    expect(
      await judged([
        openTasks,
        { ...hours, sql: 'SELECT coalesce(sum(hours), 0) FROM task WHERE id < 0', min: undefined, unchanged: true },
      ]),
    ).toMatchObject({
      verdict: 'holds',
    })
  })

  test('a row without a label set anywhere is unknown', async () => {
    const none = { name: 'none', sql: `SELECT state, count(*) FROM task WHERE false GROUP BY state`, max: 0 }
    expect(await judged([none])).toMatchObject({ verdict: 'unknown' })
  })

  test.each([
    [
      'a query that fails',
      { sql: 'SELECT count(*) FROM queu', max: 1 },
      'read after the migration, fails: relation "queu" does not exist (42P01)',
    ],
    [
      'one that names before what up makes',
      { sql: 'SELECT count(*) FROM queue', unchanged: true },
      'read before the migration, fails: relation "queue" does not exist (42P01)',
    ],
    ['two statements', { sql: 'SELECT 1; SELECT 2', max: 1 }, 'read after the migration, fails: syntax error at or near ";" (42601)'],
    [
      'a statement that writes',
      { sql: 'DELETE FROM task RETURNING 1', max: 1 },
      'read after the migration, fails: syntax error at or near "FROM" (42601)',
    ],
    [
      'a query that writes on its way',
      { sql: 'WITH gone AS (DELETE FROM task RETURNING 1) SELECT count(*) FROM gone', max: 1 },
      'read after the migration, fails: WITH clause containing a data-modifying statement must be at the top level (0A000)',
    ],
    [
      'rows that nothing tells apart',
      { sql: 'SELECT n FROM generate_series(1, 3) AS n', max: 9 },
      'read after the migration, gives 3 rows of one column',
    ],
    [
      'two rows with the same labels',
      { sql: `SELECT 'a' AS l, n FROM generate_series(1, 2) AS n`, max: 9 },
      'read after the migration, gives two rows with the labels ["a"]',
    ],
    ['a text', { sql: `SELECT 'many'`, max: 9 }, 'read after the migration, gives "many", which is no number'],
    ['a condition', { sql: `SELECT true`, max: 9 }, 'read after the migration, gives "t", which is no number'],
  ])('%s is a message about the contract', async (_, metric, message) => {
    const failed: unknown = await verify([{ name: 'broken', ...metric }]).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(InputError)
    expect(String(failed)).toContain(`the metric "broken" of the contract, ${message}`)
  })
})
