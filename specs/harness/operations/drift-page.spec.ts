import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { StartedCluster } from '../../../harness/postgres/index.ts'
import { startCluster } from '../../../harness/postgres/index.ts'
import { builtCommand } from '../../build-command.ts'
import { type GuidePart, readGuide, runInShell, writeGuide } from '../../kv-to-tables/guide.ts'
import { scratchRepository } from '../cli/scratch-repository.ts'
import { pageFiles } from '../page-files.ts'
import { openShop } from './production.ts'

const page = 'docs/drift.md'

let production: StartedCluster
beforeAll(async () => {
  production = await startCluster({ kind: 'embedded' })
})
afterAll(() => production?.stop())

test('every command of the page prints what the page says', { timeout: 60_000 }, async () => {
  const files = await pageFiles('drift.md')
  await using shop = await openShop(production, files['db/migrations/001_people.sql'] ?? '')
  await shop.session.script(
    `ALTER TABLE people ALTER name TYPE varchar(60); CREATE INDEX people_nick ON people (nick);
     CREATE TABLE schema_migrations (version text PRIMARY KEY)`,
  )
  await using repository = await scratchRepository(files)
  const update = process.env.GODWIT_UPDATE_GUIDE === 'true'
  const plain = (text: string) =>
    text
      .replaceAll(/127\.0\.0\.1:\d+/g, 'db.example.org:5432')
      .replaceAll(shop.database.name, 'shop')
      .replaceAll(/PostgreSQL 18\.\d+/g, 'PostgreSQL 18.4')
  const found: GuidePart[] = []
  for (const part of readGuide(await readFile(page, 'utf8'))) {
    if ('prose' in part) {
      found.push(part)
      continue
    }
    const ran: { command: string; output: string }[] = []
    for (const { command, output } of part.commands) {
      const here = `cd ${repository.directory} && ${command.replaceAll('npx godwit', `${process.execPath} ${builtCommand}`)}`
      const printed = plain(await runInShell(here, { GODWIT_URL: shop.url }))
      ran.push({ command, output: printed })
      if (!update) expect(`$ ${command}\n${printed}`).toBe(`$ ${command}\n${output}`)
    }
    found.push({ commands: ran })
  }
  if (update) await writeFile(page, writeGuide(found))
})

test('exit codes: 1 with drift, 0 without, 4 where a step is a program, 2 and 3 with one clear message', { timeout: 60_000 }, async () => {
  const files = await pageFiles('drift.md')
  await using repository = await scratchRepository(files)
  await using shop = await openShop(production, files['db/migrations/001_people.sql'] ?? '')
  const drift = async (args: readonly string[], url: string = shop.url) => {
    const { code, stdout, stderr } = await repository.run(['schema', 'drift', ...args], { GODWIT_URL: url })
    return { code, stdout, stderr: stderr.trim().split('\n')[0] }
  }
  expect(await drift(['db/migrations', '--at', '001_people.sql'])).toMatchObject({ code: 0 })
  const json = await drift(['db/migrations', '--json'])
  expect([json.code, JSON.parse(json.stdout).drift.map((each: { path: string }) => each.path)]).toEqual([
    1,
    ['public.people.nick', 'public.names'],
  ])
  await repository.write({ 'db/migrations/002_nick.sql': 'SELECT 1/0' })
  expect(await drift(['db/migrations'])).toMatchObject({ code: 4, stdout: expect.stringContaining('division by zero') })
  expect(await drift(['db/migrations'], 'postgres://nobody@127.0.0.1:1/none')).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/^godwit: .*127\.0\.0\.1:1/),
  })
  expect(await drift(['nowhere'])).toMatchObject({ code: 2, stderr: expect.stringMatching(/^godwit: /) })
  expect(await drift(['db/migrations'], '')).toMatchObject({ code: 2, stderr: 'godwit: no database is named' })
})
