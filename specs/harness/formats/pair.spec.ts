import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { InputError } from '../../../harness/errors.ts'
import { isPair, readPair } from '../../../harness/formats/index.ts'
import { temporaryFolder } from './folder.ts'

const plain = { 'legacy.sql': 'CREATE TABLE items (id int);', 'up.sql': 'DROP TABLE items;' }

/** What reading these files is refused with, the folder's own path taken out. */
async function refusalOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<{ message: string; exitCode: number }> {
  await using folder = await temporaryFolder(files)
  const error: unknown = await readPair(folder.path).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof InputError)) throw new Error('no input error', { cause: error })
  return { message: error.message.replaceAll(folder.path, 'pair'), exitCode: error.exitCode }
}

describe('a pair', () => {
  test.each([
    ['CREATE INDEX CONCURRENTLY ON items (id)', 'autocommit'],
    ['VACUUM items', 'autocommit'],
    ['CREATE INDEX ON items (id)', 'transaction'],
  ])('runs without a transaction what none takes: %s', async (text, mode) => {
    await using folder = await temporaryFolder({ ...plain, 'up.sql': text, 'down.sql': text })
    expect(await readPair(folder.path)).toMatchObject({ up: { script: { mode } }, down: { script: { mode } } })
  })

  test('is read whole', async () => {
    await using folder = await temporaryFolder({
      ...plain,
      'legacy.data.sql': 'COPY items FROM stdin;\n1\n\\.\n',
      'up.sql': '-- godwit: discard public.items because they were never used\nDROP TABLE items;',
      'down.sql': 'CREATE TABLE items (id int);',
      'contract.ts': `import { defineContract, type Contract } from 'godwit'
        const discards: Contract['discards'] = [{ path: 'public.orders.note', because: 'private' }]
        export default defineContract({ discards, idempotent: true })`,
    })
    const migration = await readPair(folder.path)
    expect({ ...migration, legacy: migration.legacy.length, legacyData: migration.legacyData[0]?.statements[0]?.copyData }).toEqual({
      name: folder.path.split('/').at(-1),
      path: folder.path,
      legacy: 1,
      legacyData: '1\n',
      up: { kind: 'sql', script: expect.objectContaining({ file: join(folder.path, 'up.sql'), mode: 'transaction' }) },
      down: { kind: 'sql', script: expect.objectContaining({ file: join(folder.path, 'down.sql') }) },
      contract: {
        idempotent: true,
        discards: [
          { path: 'public.orders.note', because: 'private' },
          { path: 'public.items', because: 'they were never used', file: join(folder.path, 'up.sql'), line: 1 },
        ],
      },
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  test('may have its legacy schema in several files, in natural order', async () => {
    await using folder = await temporaryFolder({
      'legacy/10.sql': 'SELECT 10',
      'legacy/2.sql': 'SELECT 2',
      'legacy/notes.md': '',
      'up.sql': 'SELECT 1',
    })
    const { legacy, down, contract } = await readPair(folder.path)
    expect(legacy.map((script) => script.statements[0]?.text)).toEqual(['SELECT 2', 'SELECT 10'])
    expect({ down, contract }).toEqual({ down: undefined, contract: {} })
  })

  test('may be a program', async () => {
    await using folder = await temporaryFolder({
      'legacy.sql': '',
      'up.ts': 'export default async ({ session }: { session: { script(sql: string): unknown } }) => { await session.script("SELECT 1") }',
    })
    const { up } = await readPair(folder.path)
    expect(up).toEqual({ kind: 'program', file: join(folder.path, 'up.ts'), run: expect.any(Function) })
  })

  test('has a digest that changes with every file and with nothing else', async () => {
    const digestOf = async (files: Readonly<Record<string, string>>) => {
      await using folder = await temporaryFolder(files)
      return (await readPair(folder.path)).digest
    }
    const digests = await Promise.all([
      digestOf(plain),
      digestOf({ ...plain, 'README.md': 'words' }),
      digestOf({ ...plain, 'legacy.sql': `${plain['legacy.sql']} ` }),
      digestOf({ ...plain, 'up.sql': `${plain['up.sql']} ` }),
      digestOf({ ...plain, 'down.sql': 'SELECT 1' }),
      digestOf({ ...plain, 'contract.ts': 'export default {}' }),
    ])
    expect(digests[1]).toBe(digests[0])
    expect(new Set(digests).size).toBe(5)
  })

  test('is known by its files', async () => {
    await using pair = await temporaryFolder(plain)
    await using upOnly = await temporaryFolder({ 'up.sql': 'SELECT 1' })
    expect([isPair(pair.path), isPair(upOnly.path), isPair(join(pair.path, 'nowhere'))]).toEqual([true, false, false])
  })
})

describe('what is no pair is an input error', () => {
  test.each<[string, Readonly<Record<string, string | Uint8Array>>, string | RegExp]>([
    ['no up', { 'legacy.sql': '' }, '"pair" has no "up.sql"'],
    ['a down without an up', { 'legacy.sql': '', 'down.sql': 'SELECT 1' }, '"pair" has no "up.sql" beside its "down.sql"'],
    ['no legacy schema', { 'up.sql': 'SELECT 1' }, '"pair" has no "legacy.sql"'],
    ['two ups', { ...plain, 'up.ts': 'export default async () => {}' }, '"pair" has both "up.sql" and "up.ts"'],
    ['an up without a statement', { ...plain, 'up.sql': '-- later\n' }, '"pair/up.sql" holds no statement'],
    ['SQL that does not parse', { ...plain, 'down.sql': '\nDROP TABEL items' }, 'pair/down.sql:2:6: syntax error at or near "TABEL"'],
    ['a file that is not UTF-8', { ...plain, 'up.sql': Buffer.from("SELECT 'é'", 'latin1') }, '"pair/up.sql" is not UTF-8'],
    [
      'a program that is no function',
      { 'legacy.sql': '', 'up.ts': 'export default 1' },
      '"pair/up.ts" has no function as its default export',
    ],
    ['a contract that throws', { ...plain, 'contract.ts': "throw new Error('not today')" }, '"pair/contract.ts" does not load: not today'],
    ['a contract that exports nothing', { ...plain, 'contract.ts': 'export const a = 1' }, '"pair/contract.ts" has no default export'],
    [
      'a contract with a field nobody knows',
      { ...plain, 'contract.ts': 'export default { discard: [] }' },
      '"pair/contract.ts": contract: unrecognized key: "discard"',
    ],
    [
      'a contract with a wrong field',
      { ...plain, 'contract.ts': "export default { discards: [{ path: 'public.items', because: 1 }] }" },
      '"pair/contract.ts": discards[0].because: expected string, received number',
    ],
    [
      'a discard without a reason',
      { ...plain, 'contract.ts': "export default { discards: [{ path: 'public.items', because: ' ' }] }" },
      /^"pair\/contract\.ts": discards\[0\]\.because: /,
    ],
    [
      'a waiver that never expires',
      { ...plain, 'contract.ts': "export default { waivers: [{ invariant: 'zero-loss', owner: 'a', reason: 'b', expires: 'never' }] }" },
      '"pair/contract.ts": waivers[0].expires: is not an ISO date such as "2027-01-31"',
    ],
    [
      'a mapping from a relation',
      { ...plain, 'contract.ts': "export default { mappings: [{ from: 'public.items', to: 'public.items.a' }] }" },
      '"pair/contract.ts": mappings[0].from: is not the path of an attribute such as "public.items.notes"',
    ],
  ])('%s', async (_, files, message) => {
    expect(await refusalOf(files)).toEqual({ message: typeof message === 'string' ? message : expect.stringMatching(message), exitCode: 2 })
  })

  test('a folder that is not there, or a file in its place', async () => {
    await using folder = await temporaryFolder({ 'a.sql': '' })
    await expect(readPair(join(folder.path, 'b'))).rejects.toMatchObject({ message: `"${folder.path}/b" does not exist`, exitCode: 2 })
    await expect(readPair(join(folder.path, 'a.sql'))).rejects.toMatchObject({
      message: `"${folder.path}/a.sql" is not a folder`,
      exitCode: 2,
    })
  })
})
