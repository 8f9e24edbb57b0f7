import { createHash } from 'node:crypto'
import { EnvironmentError, InputError } from '../errors.ts'
import { applyStep, type Script } from '../migration/index.ts'
import { type Cluster, type Database, quoteIdentifier, type Session, StatementError } from '../postgres/index.ts'
import { type Adaptation, adaptScript } from './adapt-script.ts'
import { foreignDatabaseSettings, namesForeignDatabase } from './database-statements.ts'
import { type Definition, definitionsOf } from './definitions.ts'
import { extensionSql, planExtensions } from './extension-plan.ts'
import { makeRoles } from './make-roles.ts'
import type { EnvironmentPlan, EnvironmentRequest } from './model.ts'
import { readPreludes } from './preludes/read-preludes.ts'
import { privilegedStatements } from './privileged-statements.ts'
import { planRoles } from './role-plan.ts'
import { readServer } from './server-facts.ts'
import { type RoleScript, sharedRoles } from './shared-roles.ts'
import { skipSleepSql, sleepsIn } from './skip-sleep.ts'
import { standIns } from './stand-ins/registry.ts'
import { userWins } from './user-wins.ts'

/**
 * Decide what must stand ready for scripts, without making it.
 *
 * @throws {InputError} When a prelude cannot be read or is unknown.
 * @throws {EnvironmentError} When a prelude is wanted and the harness is no superuser.
 */
