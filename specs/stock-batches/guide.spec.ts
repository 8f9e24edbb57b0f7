import { execFile, spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { corrected, readText } from './passage.ts'
import { readState } from './state.ts'
import { openWorkbench } from './workbench.ts'

const root = resolve(import.meta.dirname, '../..')
const hasPsql = spawnSync('psql', ['--version']).status === 0

/** The commands of the guide that change or read a database, in their order; ids of items are named as an example. */
const commands = [...readText('docs/stock-batches.md').matchAll(/^ *((?:psql|npm run stock:move) .*?)(?: {2}#.*)?$/gm)].map(
  ([, command = '']) => command.replace('ITEM-ID …', 'sofa').trimEnd(),
)

test('the guide has the commands that this spec expects', () => {
  expect(commands.map((command) => /([\w-]+\.sql|stock:move.*)/.exec(command)?.[0])).toEqual([
    'up.sql',
    'verification.sql',
    'stock:move -- sofa',
    'stock:move -- --all --preview',
    'stock:move -- --all',
    'end-transition.sql',
    'down.sql',
  ])
})

test.skipIf(!hasPsql)('every command of the guide runs, and leads to the batches and back', { timeout: 120_000 }, async () => {
  await using bench = await openWorkbench(corrected, 'legacy')
  const { catalog } = await readState(bench.session)
  const outputs: string[] = []
  for (const [at, command] of commands.entries()) {
    if (at === 0)
      await bench.session.script(`INSERT INTO "items" ("id", "name", "quantityInStock", "updatedAt") VALUES ('lamp', 'lamp', 5, now())`)
    if (at === 2)
      await bench.session.script(`INSERT INTO "items" ("id", "name", "quantityInStock", "updatedAt")
        VALUES ('sofa', 'sofa', 2, now()), ('chair', 'chair', 1, now())`)
    const { code, out, err } = await run(command, bench.database.url())
    expect([command, code, err]).toEqual([command, 0, ''])
    outputs.push(out)
  }
  expect(outputs[1]?.match(/ \| t +\| /g)).toHaveLength(10)
  expect(outputs.slice(2, 5).map((out) => out.trimEnd().split('\n').slice(-2))).toEqual([
    ['sofa: moved', '1 moved, 0 unchanged, 0 missing, 0 locked'],
    ['chair', '1 items to move'],
    ['chair: moved', '1 moved, 0 unchanged, 0 missing, 0 locked'],
  ])
  const after = await readState(bench.session)
  expect(after.catalog).toEqual(catalog)
  expect(after.legacy.items.map(({ id, quantityInStock }) => [id, quantityInStock])).toEqual([
    ['chair', '1'],
    ['lamp', '5'],
    ['sofa', '2'],
  ])
})

function run(command: string, url: string): Promise<{ code: number | string; out: string; err: string }> {
  const env = { ...process.env, DATABASE_URL: url, PGOPTIONS: '-c client_min_messages=warning' }
  return new Promise((done) => {
    execFile('bash', ['-c', command], { cwd: root, env }, (error, out, err) => done({ code: error?.code ?? 0, out, err }))
  })
}
