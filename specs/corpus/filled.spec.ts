import { join } from 'node:path'
import { useCluster } from 'godwit/vitest'
import { expect, test } from 'vitest'
import { readCatalog } from '../../harness/catalog/index.ts'
import { bandedDataset, datasetArbitrary, planGeneration, sampleDatasets, seedDataset } from '../../harness/data/index.ts'
import { readSources } from '../../harness/history/index.ts'
import { readHints } from '../../harness/migration/index.ts'
import type { Cluster } from '../../harness/postgres/index.ts'
import { legacyTemplate } from '../../harness/run/database.ts'
import { scriptsOf } from '../../harness/run/scripts-of.ts'
import { corpusIds } from './measure-corpus.ts'

/** So many pairs at once. */
const abreast = 3

interface Filled {
  readonly tables: number
  /** Tables that stayed empty, or that some row was refused of, each with the constraint and the SQLSTATE. */
  readonly short: readonly string[]
}

async function fill(cluster: Cluster, id: string): Promise<Filled> {
  const [source] = await readSources([join('fixtures/corpus', id)], {})
  const migration = source?.kind === 'pairs' ? source.migrations[0]?.migration : undefined
  if (migration === undefined) throw new Error(`no migration in ${id}`)
  await using head = await cluster.clone(await legacyTemplate(cluster, migration, {}))
  const session = await head.connect()
  try {
    const catalog = await readCatalog(session)
    const [up, down] = [scriptsOf(migration.up), scriptsOf(migration.down)]
    const plan = await planGeneration(session, catalog, readHints([...up, ...down], catalog, up.length))
    const banded = [0, 1, 2].map((variant) => bandedDataset(plan, { seed: 1, rows: 18, variant }))
    const edges = sampleDatasets(datasetArbitrary(plan, { rows: { min: 1, max: 6 }, profile: 'plausible' }), 1, 4)
    const short = new Map<string, string>()
    for (const dataset of [...banded, ...edges]) {
      await session.script('BEGIN')
      const report = await seedDataset(session, plan, dataset)
      await session.script('ROLLBACK')
      for (const each of [...report.unfilled, ...report.dropped])
        short.set(each.relation, `${each.relation}: ${each.constraint ?? ''} [${each.sqlstate ?? '-'}] ${each.because}`)
    }
    return { tables: plan.relations.size + plan.unfilled.length, short: [...short.values()].map((text) => `${id}: ${text}`) }
  } finally {
    await session.close()
  }
}

test('at least 98 % of the tables of the corpus are filled, all rows of them', { timeout: 600_000 }, async () => {
  const cluster = await useCluster()
  // Every sixth pair in the gate; GODWIT_CORPUS=all takes all of them.
  const queue = corpusIds().filter((_, at) => process.env.GODWIT_CORPUS === 'all' || at % 8 === 1)
  const filled: Filled[] = []
  await Promise.all(
    Array.from({ length: abreast }, async () => {
      for (let id = queue.shift(); id !== undefined; id = queue.shift()) filled.push(await fill(cluster, id))
    }),
  )
  const tables = filled.reduce((sum, each) => sum + each.tables, 0)
  const short = filled.flatMap((each) => each.short).sort()
  const share = (tables - short.length) / tables
  console.log([`${tables - short.length} of ${tables} tables filled: ${(share * 100).toFixed(2)} %`, ...short].join('\n'))
  expect(share).toBeGreaterThanOrEqual(0.98)
})