export async function planEnvironment(cluster: Cluster, request: EnvironmentRequest): Promise<EnvironmentPlan> {
  const { runAs, skipExtensions = [] } = request
  const role = runAs ?? (cluster.superuser ? cluster.owner : undefined)
  const { builtIn, files } = await readPreludes(request)
  if (builtIn.length > 0 && !cluster.superuser) {
    throw new EnvironmentError(`the prelude "${builtIn.map((each) => each.name).join('", "')}" wants a superuser`, {
      detail: 'The user of the cluster is none, and could not make the roles and schemas of the platform.',
      hint: 'Leave --postgres out, or give the URL of a superuser.',
    })
  }
  const scripts = [...files, ...request.scripts]
  const server = await readServer(cluster, scripts, builtIn.length > 0)
  const provided = builtIn.flatMap((each) => each.provides)
  const extensions = planExtensions({
    scripts,
    available: server.extensions,
    provided,
    platform: builtIn.flatMap((each) => each.extensions),
    skip: skipExtensions,
    standIns: request.standIns ?? true,
  })
  const ofPlatform = new Set(builtIn.flatMap((each) => each.roles.map(({ name }) => name)))
  const shared = cluster.superuser ? sharedRoles([...files.map(asPrelude), ...roleScriptsOf(request)], ofPlatform) : []
  const roles = planRoles({ scripts, files, server, builtIn, shared, role, superuser: cluster.superuser })
  const makesSchemas = new Set(builtIn.flatMap((each) => each.schemas))
  const schemas = [...new Set(extensions.steps.flatMap((step) => (step.ownSchema === true ? [] : (step.schema ?? []))))].filter(
    (schema) => schema !== 'public' && schema !== 'pg_catalog',
  )
  const privileged =
    builtIn.length === 0
      ? { wrappers: new Map<string, string>(), parameters: [] }
      : privilegedStatements(
          request.scripts,
          builtIn.flatMap((each) => each.parameters),
        )
  const adaptation: Adaptation = {
    made: extensions.made,
    unavailable: new Set([...extensions.standIns, ...extensions.skipped, ...provided]),
    schemas: new Set(schemas.filter((schema) => !makesSchemas.has(schema))),
    versions: extensions.versions,
    accessMethods: extensions.accessMethods,
    aliases: roles.aliases,
    wrappers: new Set(privileged.wrappers.keys()),
    sharedRoles: new Set(shared.map((each) => each.name)),
    leavesOut: namesForeignDatabase,
  }
  const databases = foreignDatabaseSettings(request.scripts)
  const settings = { ...Object.assign({}, ...builtIn.map((each) => each.settings)), ...databases.settings }
  const sleeps = sleepsIn(scripts)
  const skipsSleep = sleeps.length > 0 && cluster.superuser
  const wins = userWins(files, [...builtIn.map((each) => each.sql), ...extensions.steps.map(extensionSql)])
  const adapt = (script: Script) => adaptScript(script, adaptation)
  const adaptPrelude = (script: Script) =>
    adaptScript(script, { ...adaptation, schemas: new Set([...adaptation.schemas, ...wins.schemas]) })

  let definitions: readonly Definition[] | undefined

  return {
    role,
    settings,
    made: extensions.made,
    standIns: extensions.standIns,
    skipped: extensions.skipped,
    missing: extensions.missing,
    notes: [
      ...builtIn.flatMap((each) => each.notes),
      ...files.map(
        (file) => `The prelude "${file.file}" was applied by the superuser: the steps may use what it grants (GRANT … TO PUBLIC).`,
      ),
      ...extensions.notes,
      ...wins.notes,
      ...roles.notes,
      ...databases.notes,
      ...(sleeps.length === 0 ? [] : [sleepNote(sleeps, skipsSleep)]),
    ],
    platformSchemas: new Set([...makesSchemas, ...extensions.standIns.flatMap((name) => standIns.get(name)?.ownSchema ?? [])]),
    preludes: builtIn.map((each) => each.name),
    definitions: () => {
      definitions ??= definitionsOf(request.scripts)
      return definitions
    },
    adapt,
    key: createHash('sha256')
      .update(
        JSON.stringify([
          cluster.version.text,
          role,
          settings,
          extensions.steps,
          schemas,
          roles.wanted,
          roles.memberships,
          [...privileged.wrappers.values()],
          privileged.parameters,
          skipsSleep,
          builtIn.map((each) => each.sql + each.grants),
          files.map((file) => file.text),
        ]),
      )
      .digest('hex'),
    async build(database) {
      await makeRoles(database, roles.wanted, role, roles.memberships)
      await using session = await database.connect({ settings })
      const migrator = quoteIdentifier(role ?? cluster.owner)
      if (skipsSleep) await superuser(session, 'a pg_sleep that does not wait', skipSleepSql)
      for (const schema of schemas)
        await superuser(
          session,
          `the schema "${schema}"`,
          `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)} AUTHORIZATION ${migrator}`,
        )
      for (const step of extensions.steps) await superuser(session, `the extension "${step.name}"`, extensionSql(step))
      const filled = (sql: string) => sql.replaceAll(':migrator', migrator).replaceAll(':database', quoteIdentifier(database.name))
      for (const { name, sql, grants } of builtIn) await superuser(session, `the prelude "${name}"`, filled(sql + grants))
      for (const [name, sql] of privileged.wrappers) {
        const path = extensions.steps.flatMap((each) => each.schema ?? []).map(quoteIdentifier)
        await superuser(
          session,
          `the foreign-data wrapper "${name}"`,
          `SET LOCAL search_path = ${[...path, 'public'].join(', ')}; ${sql}; GRANT USAGE ON FOREIGN DATA WRAPPER ${quoteIdentifier(name)} TO ${migrator}`,
        )
      }
      for (const name of privileged.parameters)
        await superuser(
          session,
          `the parameter "${name}"`,
          `LOCK TABLE pg_catalog.pg_parameter_acl IN SHARE ROW EXCLUSIVE MODE; GRANT SET ON PARAMETER ${name.split('.').map(quoteIdentifier).join('.')} TO ${migrator}`,
        )
      if (wins.sql !== '') await superuser(session, 'room for the prelude', wins.sql)
      for (const file of files) await applyPrelude(database, settings, adaptPrelude(file))
      if (wins.sql !== '' || wins.schemas.size > 0)
        for (const { name, grants } of builtIn) await superuser(session, `the rights of the prelude "${name}"`, filled(grants))
      if (runAs !== undefined) await grantDatabase(database, runAs)
    },
  }
}

/** The scripts of a request as what they are to the roles that they create. */
export function roleScriptsOf({ scripts, repeated }: Pick<EnvironmentRequest, 'scripts' | 'repeated'>): readonly RoleScript[] {
  return scripts.map((script) => ({ script, prelude: false, repeated: repeated?.has(script) ?? false }))
}

function asPrelude(script: Script): RoleScript {
  return { script, prelude: true, repeated: false }
}

function sleepNote(sleeps: readonly string[], skipped: boolean): string {
  const where = sleeps.length > 3 ? `${sleeps.slice(0, 3).join(', ')} and ${sleeps.length - 3} more` : sleeps.join(', ')
  return skipped
    ? `pg_sleep was skipped (${where}): it returns at once, except in runs under live traffic (--online).`
    : `pg_sleep was not skipped (${where}): only a superuser can do that, and the user of the cluster is none. Each run waits.`
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
