import { expect, test } from 'vitest'
import { verifyInline } from './verify-inline.ts'

/** The query that goes with what is found about `t.v`. */
async function preflight(type: string, up: string): Promise<string | null | undefined> {
  const { findings } = await verifyInline(`CREATE TABLE t (id int PRIMARY KEY, v ${type} NOT NULL)`, up, { runs: 12 })
  return findings.find((each) => each.invariant === 'zero-loss' && each.attribute === 'v')?.preflight
}

test('rounding counts the rows with more digits than the new column holds, in its own unit', async () => {
  const moved = (type: string, value: string) =>
    `ALTER TABLE t ADD COLUMN w ${type}; UPDATE t SET w = ${value}; ALTER TABLE t DROP COLUMN v`
  const narrow = 'numeric(12,4) CHECK (v BETWEEN 0 AND 100000)'
  expect(await preflight(narrow, moved('bigint', 'v * 100'))).toContain('<> round("v"::numeric, 2)')
  expect(await preflight(narrow, 'ALTER TABLE t ALTER v TYPE numeric(12,1)')).toContain('<> round("v"::numeric, 1)')
})
