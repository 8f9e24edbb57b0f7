import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import type { Session } from 'godwit'
import { claim } from 'godwit/vitest'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { programsFor, restoreDump } from '../../harness/operations/evidence/dump.ts'
import type { StartedCluster } from '../../harness/postgres/index.ts'
import { major, migrationsAt, openShop, scratchFolder, skipped, startProduction, take } from '../harness/operations/production.ts'
import { type LegacyData, legacyData, seedLegacyData } from './legacy-data.ts'
import { parameters } from './parameters.ts'
import { corrected } from './passage.ts'
import { readState } from './state.ts'

const { signal } = new AbortController()

describe.skipIf(major === undefined)(`stock-batches, evidence before the migration${skipped}`, () => {
  let production: StartedCluster
  beforeAll(async () => {
    production = await startProduction()
  })
  afterAll(async () => {
    await production?.stop()
  })

  claim(
    'SB-10',
    'after the migration, the dump and the CSV files each give the legacy state back, and the totals are those of the rows',
    async () => {
      await using shop = await openShop(production, corrected.legacy)
      await seedLegacyData(shop.session, mostItems())
      const before = await readState(shop.session)
      const expected = await totalsOf(shop.session)
      await using scratch = await scratchFolder()
      const folder = join(scratch.path, 'before')
      const [migration] = await migrationsAt('migrations/stock-batches')
      if (migration === undefined) throw new Error('there is no migration')
      const { document } = await take(shop.url, migration, folder, { all: true, signed: true })
      expect(document.proof.outcome).toBe('proven')
      expect(document.measures.map(({ name, total }) => [name, Number(total)])).toEqual(expected)
      expect(before.legacy.items.length).toBeGreaterThan(2)

      await shop.session.script(corrected.up)
      expect((await readState(shop.session)).catalog).not.toEqual(before.catalog)

      await using fromDump = await openShop(production, '')
      const programs = programsFor(production.version)
      expect(await restoreDump(programs, { url: fromDump.url, file: join(folder, 'dump.pgdump'), part: 'all', signal })).toBeUndefined()
      expect(await readState(fromDump.session)).toEqual(before)

      await using fromCsv = await openShop(production, corrected.legacy)
      await fromCsv.session.script('SET session_replication_role = replica')
      for (const { table, csv } of document.tables)
        await fromCsv.session.copyFrom(
          `COPY ${table} FROM STDIN WITH (FORMAT csv, HEADER match)`,
          createReadStream(join(folder, csv ?? '')),
        )
      expect(await readState(fromCsv.session)).toEqual(before)
    },
  )
})

/** Of some drawn legacy states the one with the most items. */
function mostItems(): LegacyData {
  const { seed } = parameters<unknown>(1)
  const drawn = fc.sample(legacyData(), { numRuns: 30, ...(seed === undefined ? {} : { seed }) })
  return drawn.toSorted((one, other) => other.items.length - one.items.length)[0] as LegacyData
}

/** The measures of the plan, by SQL of this spec's own. */
async function totalsOf(session: Session): Promise<readonly (readonly [string, number])[]> {
  const sums = await session.one<Record<string, string>>(
    `SELECT coalesce(sum("quantityInStock"), 0)::text AS quantity,
            coalesce(sum("quantityInStock" * "costPerUnitUSD"::text::numeric), 0)::text AS value,
            coalesce(sum("freightCostUSD"::text::numeric), 0)::text AS freight FROM "items"`,
  )
  return Object.entries(sums).map(([name, sum]) => [name, Number(sum)] as const)
}
