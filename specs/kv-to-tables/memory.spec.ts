import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { useCluster } from 'godwit/vitest'
import { expect, test } from 'vitest'
import { bulkStore } from '../../fixtures/kv/bulk.ts'
import { seedBulk } from './seed-bulk.ts'

const script = resolve(import.meta.dirname, '../../migrations/kv-to-tables/migrate.ts')

/** Peak memory, in MB, of the command as `npm run kv:migrate` runs it over so many records, with everything that it can write. */
async function peakOf(records: number): Promise<number> {
  const database = await (await useCluster()).createDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'kv-memory-'))
  try {
    await using session = await database.connect({ statementTimeoutMs: 0 })
    await session.script('CREATE TABLE kv_store (key text PRIMARY KEY, value jsonb)')
    await seedBulk(session, bulkStore(records, { dirtyPercent: 20 }))
    const scripts = JSON.parse(await readFile('package.json', 'utf8')) as { readonly scripts: Readonly<Record<string, string>> }
    const options = (scripts.scripts['kv:migrate'] ?? '').split(' ').filter((each) => /^--(max|heap)/.test(each))
    const report = join(folder, 'results.md')
    const given = ['--verbose', '--backup', join(folder, 'store.sql'), '--report', report]
    // Exit code 1: records are set aside.
    const run = promisify(execFile)(process.execPath, [...options, '--import', 'tsx', script, ...given], {
      env: { ...process.env, DATABASE_URL: database.url() },
      maxBuffer: 1 << 30,
    })
    expect(await run.catch((error: { readonly code: unknown }) => error.code)).toBe(1)
    const text = await readFile(report, 'utf8')
    expect(text).toContain(`live run: ${records} records`)
    return Number(/peak memory (\d+) MB/.exec(text)?.[1])
  } finally {
    await rm(folder, { recursive: true, force: true })
    await database.drop()
  }
}

test('KV-8: ten times the records take hardly more memory, through the command', async () => {
  const [small, large] = [await peakOf(1_500), await peakOf(15_000)]
  process.stdout.write(`peak memory: ${small} MB at 1,500 records, ${large} MB at 15,000\n`)
  expect(large / small).toBeLessThan(1.3)
}, 180_000)
