import { describe, expect, test } from 'vitest'
import { verifyInline } from './verify-inline.ts'

const legacy = 'CREATE TABLE part (id int PRIMARY KEY, parent int REFERENCES part, name text NOT NULL)'
const pathsOf = (union: string) => `ALTER TABLE part ADD COLUMN path text;
  WITH RECURSIVE line AS (
    SELECT id, parent FROM part ${union} SELECT line.id, part.parent FROM line JOIN part ON part.id = line.parent
  ) UPDATE part SET path = (SELECT string_agg(line.parent::text, '/' ORDER BY line.parent) FROM line WHERE line.id = part.id)`

describe('a statement that goes through a tree', () => {
  test('and does not end on a ring is found, with rows in a ring, and ends where it is shown', async () => {
    const migration = await verifyInline(legacy, pathsOf('UNION ALL'), { runs: 20 })
    const found = migration.findings.filter(({ invariant }) => invariant === 'applies')
    expect(found.map(({ kind, severity, message }) => [kind, severity, message])).toEqual([
      ['57014', 'error', 'The migration does not end on rows that refer to one another in a ring (part)'],
    ])
    expect(found[0]?.counterexample).not.toBe(null)
    expect(migration.invariants.find(({ id }) => id === 'applies')?.verdict).toBe('violated')
  })

  test('and ends on a ring holds', async () => {
    const migration = await verifyInline(legacy, pathsOf('UNION'), { runs: 20 })
    expect(migration.findings.filter(({ severity, kind }) => severity === 'error' && kind !== 'missing')).toEqual([])
  })
})
