import { verifyShared } from 'godwit/vitest'
import { expect, test } from 'vitest'
import { withSum } from '../../harness/formats/atlas-folder.ts'
import { temporaryFolder } from '../../harness/formats/folder.ts'

const legacy = 'CREATE TABLE a (id int PRIMARY KEY, b int);\n'
const two = 'ALTER TABLE a ADD COLUMN c int;\nALTER TABLE a ADD COLUMN d int;\n'

/** What `atomicity` says of the second step. */
async function verdictOf(files: Readonly<Record<string, string>>) {
  await using folder = await temporaryFolder(files)
  const { result } = await verifyShared(folder.path, { runs: 2 })
  return result.migrations[1]?.invariants.find(({ id }) => id === 'atomicity')?.verdict
}

test('a tool that goes on behind the last statement that ran leaves nothing half done for good', async () => {
  expect(await verdictOf(withSum({ '1_a.sql': legacy, '2_b.sql': `-- atlas:txmode none\n\n${two}` }))).toBe('holds')
})

test('a tool that begins again from the start does', async () => {
  const goose = (sql: string) => `-- +goose NO TRANSACTION\n-- +goose Up\n${sql}`
  expect(await verdictOf({ '1_a.sql': goose(legacy), '2_b.sql': goose(two) })).toBe('violated')
})
