import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readSources } from '../harness/history/index.ts'
import type { Claim } from '../harness/migration/index.ts'

/** How many claims the plan of each migration makes, by the letters of their ids. */
const planned = { OLI: 10, CV: 10, SB: 12, KV: 13, TI: 9 }
const folders = ['order-line-items', 'stock-batches', 'kv-to-tables', 'table-items'].map((name) => `migrations/${name}`)

async function declared(): Promise<readonly Claim[]> {
  const sources = await readSources(folders, {})
  return sources.flatMap((source) => {
    if (source.kind === 'history') return source.history.steps.flatMap(({ contract }) => contract.claims ?? [])
    return source.kind === 'command' ? [] : source.migrations.flatMap(({ migration }) => migration.contract.claims ?? [])
  })
}

function textsOf(ending: string): readonly string[] {
  const paths = readdirSync('specs', { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith(ending) && path !== 'claims.spec.ts',
  )
  return paths.map((path) => readFileSync(join('specs', path), 'utf8'))
}

test('the migrations declare every claim of their plans, once', async () => {
  const ids = (await declared()).map(({ id }) => id)
  const all = Object.entries(planned).flatMap(([letters, count]) => Array.from({ length: count }, (_, at) => `${letters}-${at + 1}`))
  expect(ids.toSorted()).toEqual(all.toSorted())
})

test('a claim that rests on tests has some: a title that begins with its id and a colon', async () => {
  const titles = textsOf('.spec.ts')
  const lacking = (await declared()).flatMap(({ restsOn = [] }) =>
    restsOn.flatMap((each) => {
      if (!('spec' in each)) return []
      const title = new RegExp(`['"\`](?:[A-Z]+-\\d+, )*${each.spec}(?:, [A-Z]+-\\d+)*: |\\bclaim\\(\\s*'${each.spec}',`)
      return titles.some((text) => title.test(text)) ? [] : [each.spec]
    }),
  )
  expect(lacking).toEqual([])
})

test('a claim that rests on a benchmark names a migration that a benchmark measures', async () => {
  const measured = textsOf('.bench.ts').flatMap((text) => [...text.matchAll(/^ *'(migrations\/[\w-]+)',$/gm)].map(([, folder]) => folder))
  expect(new Set(measured)).toEqual(new Set(folders))
})
