import { describe, expect, test } from 'vitest'
import { type History, readSource } from '../../../harness/formats/index.ts'
import { applyStep } from '../../../harness/migration/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { withSum } from './atlas-folder.ts'
import { temporaryFolder } from './folder.ts'

type Files = Readonly<Record<string, string>>

async function historyOf(files: Files): Promise<History> {
  await using folder = await temporaryFolder(files)
  const source = await readSource(folder.path)
  if (source.kind !== 'history') throw new Error('no history')
  const shown = (text: string) => text.replaceAll(`${folder.path}/`, '')
  return { ...source.history, warnings: source.history.warnings.map(shown) }
}

const [first, second] = ['CREATE TABLE a ();\n', 'CREATE TABLE b ();\n']

/** The step of a second file with this text. */
async function secondOf(text: string) {
  const { steps, warnings } = await historyOf(withSum({ '1_a.sql': first, '2_b.sql': text }))
  const up = steps[1]?.up
  return {
    warnings,
    up,
    because: up?.kind === 'opaque' ? up.because : undefined,
    mode: up?.kind === 'sql' ? up.script.mode : undefined,
    statements: up?.kind === 'sql' ? up.script.statements.map(({ line, text: sql }) => `${line}: ${sql}`) : [],
    down: steps[1]?.down,
  }
}

describe('what Atlas hashed', () => {
  const files = withSum({ '1_a.sql': first, '2_b.sql': second })
  test.each<[string, Files, step: string, because: string]>([
    ['edited', { ...files, '2_b.sql': '-- other' }, '2_b.sql', '2_b.sql" was edited after "atlas.sum" was written'],
    ['added at the end', { ...files, '3_c.sql': '' }, '3_c.sql', '3_c.sql" was added'],
    ['added before others', { ...files, '1_b.sql': '' }, '1_b.sql', '1_b.sql" was added'],
    ['edited in front of others', { ...files, '1_a.sql': '-- other' }, '1_a.sql', '1_a.sql" was edited'],
  ])('and was %s is one step that Atlas refuses', async (_, given, name, because) => {
    const { steps } = await historyOf(given)
    const refused = steps.flatMap((step) => (step.up.kind === 'opaque' ? [[step.name, step.up.refused?.error.message]] : []))
    expect(refused).toEqual([[name, expect.stringContaining(because)]])
  })

  test('and was removed is such a step too', async () => {
    const { '1_a.sql': _, ...rest } = files
    const { steps } = await historyOf(rest)
    expect(steps.map(({ name, up }) => [name, up.kind])).toEqual([
      ['1_a.sql', 'opaque'],
      ['2_b.sql', 'sql'],
    ])
  })

  test('may leave a file out of its hashes', async () => {
    const ignored = '-- atlas:sum ignore\n\nSELECT 1;\n'
    const { 'atlas.sum': sum = '' } = withSum({ '1_a.sql': first })
    expect((await historyOf({ '1_a.sql': first, '2_b.sql': ignored, 'atlas.sum': sum })).steps.map(({ up }) => up.kind)).toEqual([
      'sql',
      'sql',
    ])
  })

  test('with a sum file that does not fit itself is bad input', async () => {
    const conflict = `${files['atlas.sum']}<<<<<<< HEAD\n`
    await expect(historyOf({ ...files, 'atlas.sum': conflict })).rejects.toMatchObject({
      message: expect.stringContaining('atlas.sum:4: is no line of atlas.sum'),
      detail: 'It holds the marks of a merge conflict.',
      exitCode: 2,
    })
    const other = (files['atlas.sum'] ?? '').replace(/^h1:./, 'h1:_')
    await expect(historyOf({ ...files, 'atlas.sum': other })).rejects.toThrow('does not fit its own first line')
  })
})

