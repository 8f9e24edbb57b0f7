import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readSources, verifyOn } from '../../../harness/history/index.ts'
import { useCluster } from '../../../harness/vitest/index.ts'

test('a database without PL/pgSQL is filled, where rows are refused and a materialized view is to be refreshed too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-inline-'))
  try {
    const files = {
      'legacy.sql': `CREATE TABLE t (id int PRIMARY KEY, num text NOT NULL, v int GENERATED ALWAYS AS (split_part(num, '.', 1)::int) STORED);
        CREATE MATERIALIZED VIEW m AS SELECT num FROM t`,
      'up.sql': 'ALTER TABLE t ADD COLUMN x int; ALTER MATERIALIZED VIEW m RENAME TO kept',
      'down.sql': 'ALTER MATERIALIZED VIEW kept RENAME TO m; ALTER TABLE t DROP COLUMN x',
      'prelude.sql': 'DROP EXTENSION plpgsql',
    }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    const options = { runs: 5, prelude: join(folder, 'prelude.sql') }
    const { result } = await verifyOn(await useCluster(), await readSources([folder], {}), options, {})
    expect(result.migrations[0]?.findings.filter(({ severity }) => severity === 'error')).toEqual([])
    expect(result.migrations[0]?.notChecked).toEqual(
      expect.arrayContaining([
        'public.m could not be filled: it is not refreshed in a database without PL/pgSQL',
        expect.stringMatching(/^the schema refused \d+ of \d+ rows for public\.t: invalid input syntax for type integer/),
      ]),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})
