import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { readSource } from '../../../harness/formats/index.ts'
import { writtenFiles } from '../history/written-history.ts'

afterEach(() => vi.unstubAllEnvs())

/** As tools write it; in a template it would be ours. */
const variable = (name: string) => `\${${name}}`

async function digestsIn(path: string): Promise<readonly string[]> {
  const source = await readSource(path, {})
  if (source.kind !== 'history') throw new Error('it is no history')
  expect(source.history.steps.map(({ up }) => up.kind)).toEqual(['sql', 'sql'])
  return source.history.steps.map(({ digest }) => digest)
}

test.each<[tool: string, files: Readonly<Record<string, string>>, path: string, file: string, values: readonly [string, string, string]]>([
  [
    'Flyway',
    { 'sql/V1__a.sql': 'CREATE TABLE a (id int);', 'sql/V2__b.sql': `ALTER TABLE a ADD COLUMN b ${variable('type')};` },
    'sql',
    'flyway.toml',
    [
      '[flyway.placeholders]\ntype = "text"\n',
      '[flyway.placeholders]\ntype = "text"\nother = "x"\n',
      '[flyway.placeholders]\ntype = "bigint"\n',
    ],
  ],
  [
    'Liquibase',
    {
      'db/changelog.sql': `--liquibase formatted sql\n\n--changeset ana:1\nCREATE TABLE a (id int);\n\n--changeset ana:2\nALTER TABLE a ADD COLUMN b ${variable('type')};\n`,
    },
    'db',
    'liquibase.properties',
    ['parameter.type=text\n', 'parameter.type=text\nparameter.other=x\n', 'parameter.type=bigint\n'],
  ],
])(
  'the digest of a step depends on what %s puts into it from its configuration, and on nothing else there',
  async (_, files, path, file, [first, other, changed]) => {
    await using written = await writtenFiles({ ...files, [file]: first })
    const digests = () => digestsIn(join(written.path, path))
    const before = await digests()
    await writeFile(join(written.path, file), other)
    expect(await digests()).toEqual(before)
    await writeFile(join(written.path, file), changed)
    const after = await digests()
    expect([after[0], after[1] === before[1]]).toEqual([before[0], false])
  },
)

test('the digest of a step depends on what goose puts into it from its environment', async () => {
  await using written = await writtenFiles({
    '00001_a.sql': '-- +goose Up\nCREATE TABLE a (id int);\n-- +goose Down\nDROP TABLE a;\n',
    '00002_b.sql':
      '-- +goose Up\n-- +goose ENVSUB ON\nALTER TABLE a ADD COLUMN b $GODWIT_SPEC_TYPE;\n-- +goose Down\nALTER TABLE a DROP COLUMN b;\n',
  })
  vi.stubEnv('GODWIT_SPEC_TYPE', 'text')
  const before = await digestsIn(written.path)
  expect(await digestsIn(written.path)).toEqual(before)
  vi.stubEnv('GODWIT_SPEC_TYPE', 'bigint')
  const after = await digestsIn(written.path)
  expect([after[0], after[1] === before[1]]).toEqual([before[0], false])
})
