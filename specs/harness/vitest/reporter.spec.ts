import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseCounterexample, readResults } from '../../../harness/report/index.ts'
import { resultSchema } from '../../../harness/result/index.ts'
import { plainJson } from '../../../harness/vitest/spec-record.ts'
import { timelessReports } from '../report/written-reports.ts'
import { runVitest } from './run-vitest.ts'

describe('the Vitest reporter', () => {
  let directory = ''
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'reporter-spec-'))
  })
  afterAll(() => rm(directory, { recursive: true }))

  test('writes from merged shards what it writes from one run', { timeout: 180_000 }, async () => {
    const [whole, merged, blobs] = ['whole', 'merged', 'blobs'].map((name) => join(directory, name)) as [string, string, string]
    const once = await vitest(whole, ['run'])
    expect([once.code, once.output]).toEqual([1, expect.stringContaining(`report  ${join(whole, 'index.md')}`)])
    for (const shard of [1, 2]) {
      const blob = ['--reporter=blob', `--outputFile=${join(blobs, `blob-${shard}-2.json`)}`]
      await vitest(join(directory, 'unused'), ['run', `--shard=${shard}/2`, ...blob])
    }
    expect(await readdir(blobs)).toHaveLength(2)
    expect((await vitest(merged, ['run', `--merge-reports=${blobs}`])).code).toBe(1)
    const [first, second] = await Promise.all([timelessReports(whole), timelessReports(merged)])
    expect(Object.keys(first)).toContain('index.html')
    expect(second).toEqual(first)
    expect(await readdir(directory)).not.toContain('unused')
  })

  test('names each migration with its verdict, also the one that could not be verified', async () => {
    const [run] = await readResults(join(directory, 'whole'))
    const result = resultSchema.parse(run?.result)
    expect(result.migrations.map((migration) => [migration.path, migration.verdict])).toEqual([
      ['fixtures/specimens/not-there', 'unknown'],
      ['fixtures/specimens/rollback-restores-state/unsound', 'violated'],
      ['fixtures/specimens/zero-loss/sound', 'holds'],
    ])
    expect(result.migrations[0]?.notChecked).toEqual([expect.stringMatching(/^it could not be verified: .*not-there/)])
    expect([result.verdict, result.seed, result.postgres.version]).toEqual([
      'violated',
      'one for each migration',
      expect.stringMatching(/^\d+\.\d+$/),
    ])
    const counterexamples = result.migrations.flatMap((migration) => migration.findings.flatMap((finding) => finding.counterexample ?? []))
    expect(counterexamples.length).toBeGreaterThan(0)
    const paths = await Promise.all(counterexamples.map(async (path) => parseCounterexample(await readFile(path, 'utf8')).meta.paths))
    // Of a sound one the statements of old clients that name what it moves have files too.
    expect(new Set(paths.flat())).toEqual(
      new Set(['fixtures/specimens/rollback-restores-state/unsound', 'fixtures/specimens/zero-loss/sound']),
    )
    const own = await readResults(join(directory, 'whole/unsound'))
    expect(own.map((each) => [each.result.seed === 'one for each migration', each.result.migrations.length])).toEqual([[false, 1]])
  })

  test('a record holds only what JSON can hold', () => {
    expect(plainJson({ a: 1n, b: [undefined, new Date(0)], c: undefined })).toEqual({ a: '1', b: [null, '1970-01-01T00:00:00.000Z'] })
  })
})

function vitest(reports: string, args: readonly string[]): ReturnType<typeof runVitest> {
  return runVitest('fixtures/sharded-specs/vitest.config.ts', args, { GODWIT_SPEC_REPORTS: reports })
}
