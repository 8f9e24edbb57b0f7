import { execFile } from 'node:child_process'
import { appendFileSync, existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bulkStore } from '../../fixtures/kv/bulk.ts'
import { uuidOf } from '../../fixtures/kv/kinds.ts'
import { backupStore } from '../../migrations/kv-to-tables/run/backup.ts'
import { openConnection } from '../../migrations/kv-to-tables/run/connection.ts'
import { findStore } from '../../migrations/kv-to-tables/run/tables.ts'
import { runProgram } from './run-program.ts'
import { seedBulk } from './seed-bulk.ts'
import { readStore } from './state.ts'
import { readTraces } from './traces.ts'
import { openWorkbench, type Workbench } from './workbench.ts'

const client = {
  key: `client:${uuidOf('clients', 1)}`,
  text: JSON.stringify({ name: 'One', email: 'a@acme.example' }),
  kind: 'clients' as const,
  faults: [],
}

describe('KV-9: the backup of the store before a live run', { timeout: 120_000 }, () => {
  let bench: Workbench
  let url: string
  let folder: string
  beforeAll(async () => {
    bench = await openWorkbench()
    url = bench.database.url()
    folder = await mkdtemp(join(tmpdir(), 'kv-backup-'))
  })
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true })
    await bench[Symbol.asyncDispose]()
  })

  test('it holds any store, psql restores it, and it never overwrites', async () => {
    const odd = ['tab\there', 'new\nline', 'back\\slash', '\\N', '\\.', 'ünï 🎉', ''].map((text, n) => ({
      key: `k${n} ${text}`,
      text: JSON.stringify({ text }),
      kind: 'unknown' as const,
      faults: [],
    }))
    await bench.fill([...odd, { key: '\\.', text: undefined, kind: 'unknown', faults: [] }, client])
    const backups = await mkdtemp(join(folder, 'backups-'))
    const file = join(backups, 'store.sql')
    const run = await runProgram('migrate', ['--database', url, '--backup', file, '--json'])
    expect(run.code).toBe(1)
    expect(JSON.parse(run.stdout)).toMatchObject({ backup: { file, records: 9, sizeBytes: (await readFile(file)).length } })
    const original = await readStore(bench.session)
    await bench.session.script('DELETE FROM kv_store')
    await promisify(execFile)('psql', ['-qX', '-v', 'ON_ERROR_STOP=1', '--single-transaction', '-f', file, url])
    expect(await readStore(bench.session)).toEqual(original)

    await writeFile(join(backups, 'there.sql'), 'mine')
    const refused = await runProgram('migrate', ['--database', url, '--backup', join(backups, 'there.sql')])
    expect([refused.code, await readFile(join(backups, 'there.sql'), 'utf8')]).toEqual([2, 'mine'])
    const nowhere = await runProgram('migrate', ['--database', url, '--backup', join(backups, 'no/such/folder.sql')])
    expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringContaining('cannot be written (ENOENT)')])
    expect((await readdir(backups)).sort()).toEqual(['store.sql', 'there.sql'])
  })

  test('a live run without one asks for --no-backup, and moves nothing', async () => {
    await bench.fill([client])
    const before = await readTraces(bench.session)
    for (const options of [[], ['--retry']]) {
      const run = await runProgram('migrate', options, { DATABASE_URL: url })
      expect([run.code, run.stderr]).toEqual([2, expect.stringContaining('--no-backup')])
    }
    expect(await readTraces(bench.session)).toEqual(before)
    expect((await runProgram('migrate', ['--no-backup'], { DATABASE_URL: url })).code).toBe(0)
  })

  test('when the disk is full it ends with an error, leaves nothing behind, and neither moves a record nor keeps the lock', async () => {
    await bench.fill([])
    await bench.session.script('DROP TABLE IF EXISTS orders, employees, products, sites, catalogs, clients, kv_set_aside, kv_checkpoint')
    await seedBulk(bench.session, bulkStore(20_000))
    const full = await mkdtemp(join(folder, 'full-'))
    await symlink('/dev/full', join(full, 'store.sql.partial'))
    const before = await readTraces(bench.session)
    const run = await runProgram('migrate', ['--backup', join(full, 'store.sql')], { DATABASE_URL: url })
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining('cannot be written (ENOSPC)')])
    expect(await readdir(full)).toEqual([])
    expect(await readTraces(bench.session)).toEqual(before)
    await bench.session.query("SELECT pg_advisory_xact_lock(hashtextextended('kv-to-tables public.kv_store', 0))")
  })

  test('it is read back and compared with the store: a disk that gives back something else is found', async () => {
    await bench.fill([client])
    await using reader = await openConnection(url)
    const file = join(folder, 'spoilt.sql')
    const spoil = () => appendFileSync(`${file}.partial`, 'x')
    await expect(backupStore(reader, await findStore(reader, 'kv_store'), file, spoil)).rejects.toMatchObject({
      exitCode: 3,
      message: `the backup "${file}" does not read back as it was written`,
    })
    expect([existsSync(file), existsSync(`${file}.partial`)]).toEqual([false, false])
    await using other = await openConnection(url)
    expect(await backupStore(other, await findStore(other, 'kv_store'), file)).toMatchObject({ records: 1 })
  })

  test('--report in a folder that does not exist, or on a folder, is refused before anything is moved', async () => {
    await bench.fill([client])
    const before = await readTraces(bench.session)
    for (const [report, message] of [
      [join(folder, 'nowhere', 'results.md'), /cannot be written: there is no folder ".*nowhere"/],
      [folder, /is a folder/],
    ] as const) {
      const run = await runProgram('migrate', ['--no-backup', '--report', report], { DATABASE_URL: url })
      expect([run.code, run.stderr]).toEqual([2, expect.stringMatching(message)])
    }
    expect(await readTraces(bench.session)).toEqual(before)
  })
})
