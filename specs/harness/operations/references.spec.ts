import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scratchRepository } from '../cli/scratch-repository.ts'

const files = {
  'src/orders.ts': `export const all = 'SELECT orders.id FROM orders WHERE a = \\'x\\''
export const one = (id: number) => sql\`DELETE FROM orders WHERE id = \${id}\`
`,
  'sql/report.sql': 'SELECT count(*) FROM orders;\r\nSELECT * FROM order_lines;\r\n',
  'db/migrations/001_orders.sql': 'CREATE TABLE orders (id int);\n',
  'notes.txt': 'orders',
}
const git = (directory: string, ...args: readonly string[]) =>
  execFileSync('git', args, { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' })

describe('godwit references', () => {
  test('a dry run prints a patch that git applies, and changes nothing', async () => {
    await using repository = await scratchRepository(files)
    const { code, stdout } = await repository.runHere(['references', 'orders', 'purchases'])
    expect(code).toBe(1)
    expect(await readFile(join(repository.directory, 'src/orders.ts'), 'utf8')).toBe(files['src/orders.ts'])
    await repository.write({ 'found.patch': stdout })
    git(repository.directory, 'init', '-q')
    git(repository.directory, 'apply', 'found.patch')
    expect(await readFile(join(repository.directory, 'src/orders.ts'), 'utf8')).toBe(
      files['src/orders.ts'].replaceAll('orders', 'purchases'),
    )
    expect(await readFile(join(repository.directory, 'sql/report.sql'), 'utf8')).toBe(
      files['sql/report.sql'].replace('FROM orders', 'FROM purchases'),
    )
  })

  test('--write changes the files, logs each change, and leaves migrations alone', async () => {
    await using repository = await scratchRepository(files)
    const { code, stdout } = await repository.runHere(['references', 'orders', 'purchases', '--write'])
    expect([code, stdout]).toEqual([
      0,
      [
        'sql/report.sql:1:22: orders → purchases',
        'src/orders.ts:1:28: orders → purchases',
        'src/orders.ts:1:43: orders → purchases',
        'src/orders.ts:2:52: orders → purchases',
        'migrations that name it, never changed:',
        '  db/migrations/001_orders.sql',
        'not read, of a kind that is not read: notes.txt',
        '4 changes written in 2 files, nothing is ambiguous',
        '',
      ].join('\n'),
    ])
    expect(await readFile(join(repository.directory, 'db/migrations/001_orders.sql'), 'utf8')).toBe(files['db/migrations/001_orders.sql'])
    const again = await repository.runHere(['references', 'orders', 'purchases'])
    expect([again.code, again.stdout.trim().split('\n').at(-1)]).toEqual([0, 'nothing names it'])
  })
})
