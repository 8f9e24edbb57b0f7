import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkEvidence } from '../../../harness/operations/index.ts'
import type { StartedCluster } from '../../../harness/postgres/index.ts'
import { major, migrationOf, openShop, scratchFolder, skipped, startProduction, take } from './production.ts'

const { signal } = new AbortController()
const csv = 'csv/public.items.csv'

describe.skipIf(major === undefined)(`what --check refuses${skipped}`, () => {
  let production: StartedCluster
  let scratch: Awaited<ReturnType<typeof scratchFolder>>
  let copies = 0
  beforeAll(async () => {
    production = await startProduction()
    scratch = await scratchFolder()
    await using shop = await openShop(
      production,
      `CREATE TABLE items (id int PRIMARY KEY, note text, price numeric); CREATE TABLE other (id int);
       INSERT INTO items SELECT n, CASE WHEN n % 2 = 0 THEN 'note ' || n END, n / 4.0 FROM generate_series(1, 500) AS n`,
    )
    const measures = [{ name: 'price', before: 'SELECT id AS key, price AS value FROM items', after: '' }]
    for (const signed of [false, true])
      await take(shop.url, migrationOf('DELETE FROM items', measures), join(scratch.path, signed ? 'signed' : 'plain'), {
        signed,
        proof: false,
      })
  })
  afterAll(async () => {
    await production?.stop()
    await scratch?.[Symbol.asyncDispose]()
  })

  /** What is found in a copy that somebody damaged. */
  async function problemsOf(
    kind: 'plain' | 'signed',
    damage: (path: (name: string) => string) => void,
    digest?: string,
  ): Promise<readonly string[]> {
    copies += 1
    const copy = join(scratch.path, `copy-${copies}`)
    cpSync(join(scratch.path, kind), copy, { recursive: true })
    damage((name) => join(copy, name))
    return (await checkEvidence(copy, { digest, signal, cluster: production })).problems
  }
  const edit = (name: string, change: (text: string) => string) => (path: (name: string) => string) => {
    const before = readFileSync(path(name), 'latin1')
    const after = change(before)
    expect(after).not.toBe(before)
    writeFileSync(path(name), after, 'latin1')
  }

  test('nothing, where nothing was changed', async () => {
    expect(await problemsOf('plain', () => undefined)).toEqual([])
    expect(await problemsOf('signed', () => undefined)).toEqual([])
  })

  test.each([
    ['a lost line', edit(csv, (text) => text.replace(/^"7",.*\n/m, '')), `${csv} holds 499 rows of public.items; totals.json says 500.`],
    [
      'a line twice',
      edit(csv, (text) => text.replace(/^"7",.*\n/m, '$&$&')),
      `${csv} holds 501 rows of public.items; totals.json says 500.`,
    ],
    [
      'a changed number',
      edit(csv, (text) => text.replace('"8","note 8","2.0', '"8","note 8","3.0')),
      `${csv} holds other values of public.items than totals.json: the sum of "price" is `,
    ],
    [
      'a changed text',
      edit(csv, (text) => text.replace('"note 8"', '"note 9"')),
      `${csv} holds other values of public.items than totals.json: the digests differ`,
    ],
    [
      'an empty text in the place of NULL',
      edit(csv, (text) => text.replace('"7",,', '"7","",')),
      `${csv} holds other values of public.items`,
    ],
    [
      'a cut in the middle of a value',
      edit(csv, (text) => text.slice(0, -4)),
      `${csv} cannot be restored: unterminated CSV quoted field (22P04; COPY items, line 501`,
    ],
    [
      'a cut in the middle of a line',
      edit(csv, (text) => text.slice(0, text.lastIndexOf(','))),
      `${csv} cannot be restored: missing data for column "price"`,
    ],
    [
      'another header',
      edit(csv, (text) => text.replace('id,note', 'note,id')),
      `${csv} cannot be restored: column name mismatch in header line`,
    ],
    ['a lost file', (path: (name: string) => string) => rmSync(path(csv)), `${csv} is missing.`],
    ['a truncated dump', edit('dump.pgdump', (text) => text.slice(0, -200)), 'dump.pgdump cannot be restored: pg_restore: error: '],
    ['a dump that is none', edit('dump.pgdump', () => 'nothing'), 'dump.pgdump cannot be restored: pg_restore: error: '],
    ['a lost dump', (path: (name: string) => string) => rmSync(path('dump.pgdump')), 'dump.pgdump is missing.'],
    [
      'totals that say otherwise',
      edit('totals.json', (text) => text.replace('"rows": 0', '"rows": 1')),
      'dump.pgdump holds 0 rows of public.other; totals.json says 1.',
    ],
  ])('%s', async (_, damage, sentence) => {
    expect((await problemsOf('plain', damage))[0]).toContain(sentence)
  })

  test.each([
    [
      'a changed file',
      edit(csv, (text) => text.replace('"note 8"', '"note 9"')),
      `${csv} was changed: its digest is not the one in SHA256SUMS.`,
    ],
    [
      'a changed page',
      edit('TOTALS.md', (text) => text.replace('500', '501')),
      'TOTALS.md was changed: its digest is not the one in SHA256SUMS.',
    ],
    ['a file more', (path: (name: string) => string) => writeFileSync(path('csv/more.csv'), 'id\n'), 'csv/more.csv is not in SHA256SUMS.'],
    ['a file less', (path: (name: string) => string) => rmSync(path(csv)), `${csv} is missing.`],
    [
      'a changed list',
      edit('SHA256SUMS', (text) => text.replace(/^./, (first) => (first === '0' ? '1' : '0'))),
      'SHA256SUMS.sha256 is of another SHA256SUMS.',
    ],
    ['a lost list', (path: (name: string) => string) => rmSync(path('SHA256SUMS')), 'SHA256SUMS is missing.'],
  ])('%s, where it is signed', async (_, damage, sentence) => {
    expect(await problemsOf('signed', damage)).toContain(sentence)
  })

  test('another list than the one whose digest was kept', async () => {
    const [problem] = await problemsOf('signed', () => undefined, '0'.repeat(64))
    expect(problem).toMatch(/^SHA256SUMS has the digest [0-9a-f]{64}, not 0{64}\.$/)
    expect(await problemsOf('plain', () => undefined, '0'.repeat(64))).toEqual(['SHA256SUMS is missing.'])
  })

  test('a dump that no pg_restore here can read', async () => {
    const newer = edit('totals.json', (text) => text.replace(/("dump": \{[^}]*"version": )"[^"]*",(\s*"major": )\d+/, '$1"99.1",$299'))
    const error = await problemsOf('plain', newer).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ exitCode: 3, message: 'no pg_restore can read a dump of pg_dump 99.1' })
  })

  test('a folder that is none, or half written, or damaged', async () => {
    await expect(problemsOf('plain', (path) => rmSync(path('totals.json')))).rejects.toThrow('holds no finished evidence')
    await expect(
      problemsOf(
        'plain',
        edit('totals.json', (text) => text.slice(0, 50)),
      ),
    ).rejects.toThrow('totals.json is damaged')
    const outside = edit('totals.json', (text) => text.replace('csv/public.items.csv', 'csv/../../../etc/passwd'))
    await expect(problemsOf('plain', outside)).rejects.toThrow('totals.json is damaged')
  })
})
