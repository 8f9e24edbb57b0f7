import { describe, expect, test } from 'vitest'
import { verifyInline } from './verify-inline.ts'

const query = 'SELECT a, count(*) AS n FROM t GROUP BY a'
const legacy = `CREATE TABLE t (id int PRIMARY KEY, a int); CREATE MATERIALIZED VIEW m AS ${query};`

async function told(up: string, down: string, schema = legacy): Promise<readonly string[]> {
  const { findings, verdict } = await verifyInline(schema, up, { runs: 10, files: { 'down.sql': down } })
  const loud = findings.filter(({ severity }) => severity !== 'info')
  return [verdict, ...loud.map(({ invariant, kind, relation }) => `${invariant} ${kind} ${relation}`)]
}

describe('a materialized view holds what its query gives', () => {
  test.each([
    ['refreshed', 'REFRESH MATERIALIZED VIEW m', 'SELECT 1'],
    [
      'made again over a wider table',
      `DROP MATERIALIZED VIEW m; ALTER TABLE t ADD COLUMN k int; CREATE MATERIALIZED VIEW m AS SELECT a, count(*) AS n, max(k) AS k FROM t GROUP BY a`,
      `DROP MATERIALIZED VIEW m; ALTER TABLE t DROP COLUMN k; CREATE MATERIALIZED VIEW m AS ${query}`,
    ],
    ['made, without data', 'CREATE MATERIALIZED VIEW other AS SELECT a FROM t WITH NO DATA', 'DROP MATERIALIZED VIEW other'],
  ])('and is the same after it was %s', async (_, up, down) => {
    expect(await told(up, down)).toEqual(['holds'])
  })

  test('and nothing before it is filled for the first time', async () => {
    const empty = `CREATE TABLE t (id int PRIMARY KEY, a int); CREATE MATERIALIZED VIEW m AS ${query} WITH NO DATA`
    expect(await told('REFRESH MATERIALIZED VIEW m', 'REFRESH MATERIALIZED VIEW m WITH NO DATA', empty)).toEqual(['holds'])
    expect(await told('ALTER TABLE t ADD COLUMN k int', 'ALTER TABLE t DROP COLUMN k', empty)).toEqual(['holds'])
  })

  test('and is not judged where that fails on all rows', async () => {
    const failing =
      'CREATE TABLE t (id int PRIMARY KEY, a int); CREATE MATERIALIZED VIEW m AS SELECT 1 / (a - a) AS n FROM t WHERE a IS NOT NULL'
    const files = { 'down.sql': 'ALTER MATERIALIZED VIEW kept RENAME TO m; ALTER TABLE t DROP COLUMN k' }
    const touched = await verifyInline(failing, 'ALTER TABLE t ADD COLUMN k int; ALTER MATERIALIZED VIEW m RENAME TO kept', {
      runs: 5,
      files,
    })
    expect(touched.notChecked).toEqual(expect.arrayContaining([expect.stringMatching(/^public\.m could not be filled: division by zero/)]))
    expect(touched.verdict).not.toBe('holds')
  })

  test('and is told where rows that it read are gone, or it is left without data', async () => {
    const lost = await told(`DELETE FROM t WHERE a > 0; REFRESH MATERIALIZED VIEW m`, 'REFRESH MATERIALIZED VIEW m')
    expect(lost).toEqual(expect.arrayContaining(['zero-loss row-lost public.t', 'rollback-restores-state data public.m']))
    const emptied = await told('REFRESH MATERIALIZED VIEW m WITH NO DATA', 'REFRESH MATERIALIZED VIEW m')
    expect(emptied.filter((each) => each.startsWith('backward-compatibility'))).not.toEqual([])
  })
})
