import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type HistoryStep, readSource } from '../../../harness/formats/index.ts'
import { applyStep } from '../../../harness/migration/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { temporaryFolder } from '../formats/folder.ts'

/** The first step of a folder of SQL files that psql would run. */
async function firstStep(
  files: Readonly<Record<string, string>>,
): Promise<HistoryStep & { readonly warnings: readonly string[]; readonly root: string }> {
  await using folder = await temporaryFolder(files)
  const source = await readSource(folder.path)
  const step = source.kind === 'history' ? source.history.steps[0] : undefined
  if (source.kind !== 'history' || step === undefined) throw new Error('no step')
  return { ...step, warnings: source.history.warnings, root: folder.path }
}

const statementsOf = (step: HistoryStep & { readonly root: string }) =>
  step.up.kind === 'sql'
    ? step.up.script.statements.map(({ file, line, text }) => `${file.replace(`${step.root}/`, '')}:${line} ${text}`)
    : [step.up.kind]

describe('what psql does before it sends a script', () => {
  test('includes files, relative to the file, each statement keeping its place', async () => {
    const step = await firstStep({
      '1.sql': 'SELECT 1;\n\\ir parts/a.psql\nSELECT 4;\n\\i parts/b.psql\n',
      'parts/a.psql': '\nSELECT 2;\n\\ir b.psql\n',
      'parts/b.psql': 'SELECT 3;\n',
    })
    expect(statementsOf(step)).toEqual([
      '1.sql:1 SELECT 1',
      'parts/a.psql:2 SELECT 2',
      'parts/b.psql:1 SELECT 3',
      '1.sql:3 SELECT 4',
      'parts/b.psql:1 SELECT 3',
    ])
    expect(step.files.map((file) => file.replace(`${step.root}/`, ''))).toEqual(['1.sql', 'parts/a.psql', 'parts/b.psql'])
  })

  test('takes files that others include for no steps of their own', async () => {
    await using folder = await temporaryFolder({ 'all.sql': '\\ir parts/a.sql\n', 'parts/a.sql': 'SELECT 1;' })
    expect(await readSource(folder.path)).toMatchObject({ history: { steps: [{ name: 'all.sql' }], ignored: [] } })
  })

  test('puts variables in, quoted as asked, where they are set and outside quotes', async () => {
    const step = await firstStep({
      '1.sql':
        "\\set who 'O''Hara'\n\\set n 4\n\\set both :n :n\nSELECT :'who', :\"who\", :n, :both, ':n', x.y::text, a[1:m] FROM x; -- :n\n",
    })
    expect(statementsOf(step)).toEqual(["1.sql:4 SELECT 'O''Hara', \"O'Hara\", 4, 44, ':n', x.y::text, a[1:m] FROM x"])
  })

  test('takes one branch of each condition', async () => {
    const branch =
      '\\if :{?big}\nSELECT 1;\n\\elif :yes\nSELECT 2;\n\\if off\nSELECT 3;\n\\else\nSELECT 4;\n\\endif\n\\else\nSELECT 5;\n\\endif\nSELECT 6;\n'
    expect(statementsOf(await firstStep({ '1.sql': `\\set yes on\n${branch}` }))).toEqual([
      '1.sql:5 SELECT 2',
      '1.sql:9 SELECT 4',
      '1.sql:14 SELECT 6',
    ])
    expect(statementsOf(await firstStep({ '1.sql': `\\set yes 0\n${branch}` }))).toEqual(['1.sql:12 SELECT 5', '1.sql:14 SELECT 6'])
  })

  test('is opaque where results become statements or the shell decides', async () => {
    const refused = await Promise.all(
      ["SELECT 'SELECT 1' \\gexec\n", '\\copy a from b.csv\n', '\\set now `date`\nSELECT :now;\n'].map((text) =>
        firstStep({ '1.sql': text }),
      ),
    )
    expect(refused.map((step) => step.up)).toEqual([
      { kind: 'opaque', file: expect.any(String), because: expect.stringContaining('1.sql:1:19: psql\'s "\\gexec" changes what runs') },
      { kind: 'opaque', file: expect.any(String), because: expect.stringContaining('"\\copy"') },
      { kind: 'opaque', file: expect.any(String), because: expect.stringContaining('"\\set"') },
    ])
  })

  test('passes over what changes nothing, and says where it may matter', async () => {
    const step = await firstStep({ '1.sql': '\\restrict abc\n\\echo hello\n\\connect other\nSELECT 1;\n\\unrestrict abc\n' })
    expect([statementsOf(step), step.warnings]).toEqual([
      ['1.sql:4 SELECT 1'],
      [expect.stringContaining('1.sql:3: psql\'s "\\connect other" is passed over')],
    ])
  })
})

test('a baseline as pg_dump writes it applies, rows and all', async () => {
  const dump = [
    '--\n-- PostgreSQL database dump\n--\n\n\\restrict xYz\n\nSET statement_timeout = 0;',
    "SELECT pg_catalog.set_config('search_path', '', false);",
    'CREATE TABLE public.birds (id integer NOT NULL, name text);',
    'COPY public.birds (id, name) FROM stdin;\n1\tgodwit\n2\ta \\\\ b; \\N\n3\t\\N\n\\.\n',
    '\\unrestrict xYz\n',
  ].join('\n')
  await using folder = await temporaryFolder({ 'migrations/1.sql': dump })
  const source = await readSource(join(folder.path))
  const step = source.kind === 'history' ? source.history.steps[0] : undefined
  if (step?.up.kind !== 'sql') throw new Error('no step')
  await using database = await (await useCluster()).createDatabase()
  await using session = await database.connect({ as: 'owner' })
  expect(await applyStep(session, step.up)).toMatchObject({ outcome: 'applied' })
  expect(await session.query('SELECT name FROM public.birds ORDER BY id')).toEqual([
    { name: 'godwit' },
    { name: 'a \\ b; N' },
    { name: null },
  ])
})

test('an error in an included file is told at its place there', async () => {
  await using folder = await temporaryFolder({ '1.sql': 'SELECT 1;\n\\ir a.psql\n', 'a.psql': '\nSELECT 1,\n  nope;\n' })
  const source = await readSource(folder.path)
  const step = source.kind === 'history' ? source.history.steps[0] : undefined
  if (step?.up.kind !== 'sql') throw new Error('no step')
  await using database = await (await useCluster()).createDatabase()
  await using session = await database.connect({ as: 'owner' })
  expect(await applyStep(session, step.up)).toMatchObject({
    failure: { sqlstate: '42703', file: expect.stringMatching(/a\.psql$/), line: 3 },
  })
})
