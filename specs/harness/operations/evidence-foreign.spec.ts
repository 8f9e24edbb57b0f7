import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkEvidence } from '../../../harness/operations/index.ts'
import { major, migrationOf, type Shop, scratchFolder, skipped, take } from './production.ts'
import { columns, fill, rows, startThreeServers, type ThreeServers } from './three-servers.ts'

describe.skipIf(major === undefined)(`evidence of rows on three servers${skipped}`, { timeout: 120_000 }, () => {
  let servers: ThreeServers
  let all: Shop
  beforeAll(async () => {
    servers = await startThreeServers()
    all = await servers.openSpread(
      `CREATE TABLE other (id int); CREATE FOREIGN TABLE far (id int) SERVER shard_1 OPTIONS (table_name 'orders');
       CREATE TABLE whole (${columns}); ${fill('whole', -1)}`,
    )
  }, 120_000)
  afterAll(async () => {
    await all?.[Symbol.asyncDispose]()
    await servers?.[Symbol.asyncDispose]()
  })

  test('has the totals of each server and of all together, is proven without them, and no row has travelled', async () => {
    await using scratch = await scratchFolder()
    const folder = join(scratch.path, 'taken')
    const lines: string[] = []
    for (const at of [1, 2]) await servers.readStatements(at)
    const { document } = await take(all.url, migrationOf(`UPDATE orders SET note = 'x'`), folder, { say: (line) => lines.push(line) })
    for (const at of [1, 2]) expect((await servers.readStatements(at)).rowsFetched).toBe(1)
    const whole = document.tables.find(({ table }) => table === 'public.whole')
    expect(document.spread).toEqual([{ table: 'public.orders', rows, digest: whole?.digest, sums: whole?.sums }])
    expect(document.foreign.map(({ table, rows: count }) => [table, count])).toEqual([
      ['public.orders_1', 1000],
      ['public.orders_2', 1000],
    ])
    expect(document.notHeld).toContain('Totals of 1 foreign table that the migration cannot write (--all counts them too).')
    expect(document.proof.outcome).toBe('proven')
    expect(lines.join('\n')).toContain(
      'foreign   rows, digests and sums of 2 foreign tables, each read on its own server: shard_1, shard_2',
    )
    expect(readFileSync(join(folder, 'TOTALS.md'), 'utf8')).toMatch(
      /## Rows on other servers[\s\S]*\| public\.orders_1 \| 1000 \|[\s\S]*\| public\.orders \| 3000 \|.*all partitions/,
    )
    expect((await checkEvidence(folder, { signal: new AbortController().signal })).problems).toEqual([])
    // Nothing in the folder may know a password of a user mapping but the dump, which restores it.
    const [, , { password = '' } = { password: '' }] = servers.shards.map(({ database }) => new URL(database.url()))
    expect(password).not.toBe('')
    for (const file of ['totals.json', 'TOTALS.md']) expect(readFileSync(join(folder, file), 'utf8')).not.toContain(password)
  })

  test('names a foreign table that cannot be counted, and has no sum over its partitions', async () => {
    await using scratch = await scratchFolder()
    await all.session.script(`ALTER SERVER shard_2 OPTIONS (SET port '1')`)
    const { document } = await take(all.url, migrationOf(`UPDATE orders SET note = 'x'`), join(scratch.path, 'taken'), { proof: false })
    expect(document.foreign.map(({ table }) => table)).toEqual(['public.orders_1'])
    expect(document.spread).toEqual([])
    expect(document.notHeld).toContainEqual(
      expect.stringMatching(/^Totals of the foreign table orders_2: the foreign server "shard_2" cannot be read: .*ECONNREFUSED.*\.$/),
    )
  })
})
