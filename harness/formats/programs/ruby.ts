import { devNull } from 'node:os'
import { join } from 'node:path'
import { isDirectory, isFile } from '../../migration/index.ts'
import type { ProgramTool } from './program-tool.ts'

/** @see https://guides.rubyonrails.org/active_record_migrations.html#running-migrations */
export const rails: ProgramTool<'rails'> = {
  id: 'rails',
  marker: '"db/migrate" and "config/database.yml"',
  files: /^(Rakefile|Gemfile|config\.ru)$/,
  historyTables: ['schema_migrations', 'ar_internal_metadata'],
  source: async (directory) => {
    if (!isDirectory(join(directory, 'db/migrate')) || !isFile(join(directory, 'config/database.yml'))) return undefined
    const command = isFile(join(directory, 'bin/rails')) ? 'bin/rails' : 'rake'
    return {
      directory,
      tool: 'rails',
      up: `${command} db:migrate`,
      version: `${command} --version`,
      down: `${command} db:migrate VERSION=0`,
      all: true,
      one: { up: `${command} db:migrate:up VERSION={name}`, down: `${command} db:migrate:down VERSION={name}` },
      ...(command === 'bin/rails' ? { driver: { program: 'ruby' } } : {}),
      table: 'schema_migrations',
      column: 'version',
      ownTables: ['ar_internal_metadata'],
      environment: {
        DISABLE_DATABASE_ENVIRONMENT_CHECK: '1',
        // After a migration Rails writes the schema into the project.
        SCHEMA: devNull,
      },
    }
  },
}
