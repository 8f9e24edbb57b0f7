import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { replay } from '../../../harness/history/index.ts'
import { parseCounterexample, renderCounterexample } from '../../../harness/report/index.ts'
import { useCluster, verifyShared } from '../../../harness/vitest/index.ts'

const withoutPsql = spawnSync('psql', ['--version']).error !== undefined
const forgetful = 'ALTER TABLE notes RENAME TO notes_v2; CREATE VIEW notes WITH (security_invoker = true) AS SELECT id, note FROM notes_v2'

describe('a counterexample of statements', () => {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-replay-'))
  const file = join(folder, 'counterexample.txt')
  const write = (up: string) => writeFileSync(join(folder, 'up.sql'), up)
  afterAll(() => rmSync(folder, { recursive: true }))

  let text: string
  beforeAll(async () => {
    writeFileSync(join(folder, 'legacy.sql'), "CREATE TABLE notes (id integer PRIMARY KEY, note text DEFAULT 'none')")
    write(forgetful)
    const { counterexamples } = await verifyShared(folder, { runs: 1 })
    const lost = [...counterexamples.values()].find(({ finding }) => finding.invariant === 'view-equivalence')
    if (lost === undefined) throw new Error('the lost default was not found')
    text = renderCounterexample(lost)
    writeFileSync(file, text)
  })

  test('is one statement on one row, violates still, and no longer once the migration is mended', async () => {
    const { meta, rowsSql } = parseCounterexample(text)
    expect(meta.sequence?.statements).toEqual([expect.objectContaining({ parts: [expect.stringContaining('"note" = DEFAULT')] })])
    expect(rowsSql.match(/^ {2}\(/gm)).toHaveLength(1)
    expect(await replay({ ...meta, rowsSql })).toEqual({ violates: true, message: expect.stringContaining('The difference is in note') })
    write(`${forgetful}; ALTER VIEW notes ALTER COLUMN note SET DEFAULT 'none'`)
    expect(await replay({ ...meta, rowsSql })).toEqual({
      violates: false,
      message: 'table and view give the same answers to the saved statements',
    })
    write('ALTER TABLE notes ADD more text')
    expect(await replay({ ...meta, rowsSql })).toEqual({
      violates: false,
      message: 'public.notes is no view in the place of a table any more',
    })
  })

  test.skipIf(withoutPsql)('shows under psql what the statements leave in the table, and what through the view', async () => {
    await using database = await (await useCluster()).createDatabase()
    const { stdout } = spawnSync('psql', ['-X', '-At', '-d', database.url(), '-f', file], { encoding: 'utf8' })
    const [, table = '', view = ''] =
      /-- the statements on the table\n(.*?)-- up\n.*?-- the statements on the view\n(.*?)-- what/s.exec(stdout) ?? []
    expect([/none$/m.test(table), /NULL$/m.test(table)]).toEqual([true, false])
    expect([/none$/m.test(view), /NULL$/m.test(view)]).toEqual([false, true])
  })
})
