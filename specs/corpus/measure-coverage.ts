import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { readPair } from '../../harness/formats/index.ts'
import { startCluster } from '../../harness/postgres/index.ts'
import type { MigrationResult } from '../../harness/result/index.ts'
import { fullDepth, onPairBase } from '../../harness/run/index.ts'
import { verifyMigration } from '../../harness/verify/index.ts'

/**
 * How many targets generated rows reach over a sample of the corpus, with aiming and without, in turn on the same pairs and seed:
 * `npm run coverage:measure -- EVERY RUNS SEED`. EVERY takes each so many pairs (default 20), RUNS is the number of edge runs (default 100).
 */
const [every = '20', runs = '100', seed = 'measured'] = process.argv.slice(2)
const corpus = resolve('fixtures/corpus')
const folders = readdirSync(corpus, { withFileTypes: true }).flatMap((each) => (each.isDirectory() ? [each.name] : []))
const sample = folders.filter((_, at) => at % Number(every) === 0)
const cluster = await startCluster({ kind: 'embedded' })
const ways = [true, false]
const sums = new Map(
  ways.map((aimed) => [aimed, { reached: 0, feasible: 0, infeasible: 0, unmeasured: 0, complete: 0, edgeMs: 0, findings: 0 }]),
)
const left = new Map<string, number>()
try {
  for (const [at, folder] of sample.entries()) {
    for (const aimed of at % 2 === 0 ? ways : ways.toReversed()) {
      const result = await verified(resolve(corpus, folder), aimed)
      const { coverage } = result
      const sum = sums.get(aimed)
      if (coverage === undefined || sum === undefined) continue
      sum.reached += coverage.reached
      sum.feasible += coverage.feasible
      sum.infeasible += coverage.infeasible
      sum.unmeasured += coverage.unmeasured
      sum.complete += coverage.reached === coverage.feasible ? 1 : 0
      sum.edgeMs += result.timings.edge ?? 0
      sum.findings += result.findings.length
      if (!aimed) continue
      for (const { state, kind, direction, line, text, outcome } of coverage.targets) {
        if (state !== 'left') continue
        left.set(`${direction} ${kind}`, (left.get(`${direction} ${kind}`) ?? 0) + 1)
        console.log(`  ${folder} ${direction}:${line} ${kind} "${text}" ${outcome}`)
      }
    }
  }
} finally {
  await cluster.stop()
}
for (const [aimed, { reached, feasible, ...more }] of sums)
  console.log(
    `${aimed ? 'aimed' : 'drawn'}: ${reached} of ${feasible} reached (${((reached * 100) / feasible).toFixed(1)} %), ${JSON.stringify(more)}`,
  )
console.log(`${sample.length} pairs, ${runs} runs, seed ${seed}; left when aimed: ${JSON.stringify(Object.fromEntries(left))}`)

async function verified(folder: string, aimed: boolean): Promise<MigrationResult> {
  return await onPairBase(cluster, await readPair(folder), {}, async (base, migration) => {
    const context = { options: {}, seed, hooks: {}, path: folder, depth: () => fullDepth(Number(runs)), aimed }
    return (await verifyMigration(migration, base, context)).result
  })
}
