import { createHash } from 'node:crypto'
import { InputError } from '../errors.ts'
import { applyStep, type Script } from '../migration/index.ts'
import { type Database, quoteIdentifier, type Session, StatementError } from '../postgres/index.ts'
import { type ExtensionStep, extensionSql } from './extension-plan.ts'
import { makeRoles } from './make-roles.ts'
import type { Prelude } from './preludes/prelude.ts'
import type { Privileged } from './privileged-statements.ts'
import type { RolePlan } from './role-plan.ts'
import { skipSleepSql } from './skip-sleep.ts'
import type { UserWins } from './user-wins.ts'

/** Everything that is made before the first step. */
export interface EnvironmentParts {
  readonly role: string | undefined
  /** Whom it is made for: the role, or the user of the cluster. */
  readonly migrator: string
  /** The role was named by the caller, and may have no rights here. */
  readonly runAs: string | undefined
  readonly settings: Readonly<Record<string, string>>
  readonly roles: Pick<RolePlan, 'wanted' | 'memberships'>
  readonly skipsSleep: boolean
  /** Made for the extensions. */
  readonly schemas: readonly string[]
  readonly extensions: readonly ExtensionStep[]
  readonly builtIn: readonly Prelude[]
  readonly privileged: Privileged
  readonly wins: UserWins
  /** The user's own preludes, as they were given and as they run here. */
  readonly files: readonly Script[]
  readonly adaptPrelude: (script: Script) => Script
}

/** Equal for parts that make the same on servers of the same version. */
export function keyOfParts(version: string, parts: EnvironmentParts): string {
  const { role, settings, extensions, schemas, roles, privileged, skipsSleep, builtIn, files } = parts
  const told = [
    version,
    role,
    settings,
    extensions,
    schemas,
    roles.wanted,
    roles.memberships,
    [...privileged.wrappers.values()],
    privileged.parameters,
    skipsSleep,
    builtIn.map((each) => each.sql + each.grants),
    files.map((file) => file.text),
  ]
  return createHash('sha256').update(JSON.stringify(told)).digest('hex')
}

/** Make all parts in an empty database, as the superuser. */
export async function buildEnvironment(database: Database, parts: EnvironmentParts): Promise<void> {
  const { role, runAs, settings, roles, schemas, extensions, builtIn, wins } = parts
  await makeRoles(database, roles.wanted, role, roles.memberships)
  await using session = await database.connect({ settings })
  const migrator = quoteIdentifier(parts.migrator)
  if (parts.skipsSleep) await superuser(session, 'a pg_sleep that does not wait', skipSleepSql)
  for (const schema of schemas)
    await superuser(session, `the schema "${schema}"`, `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)} AUTHORIZATION ${migrator}`)
  for (const step of extensions) await superuser(session, `the extension "${step.name}"`, extensionSql(step))
  const filled = (sql: string) => sql.replaceAll(':migrator', migrator).replaceAll(':database', quoteIdentifier(database.name))
  for (const { name, sql, grants } of builtIn) await superuser(session, `the prelude "${name}"`, filled(sql + grants))
  await grantPrivileged(session, parts)
  if (wins.sql !== '') await superuser(session, 'room for the prelude', wins.sql)
  for (const file of parts.files) await applyPrelude(database, settings, parts.adaptPrelude(file))
  if (wins.sql !== '' || wins.schemas.size > 0)
    for (const { name, grants } of builtIn) await superuser(session, `the rights of the prelude "${name}"`, filled(grants))
  if (runAs !== undefined) await grantDatabase(database, runAs)
}

async function grantPrivileged(session: Session, { privileged, extensions, migrator }: EnvironmentParts): Promise<void> {
  const to = quoteIdentifier(migrator)
  const path = [...extensions.flatMap((each) => each.schema ?? []).map(quoteIdentifier), 'public'].join(', ')
  for (const [name, sql] of privileged.wrappers)
    await superuser(
      session,
      `the foreign-data wrapper "${name}"`,
      `SET LOCAL search_path = ${path}; ${sql}; GRANT USAGE ON FOREIGN DATA WRAPPER ${quoteIdentifier(name)} TO ${to}`,
    )
  for (const name of privileged.parameters)
    await superuser(
      session,
      `the parameter "${name}"`,
      `LOCK TABLE pg_catalog.pg_parameter_acl IN SHARE ROW EXCLUSIVE MODE; GRANT SET ON PARAMETER ${name.split('.').map(quoteIdentifier).join('.')} TO ${to}`,
    )
}

/** In one transaction of its own. */
async function superuser(session: Session, what: string, sql: string): Promise<void> {
  try {
    await session.script(`BEGIN; ${sql}; COMMIT`)
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    await session.script('ROLLBACK')
    throw new InputError(`${what} cannot be made here: ${error.message} (${error.sqlstate})`, {
      detail: error.fields.detail,
      hint: error.fields.hint,
      cause: error,
    })
  }
}

async function applyPrelude(database: Database, settings: Readonly<Record<string, string>>, script: Script): Promise<void> {
  await using session = await database.connect({ settings })
  const outcome = await applyStep(session, { kind: 'sql', script })
  if (outcome.outcome === 'applied') return
  const { failure } = outcome
  throw new InputError(`the prelude fails at ${failure.file}:${failure.line}: ${failure.message} (${failure.sqlstate})`, {
    detail: failure.detail,
    hint: failure.hint,
  })
}

async function grantDatabase(database: Database, role: string): Promise<void> {
  await using session = await database.connect()
  const [found] = await session.query('SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1', [role])
  if (found === undefined)
    throw new InputError(`the role "${role}" of --run-as does not exist`, {
      hint: 'Make it in a file given by --prelude, or leave the option out.',
    })
  const [to, name] = [quoteIdentifier(role), quoteIdentifier(database.name)]
  await superuser(
    session,
    `the rights of the role "${role}" on the database`,
    `GRANT ALL ON DATABASE ${name} TO ${to}; GRANT ALL ON SCHEMA public TO ${to}`,
  )
}
