import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from 'vitest'
import type { z } from 'zod'
import { type Config, checkConfig, configSchema, configSchemaText, loadConfig } from '../../../harness/config/index.ts'

type DeepReadonly<Value> = Value extends object ? { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> } : Value

describe('the schema of the configuration', () => {
  test('is the type Config, to the last key', () => {
    expectTypeOf<DeepReadonly<Omit<z.input<typeof configSchema>, 'contracts' | 'projects'>>>().toEqualTypeOf<
      DeepReadonly<Omit<Config, 'contracts' | 'projects'>>
    >()
    expectTypeOf<keyof NonNullable<z.input<typeof configSchema>['projects']>[number]>().toEqualTypeOf<
      keyof NonNullable<Config['projects']>[number]
    >()
  })

  test('the published file is what it says now (to write it anew: vitest run specs/harness/config -u)', async () => {
    await expect(configSchemaText()).toMatchFileSnapshot('../../../harness/config/config.schema.json')
  })

  test('each key stands in docs/configuration.md, and no other', async () => {
    const page = await readFile(new URL('../../../docs/configuration.md', import.meta.url), 'utf8')
    const documented = [...page.matchAll(/^\| `([$\w.[\]]+)` \|/gm)].map((match) => match[1] ?? '')
    const { shape } = configSchema
    const inner = (name: string, value: { readonly shape: object }) => Object.keys(value.shape).map((key) => `${name}.${key}`)
    const project = shape.projects.unwrap().element
    const own = Object.keys(project.shape).filter((key) => !(key in shape) || key === 'path')
    const keys = [
      ...Object.keys(shape),
      ...own.map((key) => `projects[].${key}`),
      ...inner('waivers[]', shape.waivers.unwrap().element),
      ...inner('command', shape.command.unwrap()),
    ]
    expect(documented.toSorted()).toEqual(keys.toSorted())
  })
})

describe('a configuration is refused', () => {
  const waiver = { invariant: 'zero-loss', owner: 'ana', reason: 'archived', expires: '2027-01-31' }
  test.each<[string, unknown, string]>([
    ['for an unknown key, with the one that was meant', { run: 5 }, 'unknown key "run" (did you mean "runs"?)'],
    ['for a key that is like no other', { colour: 'blue' }, 'unknown key "colour"'],
    [
      'for an unknown key of a project',
      { projects: [{ name: 'a', path: 'b', skipExtension: [] }] },
      'unknown key "projects[0].skipExtension" (did you mean "skipExtensions"?)',
    ],
    [
      'for an unknown key of a waiver',
      { waivers: [{ ...waiver, expiry: 'x' }] },
      'unknown key "waivers[0].expiry" (did you mean "expires"?)',
    ],
    [
      'for an unknown key of a contract',
      { contracts: { '001 a': { discard: [] } } },
      'unknown key "contracts["001 a"].discard" (did you mean "discards"?)',
    ],
    ['for a number that is a text', { runs: '5' }, 'runs: expected number, received string'],
    ['for no run at all', { runs: 0 }, 'runs: expected number to be >=1'],
    ['for a format that is none', { format: 'ecto' }, 'format: expected one of "auto"|"pair"'],
    [
      'for a format of a project that is none',
      { formats: [{ id: 'own', read: () => [] }], projects: [{ name: 'a', path: 'b', format: 'ecto' }] },
      'projects[0].format: expected one of "auto"|"own"|"pair"',
    ],
    ['for a time that is none', { timeLimit: '5 parsecs' }, 'timeLimit: is not a duration such as "90s", "5m" or "1h30m"'],
    ['for no time', { timeLimit: '0s' }, 'timeLimit: is no time at all'],
    ['for a cache that is true', { cache: true }, 'cache: expected a folder, s3://BUCKET/PREFIX, or false'],
    [
      'for a path beside projects',
      { path: 'a', projects: [{ name: 'a', path: 'b' }] },
      'path: stands beside "projects", which have paths of their own',
    ],
    [
      'for two projects of one name',
      {
        projects: [
          { name: 'a', path: 'b' },
          { name: 'A', path: 'c' },
        ],
      },
      'projects: has one name twice',
    ],
    [
      'for a name that is no folder name',
      { projects: [{ name: '../a', path: 'b' }] },
      'projects[0].name: is not a name of letters, digits, ".", "_" and "-"',
    ],
    ['for a project without a path', { projects: [{ name: 'a' }] }, 'projects[0].path: expected a text, or a list of texts'],
    ['for a waiver without an owner', { waivers: [{ ...waiver, owner: undefined }] }, 'waivers[0].owner: is missing (expected string)'],
    ['for a waiver without a reason', { waivers: [{ ...waiver, reason: ' ' }] }, 'waivers[0].reason: is empty'],
    [
      'for a waiver with a day that is none',
      { waivers: [{ ...waiver, expires: '2027-02-30' }] },
      'waivers[0].expires: is not an ISO date such as "2027-01-31"',
    ],
    [
      'for a waiver of everything',
      { waivers: [{ ...waiver, invariant: undefined }] },
      'waivers[0]: names neither a "finding" nor an "invariant"',
    ],
    ['for a function', () => ({}), 'expected object, received function'],
  ])('%s', (_, value, message) => {
    expect(() => checkConfig(value, 'godwit.config.ts')).toThrow(`"godwit.config.ts": ${message}`)
  })

  test('with every problem at once', () => {
    const error = (() => {
      try {
        checkConfig({ runs: 0, rows: 0, failOn: 'never' }, 'c')
      } catch (caught) {
        return caught
      }
    })()
    expect(error).toMatchObject({ exitCode: 2, detail: expect.stringMatching(/^And further: rows: .*; failOn: /) })
  })
})

