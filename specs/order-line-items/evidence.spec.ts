import { join } from 'node:path'
import fc from 'fast-check'
import { compareSnapshots, datasetArbitrary, noHints, planGeneration, readCatalog, seedDataset } from 'godwit'
import { claim } from 'godwit/vitest'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { programsFor, restoreDump } from '../../harness/operations/evidence/dump.ts'
import type { StartedCluster } from '../../harness/postgres/index.ts'
import { major, migrationsAt, openShop, scratchFolder, skipped, startProduction, take } from '../harness/operations/production.ts'
import { parameters } from '../stock-batches/parameters.ts'
import { corrected, stateOf } from './workbench.ts'

const { signal } = new AbortController()

describe.skipIf(major === undefined)(`order-line-items, evidence before the migration${skipped}`, () => {
  let production: StartedCluster
  beforeAll(async () => {
    production = await startProduction()
  })
  afterAll(async () => {
    await production?.stop()
  })

  claim('OLI-9', 'after up, a restore of the backup and down each give back the state before it', async () => {
    await using shop = await openShop(production, corrected.legacy)
    const plan = await planGeneration(shop.session, await readCatalog(shop.session), noHints)
    const { seed } = parameters<unknown>(1)
    const drawn = fc.sample(datasetArbitrary(plan), { numRuns: 50, ...(seed === undefined ? {} : { seed }) })
    for (const dataset of drawn) {
      await shop.session.script('BEGIN')
      await seedDataset(shop.session, plan, dataset)
      const { rows } = await shop.session.one<{ rows: number }>('SELECT count(*)::int AS rows FROM order_line_items')
      if (rows > 1) break
      await shop.session.script('ROLLBACK')
    }
    // What a careless way back changes first.
    await shop.session.script(
      `UPDATE order_line_items SET notes = CASE id WHEN (SELECT min(id) FROM order_line_items) THEN ' blanks ' ELSE NULL END; COMMIT`,
    )
    const before = await stateOf(shop.session)
    await using scratch = await scratchFolder()
    const folder = join(scratch.path, 'before')
    const [migration] = await migrationsAt('migrations/order-line-items')
    if (migration === undefined) throw new Error('there is no migration')
    const { document } = await take(shop.url, migration, folder)
    expect(document.proof.outcome).toBe('proven')
    expect(document.tables.find(({ table }) => table === 'public.order_line_items')?.rows).toBeGreaterThan(1)
    const digests = () => document.tables.map(({ table, rows, digest }) => [table, { rows, digest }])
    expect([...before.digests]).toEqual(digests())

    await shop.session.script(corrected.up)
    expect((await stateOf(shop.session)).digests.has('public.order_line_items_v2')).toBe(true)

    await using restored = await openShop(production, '')
    const programs = programsFor(production.version)
    expect(await restoreDump(programs, { url: restored.url, file: join(folder, 'dump.pgdump'), part: 'all', signal })).toBeUndefined()
    expect([...(await stateOf(restored.session)).digests]).toEqual(digests())

    await shop.session.script(corrected.down)
    const after = await stateOf(shop.session)
    expect([...after.digests]).toEqual(digests())
    expect(compareSnapshots(before, after).filter(({ severity }) => severity === 'error')).toEqual([])
  })
})
