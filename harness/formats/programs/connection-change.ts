import { InputError } from '../../errors.ts'
import { shownPath } from '../../migration/index.ts'

/** By tool: the shortest change after which its configuration reads DATABASE_URL, and is as before where that is not set. */
const changes: Readonly<Record<string, string>> = {
  knex: 'connection: process.env.DATABASE_URL ?? { /* as now */ },',
  typeorm: "url: process.env.DATABASE_URL ?? 'postgres://…', // in the place of host, port, username, password and database",
  kysely: "new Pool({ connectionString: process.env.DATABASE_URL ?? 'postgres://…' })",
  sequelize: '"development": { "dialect": "postgres", "use_env_variable": "DATABASE_URL" }',
  'mikro-orm': "clientUrl: process.env.DATABASE_URL ?? 'postgres://…',",
  umzug: "new Pool({ connectionString: process.env.DATABASE_URL ?? 'postgres://…' })",
  alembic:
    'if "DATABASE_URL" in os.environ: config.set_main_option("sqlalchemy.url", os.environ["DATABASE_URL"].replace("%", "%%"))  # behind "config = context.config", with "import os"',
  django:
    '"NAME": os.environ.get("PGDATABASE", "…"), and so "USER" by PGUSER, "PASSWORD" by PGPASSWORD, "HOST" by PGHOST, "PORT" by PGPORT',
}

/**
 * The refusal of a configuration that reads no connection from the environment: its tool would go to a database of its own choice.
 *
 * @param file  The configuration, absolute.
 */
export function readsNoConnection(file: string, tool: string): InputError {
  return new InputError(
    `"${shownPath(file)}" reads no connection from the environment, so that ${tool} cannot be given a database of its own`,
    { hint: `Change it so that it does, e.g.: ${changes[tool] ?? 'let it read DATABASE_URL'}` },
  )
}
