import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { openUrlCopy } from '../../harness/operations/index.ts'
import { renderMarkdownRehearsal } from '../../harness/operations/rehearse/render-markdown.ts'
import { openShop, startProduction } from '../harness/operations/production.ts'
import { type LearnedPair, learnPair, rehearseOn } from '../harness/operations/rehearsals.ts'

/** The same migration, which loses one of the records that it sets aside. */
function losing({ migration, verified }: LearnedPair): LearnedPair {
  const { up } = migration
  if (up.kind !== 'program') throw new Error('up is a program')
  const run: typeof up.run = async (context) => {
    await up.run(context)
    await context.session.script('DELETE FROM kv_set_aside WHERE key = (SELECT min(key) FROM kv_set_aside)')
  }
  return { migration: { ...migration, up: { ...up, run } }, verified }
}

test('KV-12: a rehearsal on a copy of the store writes a results document with metrics, issues found and what to adjust', {
  timeout: 120_000,
}, async () => {
  const pair = await learnPair('migrations/kv-to-tables', 1)
  await using production = await startProduction()
  const [legacy, data] = await Promise.all(['legacy', 'legacy.data'].map((name) => readFile(`migrations/kv-to-tables/${name}.sql`, 'utf8')))
  await using shop = await openShop(production, `${legacy}${data}`)
  await using copy = await openUrlCopy(shop.url)

  const sound = await rehearseOn(pair, copy)
  expect(sound).toMatchObject({ verdict: 'holds', findings: [], down: { equal: true } })
  const made = new Map(sound.made.map(({ table, rows }) => [table, rows]))
  const arrived = ['clients', 'catalogs', 'sites', 'products', 'employees', 'orders', 'kv_set_aside'].map(
    (name) => made.get(`public.${name}`) ?? 0,
  )
  expect(arrived.reduce((sum, rows) => sum + rows, 0)).toBe(sound.totals[0]?.rows)
  const page = renderMarkdownRehearsal(sound)
  expect(page).toMatch(/## Issues found\n\nNone\.\n\n## What to adjust\n\nNothing\./)
  expect(page).toMatch(/### up: [\d.]+ m?s, WAL [\d.]+ [kM]B, temporary files .*, database [\d.]+ [kM]B larger/)
  expect(page).toMatch(/\| `kv_store` \| 27 \| 27 \|/)
  expect(page).toContain('| records | 27 | 27 |')

  const lossy = await rehearseOn(losing(pair), copy)
  expect(lossy.verdict).toBe('violated')
  const issues = renderMarkdownRehearsal(lossy)
  expect(issues).toMatch(
    /## Issues found\n\n- \*\*error\*\*: not as before: records: the declared measure is the same, key by key \(1 item: less 1\)/,
  )
  expect(issues).toMatch(/## What to adjust\n\n- not as before: records/)
  const keys = await shop.session.query<{ key: string }>('SELECT key FROM kv_store')
  for (const { key } of keys) expect(issues).not.toContain(key)
})
