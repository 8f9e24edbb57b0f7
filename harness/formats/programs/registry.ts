import { knex, kysely, mikroOrm, nodePgMigratePrograms, sequelize, typeorm, umzug } from './javascript.ts'
import type { ProgramTool } from './program-tool.ts'
import { alembic, django } from './python.ts'
import { rails } from './ruby.ts'

/** The tools whose migrations are programs, in the order in which they are tried. */
export const programTools = [
  knex,
  typeorm,
  kysely,
  mikroOrm,
  sequelize,
  umzug,
  alembic,
  django,
  rails,
  nodePgMigratePrograms,
] as const satisfies readonly ProgramTool[]
