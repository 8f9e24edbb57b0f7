import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readSources, verifyOn } from '../../../harness/history/verify.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { runBin } from '../cli/run-bin.ts'
import { writtenFiles } from './written-history.ts'

const steps = {
  '001_clients.up.sql': 'CREATE TABLE clients (id int PRIMARY KEY, note text);',
  '001_clients.down.sql': 'DROP TABLE clients;',
  '002_audit.up.sql': "UPDATE clients SET note = 'see 001_clients.up.sql';",
  '002_audit.down.sql': 'SELECT 1;',
  '003_index.up.sql': 'CREATE INDEX CONCURRENTLY clients_note ON clients (note);',
  '003_index.down.sql': 'DROP INDEX clients_note;',
}

/** Verdicts on the same steps in two places, the second one from the cache. */
async function twice() {
  await using cache = await writtenFiles({})
  await using one = await writtenFiles(steps)
  await using two = await writtenFiles(steps)
  const run = async (path: string, reportDirectory: string) =>
    verifyOn(await useCluster(), await readSources([path], {}), { runs: 6, cacheDirectory: cache.path, reportDirectory }, {})
  const first = await run(one.path, 'reports')
  const second = await run(two.path, 'elsewhere/out')
  const fresh = await verifyOn(await useCluster(), await readSources([two.path], {}), { runs: 6, reportDirectory: 'elsewhere/out' }, {})
  return { first, second, fresh, one: one.path, two: two.path }
}

describe('a verdict from the cache of another checkout', () => {
  test('shows the paths of the project that reads it, and says otherwise what a new run says', async () => {
    const { second, fresh, one, two } = await twice()
    expect(second.result.sources[0]).toMatchObject({ verified: 0, cached: 3 })
    expect(JSON.stringify([second.result, [...second.counterexamples]])).not.toContain(one)
    expect(JSON.stringify([second.result, [...second.counterexamples]])).not.toMatch(/"reports\//)
    const shown = (verified: typeof second) => [
      verified.result.migrations.map((each) => ({ ...each, cached: false, timings: {} })),
      [...verified.counterexamples],
    ]
    expect(shown(second)).toEqual(shown(fresh))
    expect(second.result.migrations[2]?.rungBecause).toContain(`${two}/003_index.up.sql:1`)
    // A value that a migration writes is no path of ours.
    expect(JSON.stringify(second.result)).toContain('see 001_clients.up.sql')
  })
})

test('a verdict of one step among many, made in fewer runs, is none for the step alone', { timeout: 60_000 }, async () => {
  await using cache = await writtenFiles({})
  const more = {
    '004_more.up.sql': 'ALTER TABLE clients ADD COLUMN more text;',
    '004_more.down.sql': 'ALTER TABLE clients DROP COLUMN more;',
  }
  await using history = await writtenFiles({ ...steps, ...more })
  const runs = async (only?: readonly string[]) => {
    const options = { cacheDirectory: cache.path, ...(only === undefined ? {} : { only }) }
    const { result } = await verifyOn(await useCluster(), await readSources([history.path], {}), options, {})
    const step = result.migrations.find(({ name }) => name.includes('002_audit'))
    return [step?.cached, step?.runs]
  }
  expect(await runs()).toEqual([false, 8])
  expect(await runs()).toEqual([true, 8])
  expect(await runs(['002_audit.up.sql'])).toEqual([false, 30])
  expect(await runs(['002_audit.up.sql'])).toEqual([true, 30])
})

describe('run from a sub-folder, with a cache that was filled from above', () => {
  test('reports and counterexamples are where the printed paths say', { timeout: 60_000 }, async () => {
    await using repository = await writtenFiles({
      'godwit.config.json': '{ "path": "db", "runs": 6 }',
      'sub/keep': '',
      '.git/HEAD': '',
      ...Object.fromEntries(Object.entries(steps).map(([name, text]) => [`db/${name}`, text])),
    })
    await runBin(['verify'], { cwd: repository.path })
    const cwd = join(repository.path, 'sub')
    const { stdout } = await runBin(['verify'], { cwd })
    const printed = [...stdout.matchAll(/^ +(?:report {2}|replay {2}npx godwit replay )(\S+)/gm)].map((match) => match[1] ?? '')
    expect(printed.length).toBeGreaterThan(1)
    expect(printed.filter((path) => !existsSync(path.startsWith('/') ? path : join(cwd, path)))).toEqual([])
    const saved = JSON.parse(await readFile(join(repository.path, 'reports/results.json'), 'utf8')) as {
      sources: { cached: number }[]
      migrations: { findings: { counterexample: string | null }[] }[]
    }
    expect(saved.sources[0]?.cached).toBe(3)
    const named = saved.migrations.flatMap((each) => each.findings.flatMap(({ counterexample }) => counterexample ?? []))
    expect(named.filter((path) => !existsSync(path.startsWith('/') ? path : join(cwd, path)))).toEqual([])
    expect(existsSync(join(repository.path, 'reports/reports'))).toBe(false)
  })
})
