import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { renderMarkdownRehearsal } from '../../../harness/operations/rehearse/render-markdown.ts'
import { renderTerminalRehearsal } from '../../../harness/operations/rehearse/render-terminal.ts'
import type { StartedCluster } from '../../../harness/postgres/index.ts'
import { openShop, scratchFolder, startProduction } from './production.ts'
import { learnPair, rehearseAt, writePair } from './rehearsals.ts'

let production: StartedCluster
let scratch: Awaited<ReturnType<typeof scratchFolder>>
beforeAll(async () => {
  production = await startProduction()
  scratch = await scratchFolder()
}, 120_000)
afterAll(async () => {
  await production?.stop()
  await scratch?.[Symbol.asyncDispose]()
})

test('reads the metrics of the contract before and after, and holds them against their rules', async () => {
  const metric = (name: string, sql: string, rules: object) => ({ name, sql, ...rules })
  const files = (metrics: readonly object[]) => ({
    'legacy.sql': 'CREATE TABLE tasks (id int PRIMARY KEY, title text NOT NULL, state text)',
    // Generated rows never have that title: only the copy shows it.
    'up.sql': `CREATE TABLE queue (id int PRIMARY KEY);\nINSERT INTO queue SELECT id FROM tasks WHERE md5(title) NOT LIKE 'a0b%';`,
    'contract.ts': `export default ${JSON.stringify({ metrics })}`,
  })
  const kept = [metric('tasks by state', 'SELECT state, count(*) FROM tasks GROUP BY state', { unchanged: true })]
  const queued = metric('queued', 'SELECT count(*) FROM queue', { before: 'SELECT count(*) FROM tasks', unchanged: true })
  const none = metric('late', `SELECT sum(id) FROM queue WHERE id % 7 = 9 AND EXISTS (SELECT FROM tasks WHERE title = 'title 1')`, {
    max: 1,
  })
  const failing = metric(
    'ratio',
    `SELECT 1 / (SELECT count(*) FROM tasks WHERE title <> 'title 1' OR id <> 1 OR state IS NULL) FROM queue LIMIT 1`,
    { max: 1 },
  )
  const rows = `INSERT INTO tasks SELECT n, 'title ' || n, CASE n % 3 WHEN 0 THEN 'secret' WHEN 1 THEN 'done' END FROM generate_series(1, 20000) AS n`
  const on = async (metrics: readonly object[], filling: string) => {
    const pair = await learnPair(await writePair(join(scratch.path, `metrics ${metrics.length}`), files(metrics)))
    await using shop = await openShop(production, `${files([])['legacy.sql']};${filling}`)
    return await rehearseAt(pair, shop.url)
  }
  const found = await on([...kept, queued], rows)
  const lost = found.metrics[1]?.values[0]
  expect(found.metrics.map(({ name, rule, keeps, rows: count }) => [name, rule, keeps, count])).toEqual([
    ['tasks by state', 'unchanged', true, 3],
    ['queued', 'unchanged', false, 1],
  ])
  expect(lost?.before).toBe('20000')
  expect(found.findings.filter(({ cause }) => cause === null).map(({ invariant, kind, message }) => [invariant, kind, message])).toEqual([
    ['metrics-kept', 'changed', `the metric "queued" is ${lost?.after} after the migration, 20000 before it; it must stay the same`],
  ])
  expect(found.verdict).toBe('violated')
  expect(JSON.stringify(found)).not.toContain('secret')
  const shown = renderMarkdownRehearsal(found)
  expect(shown).toContain(`| queued | unchanged | **not kept** | | 20000 | ${lost?.after} |`)
  expect(renderTerminalRehearsal(found, { color: false, report: 'r' })).toContain('  metrics       2 of the contract: 1 kept, 1 not\n')
  const silent = await on([...kept, none, failing], `INSERT INTO tasks VALUES (1, 'title 1', 'done')`)
  expect([silent.verdict, silent.because]).toEqual(['unknown', 'the metric "late" gives NULL after the migration.'])
  expect(silent.metrics.map(({ name, keeps, because }) => [name, keeps, because])).toEqual([
    ['tasks by state', true, ''],
    ['late', null, 'the metric "late" gives NULL after the migration'],
    ['ratio', null, 'the metric "ratio" of the contract, read after the migration, fails: division by zero (22012)'],
  ])
})
