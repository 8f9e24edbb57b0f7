import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { useCluster } from 'godwit/vitest'
import { expect, test } from 'vitest'
import { bulkDatabase } from './bench-database.ts'

/** Peak memory, in MB, of a run over so many records, with the options of Node that `kv:migrate` has. */
async function peakOf(records: number): Promise<number> {
  const { database, session } = await bulkDatabase(await useCluster(), records)
  try {
    const scripts = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly scripts: Readonly<Record<string, string>> }
    const options = (scripts.scripts['kv:migrate'] ?? '').split(' ').filter((each) => /^--(max|heap)/.test(each))
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [...options, '--import', 'tsx', fileURLToPath(new URL('./measured-run.ts', import.meta.url))],
      { env: { ...process.env, DATABASE_URL: database.url() } },
    )
    const { peakMegabytes, total } = JSON.parse(stdout) as {
      readonly peakMegabytes: number
      readonly total: { readonly source: number }
    }
    expect(total.source).toBe(records)
    return peakMegabytes
  } finally {
    await session.close()
    await database.drop()
  }
}

test('KV-8: ten times the records take hardly more memory', async () => {
  const [small, large] = [await peakOf(1_500), await peakOf(15_000)]
  expect(large / small).toBeLessThan(1.3)
}, 180_000)
