import { cp, readFile, rm, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { inGate } from '../../in-gate.ts'
import { scratchRepository } from '../cli/scratch-repository.ts'
import { openProject, reasonToSkip } from './projects.ts'

/** What the page shows for a tool: the files of its configuration, and nothing else. */
async function setUpOf(tool: string): Promise<Readonly<Record<string, string>>> {
  const page = await readFile('docs/programs.md', 'utf8')
  const [, part = ''] = new RegExp(`^\\*\\*${tool}\\*\\*:([\\s\\S]*?)(?=^\\*\\*|^## )`, 'm').exec(page) ?? []
  const blocks = [...part.matchAll(/^```(?:ts|js|json|python)\n(?:\/\/|#) (\S+)\n([\s\S]*?)^```$/gm)]
  return Object.fromEntries(blocks.map(([, file = '', text = '']) => [file, text]))
}

const sql = { up: 'CREATE TABLE houses (id integer PRIMARY KEY)', down: 'DROP TABLE houses' }
const both = (body: (text: string) => string) => `exports.up = ${body(sql.up)}\nexports.down = ${body(sql.down)}\n`
const python = (text: string) => text.replaceAll('\n  ', '\n')

interface Case {
  /** As the page writes it. */
  readonly title: string
  readonly tool: string
  /** What the set-up is for: one step, and what each project of the tool has. */
  readonly files: Readonly<Record<string, string>>
  readonly isModule?: true
  readonly dependencies?: readonly string[]
}

const cases: readonly Case[] = [
  { title: 'Knex', tool: 'knex', files: { 'migrations/20240101_houses.js': both((text) => `(knex) => knex.raw('${text}')`) } },
  {
    title: 'TypeORM',
    tool: 'typeorm',
    isModule: true,
    files: {
      'src/migrations/1704445200000-Houses.ts': `export class Houses1704445200000 {
  name = 'Houses1704445200000'
  up(runner) { return runner.query('${sql.up}') }
  down(runner) { return runner.query('${sql.down}') }
}
`,
    },
  },
  {
    title: 'Kysely',
    tool: 'kysely',
    isModule: true,
    files: {
      'migrations/1704445200000_houses.ts': `import { sql } from 'kysely'
export const up = (db) => sql\`${sql.up}\`.execute(db)
export const down = (db) => sql\`${sql.down}\`.execute(db)
`,
    },
  },
  {
    title: 'MikroORM',
    tool: 'mikro-orm',
    dependencies: ['@mikro-orm/core', '@mikro-orm/postgresql', '@mikro-orm/migrations', '@mikro-orm/cli'],
    files: {
      'migrations/Migration20240105090000.js': `const { Migration } = require('@mikro-orm/migrations')
exports.Migration20240105090000 = class extends Migration {
  up() { this.addSql('${sql.up}') }
  down() { this.addSql('${sql.down}') }
}
`,
    },
  },
  {
    title: 'Sequelize',
    tool: 'sequelize',
    dependencies: ['sequelize', 'sequelize-cli'],
    files: { 'migrations/20240105090000-houses.js': both((text) => `(queryInterface) => queryInterface.sequelize.query('${text}')`) },
  },
  { title: 'Umzug', tool: 'umzug', files: { 'migrations/1.js': both((text) => `({ context }) => context.query('${text}')`) } },
  {
    title: 'node-pg-migrate',
    tool: 'node-pg-migrate',
    dependencies: ['node-pg-migrate'],
    files: { 'migrations/1704445200000_houses.js': both((text) => `(pgm) => pgm.sql('${text}')`) },
  },
  {
    title: 'Alembic',
    tool: 'alembic',
    files: {
      'alembic.ini': '[alembic]\nscript_location = alembic\n',
      'alembic/versions/3b1f9a0c7d21_houses.py': python(`from alembic import op
  revision = "3b1f9a0c7d21"
  down_revision = None
  def upgrade(): op.execute("${sql.up}")
  def downgrade(): op.execute("${sql.down}")
`),
    },
  },
  {
    title: 'Django',
    tool: 'django',
    files: {
      'manage.py': python(`import os, sys
  from django.core.management import execute_from_command_line
  os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
  execute_from_command_line(sys.argv)
`),
      'shop/__init__.py': '',
      'orders/__init__.py': '',
      'orders/migrations/__init__.py': '',
      'orders/migrations/0001_initial.py': `from django.db import migrations
class Migration(migrations.Migration):
    operations = [migrations.RunSQL("${sql.up}", "${sql.down}")]
`,
    },
  },
  { title: 'Rails', tool: 'rails', files: {} },
]

describe('the first steps of the page on programs', { timeout: 120_000 }, () => {
  test('show every tool that is recognised', async () => {
    const page = await readFile('docs/programs.md', 'utf8')
    const { programTools } = await import('../../../harness/formats/index.ts')
    expect(cases.map(({ tool }) => tool).toSorted()).toEqual(programTools.map(({ id }) => id).toSorted())
    expect(cases.filter(({ title }) => !page.includes(`**${title}**: `))).toEqual([])
  })

  test.for(inGate(cases, 4))('are all that $title needs', async ({ title, tool, files, isModule, dependencies = [] }, { skip }) => {
    const missing = await reasonToSkip(openProject(tool))
    skip(missing !== undefined, missing)
    const manifest = {
      name: 'shop',
      type: isModule === true ? 'module' : 'commonjs',
      dependencies: Object.fromEntries(dependencies.map((name) => [name, '*'])),
    }
    await using repository = await scratchRepository({
      '.git/HEAD': '',
      'package.json': JSON.stringify(manifest),
      ...files,
      ...(await setUpOf(title)),
    })
    const { directory } = repository
    if (tool === 'rails') {
      const rails = openProject('rails')
      for (const part of ['bin', 'config', 'Rakefile']) await cp(join(rails.directory, part), join(directory, part), { recursive: true })
      await repository.write({
        'config/database.yml': 'development:\n  adapter: postgresql\n  database: shop\n',
        'db/migrate/20240105090000_houses.rb': `class Houses < ActiveRecord::Migration[6.1]\n  def change\n    create_table :houses\n  end\nend\n`,
      })
    }
    await symlink(resolve('node_modules'), join(directory, 'node_modules'))
    const found = await repository.run(['init'])
    expect([found.code, found.stdout]).toEqual([
      0,
      expect.stringMatching(new RegExp(`^Found \\. \\(${tool}\\)\\.\\n {2}${tool} is run once .*\\nwrote `)),
    ])
    const doctor = await repository.run(['doctor'])
    expect([doctor.code, doctor.stdout]).toEqual([0, expect.stringMatching(/^✓ Tool /m)])
    // Its import of Godwit needs Godwit in node_modules.
    await rm(join(directory, `godwit.config.${isModule === true ? 'ts' : 'mts'}`))
    await repository.write({ 'godwit.config.json': '{ "path": "." }' })
    const verified = await repository.run(['verify', '--runs', '4'])
    expect([verified.code, verified.stdout], verified.stderr).toEqual([
      0,
      expect.stringMatching(new RegExp(`^\\. {2}${tool}: 1 step, 1 verified$`, 'm')),
    ])
    expect(await repository.run(['gate', '--runs', '4'])).toMatchObject({ code: 0, stdout: expect.stringContaining(': 1 step on') })
  })
})
