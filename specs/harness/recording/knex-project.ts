import { symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type ScratchRepository, scratchRepository } from '../cli/scratch-repository.ts'

/** A project of Knex with a step that loses a column. */
export async function knexProject(): Promise<ScratchRepository> {
  const step = (up: string, down: string) => `exports.up = (knex) => knex.schema${up}\nexports.down = (knex) => knex.schema${down}\n`
  const repository = await scratchRepository({
    '.gitignore': 'node_modules\nreports\n.godwit\n',
    'package.json': '{ "name": "shop", "private": true, "dependencies": { "knex": "^3.3.0", "pg": "^8.23.1" } }',
    'knexfile.js': "module.exports = { client: 'pg', connection: process.env.DATABASE_URL }",
    'src/prices.js': 'exports.digits = 2\n',
    'migrations/20240101_items.js': step(".createTable('items', (t) => { t.increments(); t.text('note') })", ".dropTable('items')"),
    'migrations/20240102_drop.js': step(
      ".alterTable('items', (t) => { t.dropColumn('note') })",
      ".alterTable('items', (t) => { t.text('note') })",
    ),
  })
  await symlink(resolve('node_modules'), join(repository.directory, 'node_modules'))
  return repository
}
