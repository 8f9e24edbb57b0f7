import { execFile } from 'node:child_process'
import { cp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { useCluster } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import { readSources } from '../../../harness/history/index.ts'
import { renderModelDrift, toolModelDriftOn } from '../../../harness/operations/index.ts'
import { scratchRepository } from '../cli/scratch-repository.ts'
import { openProject, reasonToSkip } from '../recording/projects.ts'

const run = promisify(execFile)

const alembicEnv = `import os
from alembic import context
from sqlalchemy import create_engine, pool
from models import metadata

with create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool).connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
`
const alembicStep = `from alembic import op
revision = "3b1f9a0c7d21"
down_revision = None
def upgrade(): op.execute("CREATE TABLE items (id serial PRIMARY KEY, name text NOT NULL)")
def downgrade(): op.execute("DROP TABLE items")
`
const alembicModel = (more: string) => `from sqlalchemy import Column, Integer, MetaData, Table, Text
metadata = MetaData()
items = Table("items", metadata, Column("id", Integer, primary_key=True), Column("name", Text, nullable=False)${more})
`
const typeormSource = `import { DataSource, EntitySchema } from 'typeorm'
import { entities } from './entities.ts'
export default new DataSource({ type: 'postgres', url: process.env.DATABASE_URL, migrations: ['src/migrations/*.ts'], entities })
`
const typeormModel = (more: string) => `import { EntitySchema } from 'typeorm'
export const entities = [new EntitySchema({ name: 'Visit', tableName: 'visits', columns: { id: { type: 'integer', primary: true }${more} } })]
`
const typeormStep = `export class Visits1704445200000 {
  name = 'Visits1704445200000'
  async up(runner) { await runner.query('CREATE TABLE visits (id integer, CONSTRAINT "PK_0b0b322289a41015c6ea4e8bf30" PRIMARY KEY (id))') }
  async down(runner) { await runner.query('DROP TABLE visits') }
}
`
const mikroStep = `const { Migration } = require('@mikro-orm/migrations')
exports.Migration20240105090000 = class extends Migration {
  async up() { this.addSql('create table houses (id serial primary key, name text not null, constraint houses_name_unique unique (name))') }
  async down() { this.addSql('drop table houses') }
}
`

/** What of a project of `fixtures/programs/` is other here, where its model is what its steps make and where it is not. */
interface Case {
  readonly tool: 'alembic' | 'django' | 'mikro-orm' | 'typeorm'
  readonly steps: string
  readonly keepSteps?: true
  readonly files: Readonly<Record<string, string>>
  /** The file of the model: as the steps make it, and with something more. */
  readonly model: readonly [file: string, same: (there: string) => string, more: (there: string) => string]
  readonly says: RegExp
}

const cases: readonly Case[] = [
  {
    tool: 'django',
    steps: 'events/migrations',
    keepSteps: true,
    files: {},
    model: [
      'events/models.py',
      (there) => there,
      (there) => there.replace(/class Ticket\(models\.Model\):/, '$&\n    extra = models.TextField(null=True)'),
    ],
    says: /Add field extra to ticket/,
  },
  {
    tool: 'alembic',
    steps: 'alembic/versions',
    files: { 'alembic/env.py': alembicEnv, 'alembic/versions/3b1f9a0c7d21_items.py': alembicStep },
    model: ['models.py', () => alembicModel(''), () => alembicModel(', Column("extra", Text)')],
    says: /add_column.*items.*extra/,
  },
  {
    tool: 'typeorm',
    steps: 'src/migrations',
    files: { 'src/data-source.ts': typeormSource, 'src/migrations/1704445200000-Visits.ts': typeormStep },
    model: ['src/entities.ts', () => typeormModel(''), () => typeormModel(", extra: { type: 'text', nullable: true }")],
    says: /ALTER TABLE "visits" ADD "extra" text/,
  },
  {
    tool: 'mikro-orm',
    steps: 'migrations',
    files: { 'migrations/Migration20240105090000.js': mikroStep },
    model: [
      'src/entities/house.js',
      (there) => there,
      (there) => there.replace('properties: {', "properties: { extra: { type: 'text', nullable: true },"),
    ],
    says: /alter table "houses" add column "extra" text null/,
  },
]

describe('the model of a tool that runs programs', { timeout: 120_000 }, () => {
  test.for(cases)('is held against its steps by $tool itself', async ({ tool, steps, keepSteps, files, model, says }, { skip }) => {
    const project = openProject(tool)
    const missing = await reasonToSkip(project)
    skip(missing !== undefined, missing)
    await using repository = await scratchRepository()
    const { directory } = repository
    await cp(project.directory, directory, { recursive: true })
    if (keepSteps !== true) await rm(join(directory, steps), { recursive: true })
    await symlink(resolve('node_modules'), join(directory, 'node_modules'))
    await repository.write(files)
    const [file, same, more] = model
    const there = await readFile(join(directory, file), 'utf8').catch(() => '')
    const compare = async (text: string) => {
      await writeFile(join(directory, file), text)
      const [source] = await readSources([directory], {})
      if (source?.kind !== 'command') throw new Error(`${tool} is not recognised`)
      return await toolModelDriftOn(await useCluster(), source.command, { options: {}, hooks: {} })
    }

    const equal = await compare(same(there))
    expect([equal.differences, equal.unknown]).toEqual([[], []])
    expect(renderModelDrift(equal)).toMatch(/✓ The model is what the steps make\.\n$/)
    const other = await compare(more(there))
    expect(renderModelDrift(other)).toMatch(/✗ The model is not what the steps make\.\n$/)
    expect(other.differences.map(({ what }) => what).join('\n')).toMatch(says)
    // What does not load is compared with nothing.
    const broken = await compare('}} this loads nowhere')
    expect([broken.differences, broken.unknown.length]).toEqual([[], 1])
    expect(renderModelDrift(broken)).toMatch(/\? The tool did not compare the model with what the steps make\.\n$/)
  })

  test('by the command ends with 1 where they differ, and is refused for a tool without a model', async () => {
    await using repository = await scratchRepository()
    await cp('fixtures/programs/knex', repository.directory, { recursive: true })
    expect(await repository.run(['schema', 'drift', '.', '--model'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^godwit: knex has no model that it could hold against its migrations/),
    })
    await using django = await scratchRepository()
    await cp('fixtures/programs/django', django.directory, { recursive: true })
    const works = await run('/usr/bin/python3', ['-c', 'import django, psycopg2']).then(
      () => true,
      () => false,
    )
    if (!works) return
    expect(await django.run(['schema', 'drift', '.', '--model'])).toMatchObject({ code: 0 })
    const models = await readFile(join(django.directory, 'events/models.py'), 'utf8')
    await django.write({
      'events/models.py': models.replace(/class Ticket\(models\.Model\):/, '$&\n    extra = models.TextField(null=True)'),
    })
    expect(await django.run(['schema', 'drift', '.', '--model'])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('- Add field extra to ticket'),
    })
  })
})
