import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { type Database, startCluster } from '../../../harness/postgres/index.ts'
import { renderCounterexample } from '../../../harness/report/index.ts'
import { exampleFinding } from '../result/result-arbitrary.ts'

// The embedded binaries have no psql; where the machine has none either, there is nobody to read the file.
const withoutPsql = spawnSync('psql', ['--version']).error !== undefined

const counterexample = renderCounterexample({
  finding: exampleFinding({}),
  migration: 'drop-notes',
  paths: ['migrations/drop-notes'],
  legacySql: ["SET search_path = ''; CREATE TABLE public.items (id int PRIMARY KEY, notes text) -- no semicolon"],
  rowsSql: "COPY items FROM stdin;\n1\tfirst\n2\t\\N\n\\.\nINSERT INTO items VALUES (3, 'a:b\n-- godwit: end legacy rows 2');",
  upSql: 'ALTER TABLE items DROP COLUMN notes; -- no way back',
  downSql: "ALTER TABLE items ADD COLUMN notes text DEFAULT 'empty'; SELECT 1 / 0",
  mode: 'transaction',
  before: ['SELECT * FROM items ORDER BY id'],
  after: ['SELECT * FROM items ORDER BY id;'],
  reverted: ['SELECT count(*) FROM items', 'SELECT * FROM items WHERE id = 1'],
  server: '18.4',
  seed: '7',
})

describe.skipIf(withoutPsql)('counterexample under psql', () => {
  test('shows each phase, goes on after errors, and refuses a database that is not empty', async () => {
    await using cluster = await startCluster({ kind: 'embedded' })
    await using database = await cluster.createDatabase()
    const first = await psql(database)
    expect(
      first.stdout
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== ''),
    ).toEqual([
      ...['-- legacy schema', '-- legacy rows', '-- what it looks like before'],
      ...['id|notes', '1|first', '2|NULL', '3|a:b', '-- godwit: end legacy rows 2', '(3 rows)'],
      ...['-- up', '-- what it looks like after', 'id', '1', '2', '3', '(3 rows)'],
      // A transaction that failed leaves the migrated state.
      ...['-- down', '-- what it looks like after down', 'count', '3', '(1 row)', 'id', '1', '(1 row)'],
    ])
    expect(first.stderr).toMatch(/^psql:\S+: ERROR: {2}division by zero\n$/)

    const second = await psql(database)
    expect(second.stdout).toBe('')
    expect(second.stderr).toMatch(/not empty/)
  })
})

async function psql(database: Database): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'counterexample-'))
  try {
    const file = join(directory, 'counterexample.sql')
    await writeFile(file, counterexample)
    return await promisify(execFile)('psql', ['-X', '-A', '-v', 'ON_ERROR_STOP=0', '-d', database.url(), '-f', file])
  } finally {
    await rm(directory, { recursive: true })
  }
}