describe('a directive of Atlas', () => {
  test('for the transaction counts where an empty line parts it from the statements', async () => {
    const index = 'CREATE INDEX CONCURRENTLY i ON a ((1));\n'
    expect(await secondOf(`-- atlas:txmode none\n\n${index}`)).toMatchObject({ mode: 'autocommit', warnings: [] })
    expect(await secondOf(`-- atlas:nolint\n-- atlas:txmode none\n\n${index}`)).toMatchObject({ mode: 'autocommit', warnings: [] })
    const unseen = await secondOf(`-- atlas:txmode none\n${index}`)
    expect(unseen).toMatchObject({
      mode: 'transaction',
      warnings: [expect.stringContaining('2_b.sql:1: Atlas does not see "-- atlas:txmode none"')],
    })
  })

  test.each([
    ['all', 'which only the command line can say'],
    ['some', 'unknown "atlas:txmode some"'],
    ['none\n-- atlas:txmode file', 'several "atlas:txmode"'],
  ])('with the mode %j is refused', async (mode, because) => {
    expect((await secondOf(`-- atlas:txmode ${mode}\n\n${second}`)).because).toContain(because)
  })

  test('for the delimiter ends statements where it says, on their own lines', async () => {
    const body = "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$\nSELECT '-- end'\n$$"
    const read = await secondOf(`-- atlas:delimiter -- end\n${body}\n-- end\nSELECT 1 -- one\n-- end\n`)
    expect(read.statements).toEqual([`2: ${body}`, '6: SELECT 1'])
    expect((await secondOf('-- atlas:delimiter \\n\\n\nSELECT 1\n\nSELECT (1\n\n)\n\n')).statements).toEqual([
      '2: SELECT 1',
      '4: SELECT (1\n\n)',
    ])
  })

  test('for a checkpoint lets it stand for all before it', async () => {
    const { steps, ignored } = await historyOf(
      withSum({ '1_a.sql': first, '2_b.sql': second, '3_c.sql': `-- atlas:checkpoint\n\n${first}${second}`, '4_d.sql': '' }),
    )
    expect(steps.map(({ name }) => name)).toEqual(['3_c.sql', '4_d.sql'])
    expect(ignored.map(({ file }) => file)).toEqual(['1_a.sql', '2_b.sql'])
  })

  test('for an import makes the step one that is not read', async () => {
    expect((await secondOf('-- atlas:import ../schema\n')).because).toContain('atlas:import')
  })
})

describe('sections of a file of Atlas', () => {
  const sections = (checks: string) =>
    `-- atlas:txtar\n\n-- checks.sql --\n${checks}\n-- migration.sql --\nDROP TABLE a;\n-- down.sql --\nCREATE TABLE a ();\n`

  async function applied(checks: string, prepare: string): Promise<string> {
    const { up } = await secondOf(sections(checks))
    if (up?.kind !== 'sql') return 'opaque'
    await using database = await (await useCluster()).createDatabase()
    await using session = await database.connect()
    await session.script(`CREATE TABLE a (); ${prepare}`)
    const outcome = await applyStep(session, up)
    return outcome.outcome === 'applied' ? 'applied' : outcome.failure.message
  }

  test('have a down, and are read on their own lines', async () => {
    const { down, statements } = await secondOf(sections(''))
    expect(statements).toEqual(['6: DROP TABLE a'])
    expect(down).toMatchObject({ script: { statements: [{ text: 'CREATE TABLE a ()', line: 8 }] } })
    expect((await historyOf(withSum({ '1_a.sql': first }))).downs).toBe('none')
  })

  test('with assertions apply where each is true', async () => {
    const empty = '-- nobody\nSELECT NOT EXISTS (SELECT FROM a);\nSELECT true -- yes\n;'
    expect(await applied(empty, '')).toBe('applied')
    expect(await applied(empty, 'INSERT INTO a DEFAULT VALUES')).toBe('the assertion in "checks.sql" is not true')
  })

  test('with "oneof" apply where one of them is', async () => {
    const either = '-- atlas:assert oneof\nSELECT false;\nSELECT NOT EXISTS (SELECT FROM a);'
    expect(await applied(either, '')).toBe('applied')
    expect(await applied(either, 'INSERT INTO a DEFAULT VALUES')).toBe('none of the assertions in "checks.sql" is true')
  })

  test('without "migration.sql" are refused', async () => {
    expect((await secondOf('-- atlas:txtar\n\n-- down.sql --\nSELECT 1;\n')).because).toContain('has no section "-- migration.sql --"')
  })
})

describe('a folder of Atlas', () => {
  test('is found where atlas.hcl says', async () => {
    const hcl = 'env "a" {\n  # dir = "file://old"\n  migration {\n    dir = "file://db/steps?format=atlas"\n  }\n}\n'
    const files = Object.fromEntries(Object.entries(withSum({ '1_a.sql': first })).map(([name, text]) => [`db/steps/${name}`, text]))
    expect((await historyOf({ ...files, 'atlas.hcl': hcl, 'other/1_a.up.sql': '' })).format).toBe('atlas')
  })

  test('in the layout of another tool is that tool’s', async () => {
    expect((await historyOf(withSum({ '1_a.up.sql': first, '1_a.down.sql': '' }))).format).toBe('golang-migrate')
    expect((await historyOf(withSum({ '1_a.sql': `-- +goose Up\n${first}` }))).format).toBe('goose')
  })
})
