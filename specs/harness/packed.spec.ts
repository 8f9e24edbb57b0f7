import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCell } from '../../scripts/versions/cell.ts'
import { openWorkshop, type Workshop } from '../../scripts/versions/workshop.ts'
import { inGate } from '../in-gate.ts'
import { pageFiles, pageOutput, timeless } from './page-files.ts'

const run = promisify(execFile)

const cells = [15, 16, 17, 18].flatMap((postgres) => [20, 22, 24].map((node) => ({ postgres, node })))
/** The other specs are this one already. */
const others = cells.filter(({ postgres, node }) => postgres !== 18 || !process.versions.node.startsWith(`${node}.`))

/** A repository that has Godwit as a user has it: packed, and installed by npm. */
describe('the packed Godwit', { timeout: 300_000 }, () => {
  // "npm run versions" has them all.
  const [cell = { postgres: 15, node: 22 }] = inGate(others, 1).slice(0, 1)
  let workshop: Workshop
  let pages: string

  beforeAll(async () => {
    workshop = await openWorkshop([cell.postgres])
    pages = join(workshop.directory, 'pages')
  }, 900_000)
  afterAll(() => workshop?.[Symbol.asyncDispose]())

  async function write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [file, text] of Object.entries(files)) {
      await mkdir(dirname(join(pages, file)), { recursive: true })
      await writeFile(join(pages, file), text)
    }
  }

  /** As a shell outside of any spec. */
  async function godwit(args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
    const { VITEST: _, FORCE_COLOR: _color, ...env } = process.env
    return run('npx', ['godwit', ...args], { cwd: pages, env }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    )
  }

  test('docs/own-invariant.md prints what it says, and replays its counterexample', async () => {
    await write(await pageFiles('own-invariant.md'))
    const verified = await godwit(['verify'])
    expect([verified.code, timeless(verified.stdout)]).toEqual([1, timeless(await pageOutput('own-invariant.md'))])
    const [, file = ''] = verified.stdout.match(/godwit replay (\S+)/) ?? []
    const replayed = await godwit(['replay', file])
    expect([replayed.code, replayed.stdout]).toEqual([1, expect.stringMatching(/^still violates: gross is -1, net 0 and tax 1/)])
  })

  test('docs/own-format.md verifies its steps', async () => {
    await write(await pageFiles('own-format.md'))
    const { code, stdout } = await godwit(['verify', '--json', '--no-cache', '--runs', '5'])
    const verdicts = JSON.parse(stdout).migrations.map((each: { name: string; verdict: string }) => [each.name, each.verdict])
    expect([code, ...verdicts]).toEqual([1, ['1_people.sql', 'holds'], ['2_index.sql', 'holds'], ['10_drop.sql', 'violated']])
  })

  test(`works on PostgreSQL ${cell.postgres} under Node.js ${cell.node}`, async () => {
    const { checks } = await runCell(workshop, cell.postgres, cell.node)
    expect(checks.length).toBeGreaterThan(9)
    expect(checks.filter(({ wrong }) => wrong !== undefined)).toEqual([])
  })
})
