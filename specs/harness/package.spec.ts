import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { codeDigest, digestOfPackage } from '../../harness/package.ts'
import { writtenFiles } from './history/written-history.ts'

const versionOf = (version: string) => JSON.stringify({ version })

test.each([
  ['a file of its code', 'app/node_modules/own/harness/a.ts', 'export const a = 2'],
  ['the version of a package that it depends on', 'app/node_modules/own/node_modules/inner/package.json', versionOf('1.0.1')],
  ['that of one beside it', 'app/node_modules/beside/package.json', versionOf('2.0.1')],
])('the digest of the code changes with %s', async (_, file, text) => {
  await using written = await writtenFiles({
    'app/node_modules/own/harness/a.ts': 'export const a = 1',
    'app/node_modules/own/package.json': JSON.stringify({
      dependencies: { inner: '^1.0.0', '@scope/beside': '*', beside: '*', absent: '*' },
    }),
    'app/node_modules/own/node_modules/inner/package.json': versionOf('1.0.0'),
    'app/node_modules/beside/package.json': versionOf('2.0.0'),
    'app/node_modules/inner/package.json': versionOf('0.1.0'),
    'app/node_modules/other/package.json': versionOf('3.0.0'),
  })
  const digest = () => digestOfPackage(join(written.path, 'app/node_modules/own/harness/'))
  const before = digest()
  await writeFile(join(written.path, 'app/node_modules/other/package.json'), versionOf('3.0.1'))
  await writeFile(join(written.path, 'app/node_modules/inner/package.json'), versionOf('0.1.1'))
  expect(digest()).toBe(before)
  await writeFile(join(written.path, file), text)
  expect(digest()).not.toBe(before)
})

test('the digest of the code that runs is one', () => {
  expect(codeDigest()).toMatch(/^[0-9a-f]{64}$/)
})
