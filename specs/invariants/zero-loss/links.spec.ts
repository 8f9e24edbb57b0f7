import { describe, expect, test } from 'vitest'
import { verifyInline } from '../../harness/verify/verify-inline.ts'

const legacy = `CREATE TABLE pulls (id uuid PRIMARY KEY);
  CREATE TABLE changes (id uuid PRIMARY KEY, title text NOT NULL, pull uuid REFERENCES pulls (id))`
const mapping = (key: string) => `CREATE TABLE mappings (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  change uuid NOT NULL REFERENCES changes (id), pull uuid NOT NULL REFERENCES pulls (id), UNIQUE (${key}))`

async function lost(up: string): Promise<readonly string[]> {
  const { findings } = await verifyInline(legacy, `${up}; ALTER TABLE changes DROP COLUMN pull`, { runs: 20 })
  const about = findings.filter(({ severity, invariant }) => severity !== 'info' && invariant === 'zero-loss')
  return about.map(({ severity, kind, relation, attribute }) => `${severity} ${kind} ${relation}.${attribute}`)
}

describe('a reference whose column is dropped', () => {
  test.each(['change, pull', 'change'])('is kept where each row has its link in a new table, unique by (%s)', async (key) => {
    expect(await lost(`${mapping(key)}; INSERT INTO mappings (change, pull) SELECT id, pull FROM changes WHERE pull IS NOT NULL`)).toEqual(
      [],
    )
  })

  test('is kept for the rows that are left, where others are deleted', async () => {
    const up = `${mapping('change')}; DELETE FROM changes WHERE title < 'm' OR pull IS NULL; INSERT INTO mappings (change, pull) SELECT id, pull FROM changes`
    expect(await lost(up)).toEqual(['error row-lost public.changes.null'])
  })

  test('is lost where some rows get no link', async () => {
    const up = `${mapping('change')}; INSERT INTO mappings (change, pull) SELECT id, pull FROM changes WHERE pull IS NOT NULL AND title > 'f'`
    expect(await lost(up)).toContain('error cell-lost public.changes.pull')
  })

  test('is lost where the link names another row', async () => {
    const up = `${mapping('change')}; INSERT INTO mappings (change, pull) SELECT id, (SELECT max(id::text)::uuid FROM pulls) FROM changes WHERE pull IS NOT NULL`
    expect(await lost(up)).toContain('error cell-lost public.changes.pull')
  })
})
