import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StartedCluster } from '../../../harness/postgres/index.ts'
import { major, migrationOf, openShop, type Shop, scratchFolder, skipped, startProduction, take } from './production.ts'

const ACCOUNTS = 200
const WRITERS = 3

/** Sessions that move money to and fro, insert and delete, each in transactions of its own, until they are stopped. */
function startWriters(shop: Shop): { stop(): Promise<number> } {
  let on = true
  const write = async (writer: number) => {
    await using session = await shop.database.connect()
    let done = 0
    for (; on; done += 1) {
      const [from, to] = [1 + ((done * 7 + writer) % ACCOUNTS), 1 + ((done * 13 + writer * 5) % ACCOUNTS)].toSorted((a, b) => a - b)
      await session.script(
        `BEGIN; UPDATE accounts SET cents = cents - 1 WHERE id = ${from}; UPDATE accounts SET cents = cents + 1 WHERE id = ${to};
         INSERT INTO moves (writer, round, cents) VALUES (${writer}, ${done}, 1), (${writer}, ${done}, -1);
         DELETE FROM moves WHERE writer = ${writer} AND round < ${done - 20}; COMMIT`,
      )
    }
    return done
  }
  const all = Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)))
  return {
    async stop() {
      on = false
      return (await all).reduce((sum, each) => sum + each, 0)
    },
  }
}

describe.skipIf(major === undefined)(`evidence while others write${skipped}`, () => {
  let production: StartedCluster
  beforeAll(async () => {
    production = await startProduction()
  })
  afterAll(async () => {
    await production?.stop()
  })

  test('is of one moment: dump, CSV files and totals agree, and no transaction is torn', async () => {
    await using shop = await openShop(
      production,
      `CREATE TABLE accounts (id int PRIMARY KEY, cents bigint NOT NULL, filler text DEFAULT repeat('x', 2000));
       CREATE TABLE moves (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, writer int, round int, cents int);
       INSERT INTO accounts SELECT n, 1000 FROM generate_series(1, ${ACCOUNTS}) AS n`,
    )
    await using scratch = await scratchFolder()
    const writers = startWriters(shop)
    const measures = [
      { name: 'cents', before: 'SELECT sum(cents) FROM accounts', after: '' },
      { name: 'moved', before: 'SELECT coalesce(sum(cents), 0) FROM moves', after: '' },
    ]
    const taken = []
    try {
      for (let at = 0; at < 2; at += 1)
        taken.push(
          await take(
            shop.url,
            migrationOf('UPDATE accounts SET cents = 0; DELETE FROM moves', measures),
            join(scratch.path, `taken-${at}`),
          ),
        )
    } finally {
      expect(await writers.stop()).toBeGreaterThan(WRITERS)
    }
    for (const { document } of taken) {
      expect(document.proof.outcome).toBe('proven')
      expect(document.measures.map(({ total }) => total)).toEqual([String(ACCOUNTS * 1000), '0'])
    }
    expect(new Set(taken.map(({ document }) => document.tables[0]?.digest)).size).toBe(taken.length)
  })
})
