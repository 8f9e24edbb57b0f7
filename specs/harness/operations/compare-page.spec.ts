import { readFile, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { type GuidePart, readGuide, writeGuide } from '../../kv-to-tables/guide.ts'
import { scratchRepository } from '../cli/scratch-repository.ts'
import { pageFiles } from '../page-files.ts'
import { openStore } from './ready-support.ts'

const page = 'docs/compare.md'
const statement = 'ALTER VIEW stock ALTER COLUMN amount SET DEFAULT 1;'

test('every command of the page prints what the page says', async () => {
  const text = await readFile(page, 'utf8')
  await using store = await openStore((await pageFiles('compare.md'))['schema.sql'] ?? '')
  await using repository = await scratchRepository()
  const found: GuidePart[] = []
  const codes: (number | null)[] = []
  for (const part of readGuide(text)) {
    if ('prose' in part) {
      found.push(part)
      if (part.prose.includes(statement)) await store.session.script(statement)
      continue
    }
    const ran: { command: string; output: string }[] = []
    for (const { command, output } of part.commands) {
      const { code, stdout } = await repository.runHere([...command.split(' ').slice(2), '--url', store.url])
      codes.push(code)
      const printed = stdout.replaceAll(/127\.0\.0\.1:\d+/g, 'db.example.org:5432').replaceAll(store.database.name, 'shop')
      ran.push({ command, output: printed })
      if (process.env.GODWIT_UPDATE_GUIDE !== 'true') expect(printed).toBe(output)
    }
    found.push({ commands: ran })
  }
  expect(codes).toEqual([1, 0])
  if (process.env.GODWIT_UPDATE_GUIDE === 'true') await writeFile(page, writeGuide(found))
})
