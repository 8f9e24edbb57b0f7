import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readAllStock } from '../../migrations/stock-batches/reader.ts'
import { corrected } from './passage.ts'
import { readState } from './state.ts'
import { openWorkbench, type Workbench } from './workbench.ts'

describe('stock:move', () => {
  let bench: Workbench
  beforeAll(async () => {
    bench = await openWorkbench(corrected, 'migrated')
  })
  afterAll(() => bench[Symbol.asyncDispose]())
  beforeEach(() =>
    bench.session.script(`INSERT INTO "items" ("id", "name", "quantityInStock", "useBatchSystem", "updatedAt") VALUES
      ('lamp', 'lamp', 5, false, now()), ('sofa', 'sofa', 2, false, now()), ('unknown', 'unknown', NULL, false, now()), ('marked', 'marked', 3, true, now())`),
  )
  afterEach(() => bench.session.script('DELETE FROM "items"'))

  const run = (...args: readonly string[]) =>
    new Promise<{ code: number | string; out: string; err: string }>((done) => {
      const root = resolve(import.meta.dirname, '../..')
      const env = { ...process.env, DATABASE_URL: bench.database.url() }
      execFile(
        process.execPath,
        ['--import', 'tsx', 'migrations/stock-batches/move-items.ts', ...args],
        { cwd: root, env },
        (error, out, err) => done({ code: error?.code ?? 0, out, err }),
      )
    })

  const batched = async () => (await readState(bench.session)).batches?.map(({ itemId }) => itemId)

  test('SB-8: moves the items that are named, one line for each', async () => {
    const before = await readAllStock(bench.session)
    expect(await run('sofa', 'unknown', 'sofa', 'marked')).toEqual({
      code: 0,
      out: 'sofa: moved\nunknown: unchanged\nsofa: unchanged\nmarked: unchanged\n1 moved, 3 unchanged, 0 missing, 0 locked\n',
      err: '',
    })
    expect(await batched()).toEqual(['sofa'])
    const after = await readAllStock(bench.session)
    expect([...after].map(([id, { source, ...stock }]) => [id, stock])).toEqual(
      [...before].map(([id, { source, ...stock }]) => [id, stock]),
    )
  })

  test('SB-8: moves all items; a preview moves none', async () => {
    expect(await run('--all', '--preview')).toEqual({ code: 0, out: 'lamp\nsofa\n2 items to move\n', err: '' })
    expect(await batched()).toEqual([])
    expect((await run('--all')).out).toBe('lamp: moved\nsofa: moved\n2 moved, 0 unchanged, 0 missing, 0 locked\n')
    expect(await run('--all')).toEqual({ code: 0, out: '0 moved, 0 unchanged, 0 missing, 0 locked\n', err: '' })
  })

  test('SB-8: names an item that is missing, and one that another transaction keeps, and moves the others', async () => {
    await using other = await bench.database.connect()
    await other.script('BEGIN')
    await other.script(`SELECT FROM "items" WHERE "id" = 'lamp' FOR UPDATE`)
    expect(await run('nobody', 'lamp', 'sofa')).toEqual({
      code: 1,
      out: 'nobody: missing\nlamp: locked\nsofa: moved\n1 moved, 0 unchanged, 1 missing, 1 locked\n',
      err: '',
    })
    await other.script('ROLLBACK')
    expect(await batched()).toEqual(['sofa'])
  })

  test.each([
    [[], 'no item is named'],
    [['--all', 'lamp'], 'give one or the other'],
    [['--al'], 'unknown option'],
    [['--database', '', 'lamp'], 'no database is named'],
  ])('refuses %j', async (args, message) => {
    const { code, out, err } = await run(...args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(message)
    expect(await batched()).toEqual([])
  })

  test('says that it could not run', async () => {
    const { code, err } = await run('--database', 'postgres://nobody@127.0.0.1:1/nothing', 'lamp')
    expect(code).toBe(3)
    expect(err).toMatch(/^stock:move: .*ECONNREFUSED/)
  })
})
