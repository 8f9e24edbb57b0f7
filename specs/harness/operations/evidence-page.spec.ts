import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { builtCommand } from '../../build-command.ts'
import { type GuidePart, readGuide, runInShell, writeGuide } from '../../kv-to-tables/guide.ts'
import { scratchRepository } from '../cli/scratch-repository.ts'
import { pageFiles } from '../page-files.ts'
import { major, openShop, skipped, startProduction } from './production.ts'

const page = 'docs/evidence.md'

/** What differs from run to run, or from machine to machine. */
function plain(output: string): string {
  return output
    .replaceAll(/127\.0\.0\.1:\d+|db\.example\.org:5432/g, 'HOST')
    .replaceAll(/godwit_[0-9a-f]+_[0-9a-f]+/g, 'shop')
    .replaceAll(/(PostgreSQL|pg_dump) [\d.]+\w*/g, '$1 N')
    .replaceAll(/\((?:\/[\w.-]+)+\/pg_dump\)/g, '(PATH)')
    .replaceAll(/[\d.]+ (?:bytes|kB|MB)\b/g, 'SIZE')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/\([0-9A-F]{8}-[0-9A-F]{8}-\d+\)/g, '(SNAPSHOT)')
    .replaceAll(/[0-9a-f]{64}/g, 'DIGEST')
}

test.skipIf(major === undefined)(`every command of the page prints what the page says${skipped}`, { timeout: 120_000 }, async () => {
  const files = await pageFiles('evidence.md')
  await using production = await startProduction()
  await using shop = await openShop(production, files['migrations/add-vat/legacy.sql'] ?? '')
  await shop.session.script(
    `INSERT INTO customers VALUES (1, 'Ann'), (2, NULL);
     INSERT INTO orders VALUES (1, 1, 19.90, NULL), (2, 1, 5.00, ''), (3, 2, 120.00, 'by post')`,
  )
  await using repository = await scratchRepository(files)
  const found: GuidePart[] = []
  let commands = 0
  for (const part of readGuide(await readFile(page, 'utf8'))) {
    if ('prose' in part) {
      found.push(part)
      continue
    }
    const ran: { command: string; output: string }[] = []
    for (const { command, output } of part.commands) {
      commands += 1
      const here = `cd ${repository.directory} && ${command.replaceAll('npx godwit', `${process.execPath} ${builtCommand}`)}`
      const printed = await runInShell(here, { GODWIT_URL: shop.url })
      ran.push({ command, output: printed.replaceAll(/127\.0\.0\.1:\d+/g, 'db.example.org:5432').replaceAll(shop.database.name, 'shop') })
      if (process.env.GODWIT_UPDATE_GUIDE !== 'true') expect(`$ ${command}\n${plain(printed)}`).toBe(`$ ${command}\n${plain(output)}`)
    }
    found.push({ commands: ran })
  }
  expect([commands, existsSync(`${repository.directory}/before/dump.pgdump`)]).toEqual([3, true])
  if (process.env.GODWIT_UPDATE_GUIDE === 'true') await writeFile(page, writeGuide(found))
})
