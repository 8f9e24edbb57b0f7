import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { resultSchema, type VerifyResult } from '../../../harness/result/index.ts'
import { scratchRepository } from './scratch-repository.ts'

const legacy = 'CREATE TABLE items (id int PRIMARY KEY, price int NOT NULL, name text);\n'

function pair(folder: string, up: string, down: string): Readonly<Record<string, string>> {
  return { [`${folder}/legacy.sql`]: legacy, [`${folder}/up.sql`]: `${up};\n`, [`${folder}/down.sql`]: `${down};\n` }
}

const files = {
  // 15 does not parse it, 18 does.
  ...pair(
    'db/virtual',
    'ALTER TABLE items ADD COLUMN twice bigint GENERATED ALWAYS AS (price::bigint * 2) VIRTUAL',
    'ALTER TABLE items DROP COLUMN twice',
  ),
  // 15 parses it, and knows no such constraint.
  ...pair('db/unnamed', 'ALTER TABLE items DROP CONSTRAINT items_price_not_null', 'ALTER TABLE items ALTER COLUMN price SET NOT NULL'),
  // 15 forgets the name.
  ...pair(
    'db/named',
    `ALTER TABLE items ADD COLUMN kind text CONSTRAINT kind_given NOT NULL DEFAULT 'a'`,
    'ALTER TABLE items DROP COLUMN kind',
  ),
  ...pair(
    'db/same',
    'ALTER TABLE items ADD COLUMN note text; CREATE VIEW names AS SELECT id, name FROM items',
    'DROP VIEW names; ALTER TABLE items DROP COLUMN note',
  ),
}

describe('a migration on several versions of PostgreSQL', { timeout: 120_000 }, () => {
  test('is reported once, with the worst verdict, and what differs is a finding', async () => {
    await using repository = await scratchRepository(files)
    const { code, stderr } = await repository.run(['verify', 'db', '--postgres', '15,18', '--runs', '4', '--no-cache'])
    expect({ code, stderr: stderr.includes('internal error') }).toEqual({ code: 1, stderr: false })
    const read = async (name: string) =>
      resultSchema.parse(JSON.parse(await readFile(join(repository.directory, 'reports', name, 'results.json'), 'utf8'))) as VerifyResult
    const seen = async (name: string) => {
      const result = await read(name)
      const [migration] = result.migrations
      const own = migration?.findings.filter(({ invariant }) => invariant === 'same-on-versions') ?? []
      return {
        server: result.postgres.version.replaceAll(/\.\d+/g, ''),
        verdict: migration?.verdict,
        kinds: [...new Set(own.map(({ kind }) => kind))].toSorted(),
        severities: [...new Set(own.map(({ severity }) => severity))],
      }
    }
    const server = '15, 18'
    expect({
      virtual: await seen('virtual'),
      unnamed: await seen('unnamed'),
      named: await seen('named'),
      same: await seen('same'),
    }).toEqual({
      virtual: { server, verdict: 'violated', kinds: ['statement-refused', 'verdict-differs'], severities: ['warning'] },
      unnamed: { server, verdict: 'violated', kinds: ['statement-refused', 'verdict-differs'], severities: ['warning'] },
      named: { server, verdict: 'holds', kinds: ['schema-differs'], severities: ['warning'] },
      same: { server, verdict: 'holds', kinds: [], severities: [] },
    })
    const [refused] = (await read('virtual')).migrations[0]?.findings.filter(({ kind }) => kind === 'statement-refused') ?? []
    expect(refused?.message).toMatch(/^PostgreSQL 15\.\d+ refuses a statement that 18\.\d+ applies: syntax error/)
    const applies = (await read('virtual')).migrations[0]?.findings.find(({ invariant }) => invariant === 'applies')
    expect(applies?.message).toMatch(/\(on PostgreSQL 15\.\d+ only\)$/)
    expect(refused?.cause).toBe(applies?.id)

    // The gate takes the list as the saved verdict has it, and no other.
    expect(await repository.runHere(['gate', 'db/same', '--postgres', '15,18', '--runs', '4'])).toMatchObject({ code: 1 })
    const again = await repository.run(['verify', 'db/same', '--postgres', '15,18', '--runs', '4', '--no-cache'])
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/PostgreSQL 15\.\d+, 18\.\d+/) })
    expect(await repository.runHere(['gate', 'db/same', '--postgres', '15,18', '--runs', '4', '--no-cache'])).toMatchObject({ code: 0 })
    const other = await repository.runHere(['gate', 'db/same', '--postgres', '16,18', '--runs', '4', '--no-cache'])
    expect(other).toMatchObject({ code: 1, stdout: expect.stringContaining('option postgres: 15,18 then, 16,18 now') })
  })

  test('a counterexample is replayed on the version that showed it', async () => {
    await using repository = await scratchRepository(pair('db', 'ALTER TABLE items DROP CONSTRAINT items_price_not_null', 'SELECT 1'))
    const { stdout } = await repository.run(['verify', 'db', '--postgres', '15,18', '--runs', '4', '--no-cache', '--json'])
    const result = JSON.parse(stdout) as VerifyResult
    const saved = result.migrations[0]?.findings.find(({ invariant }) => invariant === 'applies')?.counterexample ?? ''
    expect(await repository.run(['replay', saved])).toMatchObject({ code: 1, stdout: expect.stringContaining('still violates') })
    expect(await repository.run(['replay', saved, '--postgres', '18'])).toMatchObject({ code: 0 })
  })

  test.each([
    ['15,,18', 'empty entry'],
    ['15,15', 'names "15" twice'],
    ['15,postgres://u:secret@h/d', 'names a URL'],
    ['15,nonsense', 'no such kind of cluster'],
  ])('%s is bad input', async (postgres, message) => {
    await using repository = await scratchRepository(files)
    const { code, stderr } = await repository.runHere(['verify', 'db/same', '--postgres', postgres])
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) })
    expect(stderr).not.toContain('secret')
  })

  test('shards are of one version', async () => {
    await using repository = await scratchRepository({ ...files, 'godwit.config.json': JSON.stringify({ postgres: ['15', '18'] }) })
    const { code, stderr } = await repository.runHere(['verify', 'db/same', '--shard', '1/2'])
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('--postgres names several') })
  })
})
