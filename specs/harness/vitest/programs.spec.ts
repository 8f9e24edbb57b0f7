import { describeMigration } from 'godwit/vitest'
import { expect, test } from 'vitest'
import { environmentOf, runCommand } from '../../../harness/formats/index.ts'

// What `godwit init` writes for a tool that runs programs; its first step is sound.
describeMigration('fixtures/programs/knex', { runs: 3, only: ['20240105090000_create_customers.js'] })

test('a tool that a spec runs is not told that it is tested', async () => {
  expect(process.env.NODE_ENV).toBe('test')
  const source = { up: 'env', table: 'steps', column: 'name' }
  const { output } = await runCommand({ command: 'env', directory: '.', environment: environmentOf(source, 'postgresql://u:p@h:1/d') })
  expect(output).toContain('PGHOST=h')
  expect(output).not.toMatch(/^(NODE_ENV|VITEST\w*)=/m)
})