describe('a configuration is found', () => {
  let top = ''
  beforeEach(async () => {
    top = await mkdtemp(join(tmpdir(), 'godwit-config-'))
  })
  afterEach(() => rm(top, { recursive: true }))

  async function write(file: string, content: string): Promise<void> {
    await mkdir(dirname(join(top, file)), { recursive: true })
    await writeFile(join(top, file), content)
  }

  const typed = "import { defineConfig } from 'godwit/config'\nexport default defineConfig({ runs: 7 satisfies number })\n"

  test.each([
    ['godwit.config.ts', typed],
    ['godwit.config.mts', typed],
    ['godwit.config.js', 'export default { runs: 7 }'],
    ['godwit.config.mjs', 'export default { runs: 7 }'],
    ['godwit.config.json', '{ "runs": 7 }'],
    ['package.json', '{ "name": "x", "godwit": { "runs": 7 } }'],
  ])('as %s', async (file, content) => {
    await write(file, content)
    expect(await loadConfig(top)).toEqual({ digest: expect.any(String), config: { runs: 7 }, file: join(top, file), directory: top })
  })

  test('from a folder below up to the top of the git repository, and not beyond', async () => {
    await write('godwit.config.json', '{ "runs": 7 }')
    await mkdir(join(top, 'repository/a/b'), { recursive: true })
    expect(await loadConfig(join(top, 'repository/a/b'))).toBeUndefined()
    execFileSync('git', ['init', '-q', join(top, 'repository')])
    expect(await loadConfig(join(top, 'repository/a/b'))).toBeUndefined()
    await write('repository/godwit.config.json', '{ "runs": 8 }')
    expect((await loadConfig(join(top, 'repository/a/b')))?.config).toEqual({ runs: 8 })
  })

  test('past a package.json without the key', async () => {
    execFileSync('git', ['init', '-q', top])
    await write('godwit.config.json', '{ "runs": 7 }')
    await write('packages/a/package.json', '{ "name": "a" }')
    expect((await loadConfig(join(top, 'packages/a')))?.config).toEqual({ runs: 7 })
  })

  test('where it is named', async () => {
    await write('other.json', '{ "runs": 9 }')
    expect((await loadConfig(top, 'other.json'))?.config).toEqual({ runs: 9 })
  })

  test.each([
    ['that is TypeScript with an error', 'godwit.config.ts', 'export default { runs: = }', /"godwit\.config\.ts" does not load: /],
    ['that throws', 'godwit.config.ts', "throw new Error('not today')", /"godwit\.config\.ts" does not load: not today$/],
    ['that exports nothing', 'godwit.config.ts', 'export const runs = 7', /"godwit\.config\.ts" has no default export$/],
    ['that is no JSON', 'godwit.config.json', '{ runs: 7 }', /"godwit\.config\.json" is not JSON: /],
    ['that imports what is not there', 'godwit.config.ts', "import 'nowhere-at-all'", /"godwit\.config\.ts" does not load: /],
  ])('and refused where it is one %s', async (_, file, content, message) => {
    await write(file, content)
    const error = await loadConfig(top).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ exitCode: 2 })
    expect(String(error).replaceAll(`${top}/`, '')).toMatch(message)
  })

  test('and refused where a folder has two', async () => {
    await write('godwit.config.json', '{}')
    await write('godwit.config.mjs', 'export default {}')
    await expect(loadConfig(top)).rejects.toThrow('has more than one configuration: "godwit.config.mjs", "godwit.config.json"')
  })

  test('and refused where the named one is not there', async () => {
    await expect(loadConfig(top, 'nowhere.ts')).rejects.toThrow('the configuration "nowhere.ts" does not exist')
  })
})
