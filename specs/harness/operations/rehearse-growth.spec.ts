import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDumpCopy, openUrlCopy } from '../../../harness/operations/index.ts'
import { thinRows } from '../../../harness/operations/rehearse/thin-rows.ts'
import { findClientPrograms, type StartedCluster } from '../../../harness/postgres/index.ts'
import { major, openShop, scratchFolder, skipped, startProduction } from './production.ts'
import { learnPair, rehearseOn, writePair } from './rehearsals.ts'

describe('growth on a copy', { timeout: 60_000 }, () => {
  let production: StartedCluster
  let scratch: Awaited<ReturnType<typeof scratchFolder>>
  beforeAll(async () => {
    production = await startProduction()
    scratch = await scratchFolder()
  }, 60_000)
  afterAll(async () => {
    await production?.stop()
    await scratch?.[Symbol.asyncDispose]()
  })

  const legacy = `CREATE TABLE parents (id int PRIMARY KEY, boss int REFERENCES parents, name text);
CREATE TABLE children (id int PRIMARY KEY, parent int NOT NULL REFERENCES parents, amount int NOT NULL);`
  const rows = `
INSERT INTO parents SELECT n, NULLIF(n / 2, 0), 'p' || n FROM generate_series(1, 1000) AS n;
INSERT INTO children SELECT n, 1 + n % 1000, n FROM generate_series(1, 10000) AS n`

  test('a sample keeps about its share, and every row to which another one refers', async () => {
    await using shop = await openShop(production, legacy + rows)
    const left = await thinRows(shop.session, ['public.parents', 'public.children'], 0.1)
    const found = await shop.session.one<{ children: number; lost: number; all: number }>(
      `SELECT (SELECT count(*)::int FROM children) AS children, (SELECT count(*)::int FROM parents) + (SELECT count(*)::int FROM children) AS all,
        (SELECT count(*)::int FROM children AS c WHERE NOT EXISTS (SELECT FROM parents AS p WHERE p.id = c.parent))
          + (SELECT count(*)::int FROM parents AS c WHERE boss IS NOT NULL AND NOT EXISTS (SELECT FROM parents AS p WHERE p.id = c.boss)) AS lost`,
    )
    expect(found.lost).toBe(0)
    expect(found.all).toBe(left)
    expect(found.children).toBeGreaterThan(700)
    expect(found.children).toBeLessThan(1300)
  })

  test('a sample has the widths and the skew of the real rows, as the server counts them', async () => {
    const skewed = `CREATE TABLE notes (id int PRIMARY KEY, kind text NOT NULL, body text);
      INSERT INTO notes SELECT n, CASE WHEN n % 10 < 8 THEN 'open' ELSE 'closed ' || n % 7 END, repeat('x', (n * 7919) % 400)
      FROM generate_series(1, 20000) AS n; ANALYZE notes`
    await using shop = await openShop(production, skewed)
    const counted = () =>
      shop.session.one<{
        width: number
        most: number
      }>(`SELECT (SELECT avg_width FROM pg_stats WHERE tablename = 'notes' AND attname = 'body') AS width,
        (SELECT most_common_freqs[1]::float8 FROM pg_stats WHERE tablename = 'notes' AND attname = 'kind') AS most`)
    const before = await counted()
    await thinRows(shop.session, ['public.notes'], 0.1)
    const after = await counted()
    expect(before.most).toBeCloseTo(0.8, 1)
    expect(Math.abs(after.most - before.most)).toBeLessThan(0.04)
    expect(Math.abs(after.width / before.width - 1)).toBeLessThan(0.1)
  })

  test('is measured on samples of 100 to 1 %, and says at how many rows the window is missed', async () => {
    const pair = await learnPair(
      await writePair(join(scratch.path, 'grows'), {
        'legacy.sql': legacy,
        'up.sql': 'ALTER TABLE children ADD COLUMN twice int;\nUPDATE children SET twice = amount * 2;',
        'down.sql': 'ALTER TABLE children DROP COLUMN twice;',
      }),
    )
    await using shop = await openShop(production, legacy + rows)
    await using copy = await openUrlCopy(shop.url)
    const { growth, verdict } = await rehearseOn(pair, copy, { growth: true, windowMs: 60_000 })
    expect(verdict).toBe('holds')
    if (growth.outcome !== 'measured') throw new Error(growth.because)
    expect(growth.passes.map(({ sample }) => sample)).toEqual([100, 100, 30, 30, 10, 10, 3, 3, 1, 1])
    expect(growth.passes[0]?.rows).toBe(10_000)
    expect(growth.passes.at(-1)?.rows).toBeLessThan(1_000)
    expect(growth.windowRows).toBeGreaterThan(10_000)
    expect(growth.statements.map(({ line }) => line)).toContain(2)
    expect(growth.windowRowsAtLeast).toBeLessThanOrEqual(growth.windowRows ?? 0)
  })

  test.skipIf(major === undefined)(`of a dump is measured without a down: each pass restores it again${skipped}`, async () => {
    const files = { 'legacy.sql': legacy, 'up.sql': 'CREATE TABLE copies AS SELECT * FROM children;' }
    const pair = await learnPair(await writePair(join(scratch.path, 'copies'), files), 2)
    await using shop = await openShop(production, legacy + rows)
    const file = join(scratch.path, 'shop.dump')
    execFileSync(findClientPrograms().find((each) => each.major >= (major ?? 0))?.dump ?? '', [
      '--format=custom',
      `--file=${file}`,
      shop.url,
    ])
    await using copy = await openDumpCopy(file, new AbortController().signal)
    const { growth, down } = await rehearseOn(pair, copy, { growth: true })
    expect(down).toBeNull()
    if (growth.outcome !== 'measured') throw new Error(growth.because)
    expect(growth.passes.map(({ sample }) => sample)).toEqual([100, 30, 10, 3, 1, 100, 30, 10, 3, 1])
    const counts = growth.passes.slice(0, 5).map(({ rows: count }) => count)
    expect(counts).toEqual(counts.toSorted((a, b) => b - a))
    expect(growth.passes[0]?.rows).toBe(11_000)
  })

  test('is not measured without a down that puts the copy back, nor by a role that may not thin it out, and the report says why', async () => {
    const up = 'ALTER TABLE children ADD COLUMN twice int;'
    const none = await learnPair(await writePair(join(scratch.path, 'no-down'), { 'legacy.sql': legacy, 'up.sql': up }))
    await using shop = await openShop(production, legacy + rows)
    await using copy = await openUrlCopy(shop.url)
    const rehearsal = await rehearseOn(none, copy, { growth: true })
    const because = 'there is no working down that puts the copy back. --dump restores it again for each pass.'
    expect(rehearsal.growth).toEqual({ outcome: 'not-measured', because })
    expect(rehearsal.notChecked).toEqual(expect.arrayContaining([`Growth: ${because}`, 'The way back: there is no down.']))

    const back = { 'legacy.sql': legacy, 'up.sql': up, 'down.sql': 'ALTER TABLE children DROP COLUMN twice;' }
    const pair = await learnPair(await writePair(join(scratch.path, 'with-down'), back))
    await using other = await openShop(production, '')
    await using owner = await other.database.connect({ as: 'owner' })
    await owner.script(legacy + rows)
    await using owned = await openUrlCopy(other.database.url({ as: 'owner' }))
    const { growth } = await rehearseOn(pair, owned, { growth: true })
    expect(growth).toEqual({
      outcome: 'not-measured',
      because: `the role "${production.owner}" may not thin out the rows: that takes a superuser.`,
    })
  })
})
