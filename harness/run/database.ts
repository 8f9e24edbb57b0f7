import {
  adaptScript,
  type EnvironmentOptions,
  type EnvironmentPlan,
  extensionWants,
  hintFor,
  type MissingExtension,
  noAdaptation,
  planEnvironment,
} from '../environment/index.ts'
import { InputError } from '../errors.ts'
import { applyStep, type Failure, type Migration, type Script } from '../migration/index.ts'
import type { Cluster, Database, Template } from '../postgres/index.ts'
import { repeatedScripts } from './own-cluster.ts'
import { sha256 } from './seed.ts'

/** Who applies migrations: a role's name, or undefined for the harness's own user (a cluster where it is no superuser). */
export function roleOf(cluster: Cluster, options: EnvironmentOptions): string | undefined {
  return options.runAs ?? (cluster.superuser ? cluster.owner : undefined)
}

/**
 * What a migration of its own (a pair) finds before its legacy schema.
 *
 * @throws {InputError} When a prelude cannot be read; when an extension is not there, with the statement that wants it.
 */
export async function environmentOf(cluster: Cluster, migration: Migration, options: EnvironmentOptions): Promise<EnvironmentPlan> {
  const steps = [migration.up, ...(migration.down === undefined ? [] : [migration.down])]
  const plan = await planEnvironment(cluster, {
    repeated: repeatedScripts([migration]),
    scripts: [...migration.legacy, ...steps.flatMap((each) => (each.kind === 'sql' ? [each.script] : []))],
    prelude: options.prelude,
    skipExtensions: options.skipExtensions,
    runAs: options.runAs,
  })
  const [missing] = plan.missing
  if (missing !== undefined) throw missingExtension(missing)
  return plan
}

/** Said before the first step: nothing here can make this extension. */
export function missingExtension({ name, file, line }: MissingExtension): InputError {
  return new InputError(`the extension "${name}" is not installed on this server`, {
    detail: `It is wanted at ${file}:${line}, and nothing stands in for it.`,
    hint: `Use a server that has it (--postgres docker:IMAGE or a URL), or leave out what depends on it: --skip-extension ${name}.`,
  })
}

/**
 * The template that holds the legacy schema of a migration, without rows.
 *
 * @throws {InputError} When the prelude or the legacy schema fails, with file, line and SQLSTATE; when an extension is not there.
 */
export async function legacyTemplate(cluster: Cluster, migration: Migration, options: EnvironmentOptions): Promise<Template> {
  const plan = await environmentOf(cluster, migration, options)
  const key = sha256(['legacy', plan.key, ...migration.legacy.map((each) => each.text)].join('\u0000'))
  return cluster.template(key, async (database) => {
    await plan.build(database)
    for (const script of migration.legacy) await applyLegacy(database, plan.adapt(script), plan)
  })
}

async function applyLegacy(database: Database, script: Script, plan: EnvironmentPlan): Promise<void> {
  const { role, settings } = plan
  await using session = await database.connect({ as: role === undefined ? 'superuser' : { role }, settings })
  const outcome = await applyStep(session, { kind: 'sql', script })
  if (outcome.outcome === 'failed') throw legacyFailure(outcome.failure, plan)
}

function legacyFailure(failure: Failure, plan: EnvironmentPlan): InputError {
  const statement = failure.statement === undefined ? undefined : `Statement: ${failure.statement.text.slice(0, 300)}`
  return new InputError(`the legacy schema fails at ${failure.file}:${failure.line}: ${failure.message} (${failure.sqlstate})`, {
    detail: [failure.detail, statement].filter((each) => each !== undefined).join('\n') || undefined,
    hint: hintFor(failure, plan) ?? failure.hint,
  })
}

/** Names after CREATE EXTENSION: a non-superuser could not create most of them, so the superuser does beforehand. */
export function neededExtensions(scripts: readonly Script[]): readonly string[] {
  return extensionWants(scripts).map(({ name }) => name)
}

/** A script without the statements about extensions that the superuser made beforehand, or that are to be skipped. */
export function withoutExtensions(script: Script, made: ReadonlySet<string>): Script {
  return made.size === 0 ? script : adaptScript(script, { ...noAdaptation, made })
}
