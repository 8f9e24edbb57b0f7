import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gravestCode } from '../../../harness/cli/exit-codes.ts'
import { resultSchema } from '../../../harness/result/index.ts'
import { lossyPair, type ScratchRepository, scratchRepository, soundPair } from './scratch-repository.ts'

const config = `import { defineConfig } from 'godwit/config'
export default defineConfig({
  runs: 4,
  report: 'out',
  projects: [
    { name: 'billing', path: 'billing' },
    { name: 'stock', path: 'stock', runs: 3, failOn: 'warning' },
    { name: 'shop', path: 'nowhere' },
  ],
})
`

test('the gravest exit code is that of bad input, then what could not run, violated, unknown, holds', () => {
  expect([[0, 4, 1, 3, 2], [0, 4, 1, 3], [0, 4, 1], [0, 4], [0], []].map(gravestCode)).toEqual([2, 3, 1, 4, 0, 0])
})

describe('several projects in one configuration', { timeout: 180_000 }, () => {
  let repository: ScratchRepository
  beforeAll(async () => {
    repository = await scratchRepository({ 'godwit.config.ts': config, ...soundPair('billing/step'), ...lossyPair('stock/step') })
  })
  afterAll(() => repository[Symbol.asyncDispose]())

  test('are verified one by one: one that cannot be is named, keeps none of the others from it, and decides the exit code', async () => {
    const { code, stdout, stderr } = await repository.run(['verify', '--json'])
    const result = resultSchema.parse(JSON.parse(stdout))
    expect([code, result.verdict]).toEqual([2, 'violated'])
    expect(result.migrations.map(({ path, verdict, runs }) => [path, verdict, runs])).toEqual([
      ['billing/step', 'holds', 4],
      ['stock/step', 'violated', 3],
    ])
    expect(stderr).toMatch(/^godwit: project "shop": "nowhere" does not exist$/m)
    expect(result.sources.flatMap((source) => source.notes)).toContainEqual('project shop could not be verified: "nowhere" does not exist')
  })

  test('have one report, in which namesakes have folders of their own with the counterexamples that they name', async () => {
    const result = resultSchema.parse(JSON.parse(await readFile(join(repository.directory, 'out/results.json'), 'utf8')))
    const named = result.migrations.flatMap((migration) => migration.findings.flatMap((finding) => finding.counterexample ?? []))
    expect(named.length).toBeGreaterThan(0)
    for (const path of named) expect(await readFile(join(repository.directory, path), 'utf8')).toContain('-- godwit')
  })

  test('can be taken alone; flags come before variables of the environment, and both before the file', async () => {
    const runsOf = async (args: readonly string[], env = {}) => {
      const { code, stdout } = await repository.run(['verify', '--project', 'billing', '--json', ...args], env)
      return [code, ...resultSchema.parse(JSON.parse(stdout)).migrations.map((migration) => migration.runs)]
    }
    expect(await runsOf([], { GODWIT_RUNS: '5' })).toEqual([0, 5])
    expect(await runsOf(['--runs', '6'], { GODWIT_RUNS: '5' })).toEqual([0, 6])
  })

  test('lend their options to a path that lies in one of them', async () => {
    const { stdout } = await repository.run(['verify', 'stock/step', '--json'])
    expect(resultSchema.parse(JSON.parse(stdout)).migrations.map((migration) => migration.runs)).toEqual([3])
  })

  test.each([
    ['an unknown project', ['verify', '--project', 'sales'], 'no project is named "sales"\nThere are: billing, stock, shop.'],
    [
      'a path outside of the project',
      ['verify', 'elsewhere', '--project', 'billing', '--project', 'stock'],
      '"elsewhere" belongs to none of the projects "billing", "stock"',
    ],
    ['a configuration that is not there', ['gate', '--config', 'other.ts'], 'the configuration "other.ts" does not exist'],
    ['a baseline that is not there', ['verify', '--baseline', 'other.json'], 'the baseline "other.json" does not exist'],
  ])('%s is bad input', async (_, args, message) => {
    const { code, stdout, stderr } = await repository.runHere(args)
    expect([code, stdout, stderr.startsWith(`godwit: ${message}\n`)]).toEqual([2, '', true])
  })
})

describe('a configuration that is bad is refused with 2, in one message and without a stack', () => {
  test.each([
    ['an unknown key', 'export default { run: 5 }', '"godwit.config.ts": unknown key "run" (did you mean "runs"?)'],
    ['one that throws', "throw new Error('not today')", '"godwit.config.ts" does not load: not today'],
    ['TypeScript that is none', 'export default { runs: = }', '"godwit.config.ts" does not load: '],
    ['one without a default', 'export const runs = 5', '"godwit.config.ts" has no default export'],
  ])('%s', async (_, text, message) => {
    await using repository = await scratchRepository({ 'godwit.config.ts': text })
    const { code, stdout, stderr } = await repository.run(['verify', '--json'])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr.slice(0, `godwit: ${message}`.length)).toBe(`godwit: ${message}`)
    expect(stderr).not.toMatch(/^ {4}at |internal error/m)
  })
})
