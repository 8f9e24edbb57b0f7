import { describe, expect, test } from 'vitest'
import { pageFiles } from '../page-files.ts'
import { scratchRepository } from './scratch-repository.ts'

const exampleFiles = () => pageFiles('own-format.md')

describe('the example in docs/own-format.md', () => {
  test('verifies its steps as the page says, from its own folder and by its name', async () => {
    const files = await exampleFiles()
    expect(Object.keys(files)).toEqual(['godwit.config.ts', 'db/steps/1_people.sql', 'db/steps/2_index.sql', 'db/steps/10_drop.sql'])
    await using repository = await scratchRepository(files)
    const { code, stdout, stderr } = await repository.run(['verify', '--json', '--no-cache', '--runs', '5'])
    const { sources, migrations } = JSON.parse(stdout || '{}')
    expect(stderr).not.toContain('godwit: ')
    expect(code).toBe(1)
    expect(sources).toMatchObject([{ path: 'db/steps', format: 'steps', steps: 3 }])
    expect(migrations.map((each: { name: string; verdict: string }) => [each.name, each.verdict])).toEqual([
      ['1_people.sql', 'holds'],
      ['2_index.sql', 'holds'],
      ['10_drop.sql', 'violated'],
    ])
    const lost = migrations[2].findings.find((each: { invariant: string }) => each.invariant === 'zero-loss')
    expect(lost).toMatchObject({ relation: 'public.people', attribute: 'fullname', file: 'db/steps/10_drop.sql', line: 3 })
    const named = await repository.run(['verify', 'db/steps', '--format', 'steps', '--only', '2_index.sql', '--no-cache', '--runs', '5'])
    expect([named.code, named.stderr.includes('godwit: ')]).toEqual([0, false])
  })

  test('is known to the messages and to the other commands', async () => {
    await using repository = await scratchRepository(await exampleFiles())
    const refused = await repository.runHere(['verify', '--format', 'ecto'])
    expect(refused).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^godwit: unknown format "ecto"\n.*auto, steps, pair/),
    })
    const elsewhere = await repository.runHere(['gate', '--format', 'steps'])
    expect(elsewhere.stderr).not.toContain('unknown format')
  })
})

test.each([
  ['takes the name of another', "defineFormat({ id: 'goose', read: () => [] })", 'there is a format "goose" already'],
  ['has no name', "defineFormat({ id: 'a b', read: () => [] })", '"a b" cannot be the id of a format'],
  ['is none', '{ id: 7 }', 'formats[0]: is no format with "id" and "read": make it with defineFormat'],
  [
    'throws',
    "defineFormat({ id: 'own', marks: () => true, read: () => { throw new Error('no luck') } })",
    'the format "own" cannot read ".": no luck',
  ],
  ['reads no steps', "defineFormat({ id: 'own', marks: () => true, read: () => [{}] })", '"read" gives no list of steps'],
])('a format that %s is refused', async (_, format, message) => {
  const config = `import { defineConfig, defineFormat } from 'godwit'\nexport default defineConfig({ formats: [${format}] })\n`
  await using repository = await scratchRepository({ 'godwit.config.ts': config, '1.sql': 'SELECT 1' })
  const { code, stderr } = await repository.run(['verify'])
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) })
})
