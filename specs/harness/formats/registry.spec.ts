import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { OwnFormat } from '../../../harness/formats/define-format.ts'
import { readSource } from '../../../harness/formats/read-source.ts'
import { formatNames, toolTables } from '../../../harness/formats/registry.ts'
import { temporaryFolder } from './folder.ts'

const page = (name: string) => readFile(new URL(`../../../docs/${name}`, import.meta.url), 'utf8')

describe('the list of formats', () => {
  test('stands in its page', async () => {
    const rows = [...(await page('formats.md')).matchAll(/^\| `([\w-]+)` \|.*\|.*\|.*\|.*\|$/gm)].map((match) => match[1])
    expect(rows.filter((name, at) => rows.indexOf(name) === at).toSorted()).toEqual(expect.arrayContaining(formatNames.toSorted()))
  })

  test('has the tables in which tools note what they applied', () => {
    for (const table of ['_prisma_migrations', 'schema_migrations', 'goose_db_version', 'knex_migrations'])
      expect(toolTables).toContain(table)
  })
})

describe('a format of the user’s own', () => {
  const own: OwnFormat = {
    id: 'own',
    marks: ({ files }) => files.some((name) => /^[^/]+\/go\.sql$/.test(name)),
    read: ({ files }) => files.filter((name) => name.endsWith('/go.sql')).map((file) => ({ name: file.split('/')[0], up: { file } })),
  }
  async function read(files: Readonly<Record<string, string>>, options: Parameters<typeof readSource>[1]) {
    await using folder = await temporaryFolder(files)
    const source = await readSource(folder.path, options)
    if (source.kind !== 'history') return source.kind
    const { format, steps, warnings, ignored } = source.history
    return {
      format,
      steps: steps.map(({ name }) => name),
      warnings: warnings.map((each) => each.replaceAll(`${folder.path}/`, '')),
      ignored,
    }
  }
  const goose = { 'db/1_a.sql': '-- +goose Up\nSELECT 1;\n' }

  test('is tried before the built-in ones, in the folder itself and below', async () => {
    const files = { '1/go.sql': 'SELECT 1', '2/go.sql': 'SELECT 2', 'up.sql': 'SELECT 3', 'legacy.sql': '' }
    expect(await read(files, {})).toBe('pairs')
    expect(await read(files, { formats: [own] })).toMatchObject({ format: 'own', steps: ['1', '2'] })
    const below = Object.fromEntries(Object.entries(files).map(([name, text]) => [`x/y/${name}`, text]))
    expect(await read({ ...below, ...goose }, { formats: [own] })).toMatchObject({
      format: 'own',
      steps: ['1', '2'],
      warnings: ['"db" (goose) is left aside: name it to verify it'],
    })
  })

  test('leaves other folders to the built-in ones', async () => {
    expect(await read(goose, { formats: [own] })).toMatchObject({ format: 'goose' })
    expect(await read({ ...goose, 'x/1/go.sql': '' }, { formats: [own], format: 'goose' })).toMatchObject({ format: 'goose' })
  })

  test('without marks is chosen by its name alone', async () => {
    const { marks: _, ...unmarked } = own
    expect(await read({ '1/go.sql': '' }, { formats: [unmarked] })).toMatchObject({ format: 'sql' })
    expect(await read({ '1/go.sql': '' }, { formats: [unmarked], format: 'own' })).toMatchObject({ format: 'own', steps: ['1'] })
  })

  test('may have files of any name, and names what it leaves out', async () => {
    const edn: OwnFormat = {
      id: 'edn',
      files: /\.up$/,
      marks: ({ files }) => files.some((name) => /^\d+\.up$/.test(name)),
      read: ({ files }) => files.filter((name) => /^\d+\.up$/.test(name)).map((file) => ({ up: { file } })),
    }
    expect(await read({ 'a/b/1.up': 'SELECT 1', 'a/b/2.sql': '' }, { formats: [edn] })).toEqual({
      format: 'edn',
      steps: ['1.up'],
      warnings: [],
      ignored: [{ file: '2.sql', because: 'the format "edn" does not take it' }],
    })
  })

  test('gives each step the lines, the text and the transactions that it says, and another digest with other SQL', async () => {
    await using folder = await temporaryFolder({ 'a.sql': 'SELECT 1;\nSELECT 2;\nSELECT $x;\n', 'b.sql': 'SELEC' })
    const steps: OwnFormat['read'] = async (given) => [
      { name: 'a', up: { file: 'a.sql', lines: [1, 1] }, down: { file: 'a.sql', lines: [2, 2], mode: 'message' } },
      { name: 'b', up: { file: 'a.sql', lines: [3, 3], text: (await given.text('a.sql')).replace('$x', '3') } },
      { name: 'c', up: { file: 'b.sql' } },
      { name: 'd', up: { file: 'b.sql' }, refused: 'because' },
      { name: 'e', up: { file: 'absent.sql' } },
    ]
    const history = async (format: OwnFormat) => {
      const source = await readSource(folder.path, { formats: [format], format: 'own' })
      return source.kind === 'history' ? source.history.steps : []
    }
    const read = await history({ id: 'own', read: steps })
    const shown = read.map(({ up }) =>
      up.kind === 'sql' ? up.script.statements.map(({ text, line }) => `${line}: ${text}`) : up.kind === 'opaque' ? up.because : '',
    )
    expect(shown.slice(0, 2)).toEqual([['1: SELECT 1'], ['3: SELECT 3']])
    expect(shown[2]).toMatch(/own cannot apply it: .*b\.sql:1:1: syntax error/)
    expect(shown[3]).toBe('own cannot apply it: because')
    expect(shown[4]).toMatch(/own cannot apply it: there is no ".*absent\.sql"/)
    expect(read[0]?.down).toMatchObject({ script: { mode: 'message', statements: [{ text: 'SELECT 2', line: 2 }] } })
    const other = await history({ id: 'own', read: () => [{ name: 'a', up: { file: 'a.sql', lines: [2, 2] } }] })
    expect(other[0]?.digest).not.toBe(read[0]?.digest)
  })
})
