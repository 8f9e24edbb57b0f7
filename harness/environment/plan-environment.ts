import { EnvironmentError } from '../errors.ts'
import type { Script } from '../migration/index.ts'
import type { Cluster } from '../postgres/index.ts'
import { type Adaptation, adaptScript } from './adapt-script.ts'
import { buildEnvironment, type EnvironmentParts, keyOfParts } from './build-environment.ts'
import { compressionNotes, lz4In } from './compression.ts'
import { foreignDatabaseSettings, namesForeignDatabase } from './database-statements.ts'
import { type Definition, definitionsOf } from './definitions.ts'
import { type ExtensionPlan, extensionSql, planExtensions } from './extension-plan.ts'
import type { EnvironmentPlan, EnvironmentRequest } from './model.ts'
import { withoutPartitions } from './partitions.ts'
import type { Prelude } from './preludes/prelude.ts'
import { readPreludes } from './preludes/read-preludes.ts'
import { type Privileged, privilegedStatements } from './privileged-statements.ts'
import { planRoles } from './role-plan.ts'
import { readServer } from './server-facts.ts'
import { type RoleScript, sharedRoles } from './shared-roles.ts'
import { sleepsIn } from './skip-sleep.ts'
import { standIns } from './stand-ins/registry.ts'
import { userWins } from './user-wins.ts'

/**
 * Decide what must stand ready for scripts, without making it.
 *
 * @throws {InputError} When a prelude cannot be read or is unknown.
 * @throws {EnvironmentError} When a prelude is wanted and the harness is no superuser.
 */
export async function planEnvironment(cluster: Cluster, request: EnvironmentRequest): Promise<EnvironmentPlan> {
  const role = request.runAs ?? (cluster.superuser ? cluster.owner : undefined)
  const { builtIn, files } = await readPreludes(request)
  refusePreludes(cluster, builtIn)
  const scripts = [...files, ...request.scripts]
  const server = await readServer(cluster, scripts, builtIn.length > 0)
  const provided = builtIn.flatMap((each) => each.provides)
  const extensions = planExtensions({
    scripts,
    available: server.extensions,
    provided,
    platform: builtIn.flatMap((each) => each.extensions),
    skip: request.skipExtensions ?? [],
    standIns: request.standIns ?? true,
  })
  const ofPlatform = new Set(builtIn.flatMap((each) => each.roles.map(({ name }) => name)))
  const shared = cluster.superuser ? sharedRoles([...files.map(asPrelude), ...roleScriptsOf(request)], ofPlatform) : []
  const roles = planRoles({ scripts, files, server, builtIn, shared, role, superuser: cluster.superuser })
  const schemas = schemasFor(extensions)
  const platformSchemas = new Set(builtIn.flatMap((each) => each.schemas))
  const privileged = privilegesOf(request, builtIn)
  const made = request.partitions === true && (!mentionsPartman(scripts) || extensions.standIns.includes('pg_partman'))
  const partitioned = made ? withoutPartitions(scripts) : new Set<string>()
  const adaptation: Adaptation = {
    made: extensions.made,
    unavailable: new Set([...extensions.standIns, ...extensions.skipped, ...provided]),
    schemas: new Set(schemas.filter((schema) => !platformSchemas.has(schema))),
    versions: extensions.versions,
    accessMethods: extensions.accessMethods,
    aliases: roles.aliases,
    wrappers: new Set(privileged.wrappers.keys()),
    sharedRoles: new Set(shared.map((each) => each.name)),
    partitioned,
    withoutLz4: !server.lz4,
    leavesOut: namesForeignDatabase,
  }
  const databases = foreignDatabaseSettings(request.scripts)
  const sleeps = sleepsIn(scripts)
  const wins = userWins(files, [...builtIn.map((each) => each.sql), ...extensions.steps.map(extensionSql)])
  const forPreludes = { ...adaptation, schemas: new Set([...adaptation.schemas, ...wins.schemas]) }
  const parts: EnvironmentParts = {
    role,
    migrator: role ?? cluster.owner,
    runAs: request.runAs,
    settings: { ...Object.assign({}, ...builtIn.map((each) => each.settings)), ...databases.settings },
    roles,
    skipsSleep: sleeps.length > 0 && cluster.superuser,
    schemas,
    extensions: extensions.steps,
    builtIn,
    privileged,
    wins,
    files,
    adaptPrelude: (script) => adaptScript(script, forPreludes),
  }
  const notes = [
    ...extensions.notes,
    ...wins.notes,
    ...roles.notes,
    ...databases.notes,
    ...partitionNotes(partitioned),
    ...compressionNotes(server.lz4 ? [] : lz4In(scripts)),
  ]
  return planOf(parts, { cluster, request, extensions, adaptation, notes: [...notes, ...sleepNotes(sleeps, parts.skipsSleep)] })
}

/** What a plan tells of its parts, and how scripts run among them. */
interface Told {
  readonly cluster: Cluster
  readonly request: EnvironmentRequest
  readonly extensions: ExtensionPlan
  readonly adaptation: Adaptation
  readonly notes: readonly string[]
}

function planOf(parts: EnvironmentParts, { cluster, request, extensions, adaptation, notes }: Told): EnvironmentPlan {
  const { role, settings, builtIn, files } = parts
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
      ...notes,
    ],
    platformSchemas: new Set([
      ...builtIn.flatMap((each) => each.schemas),
      ...extensions.standIns.flatMap((name) => standIns.get(name)?.ownSchema ?? []),
    ]),
    preludes: builtIn.map((each) => each.name),
    definitions: () => {
      definitions ??= definitionsOf(request.scripts)
      return definitions
    },
    adapt: (script) => adaptScript(script, adaptation),
    key: keyOfParts(cluster.version.text, parts),
    build: (database) => buildEnvironment(database, parts),
  }
}

function refusePreludes({ superuser }: Cluster, builtIn: readonly Prelude[]): void {
  if (builtIn.length === 0 || superuser) return
  throw new EnvironmentError(`the prelude "${builtIn.map((each) => each.name).join('", "')}" wants a superuser`, {
    detail: 'The user of the cluster is none, and could not make the roles and schemas of the platform.',
    hint: 'Leave --postgres out, or give the URL of a superuser.',
  })
}

function schemasFor({ steps }: ExtensionPlan): readonly string[] {
  const named = steps.flatMap((step) => (step.ownSchema === true ? [] : (step.schema ?? [])))
  return [...new Set(named)].filter((schema) => schema !== 'public' && schema !== 'pg_catalog')
}

function privilegesOf({ scripts }: EnvironmentRequest, builtIn: readonly Prelude[]): Privileged {
  if (builtIn.length === 0) return { wrappers: new Map(), parameters: [] }
  return privilegedStatements(
    scripts,
    builtIn.flatMap((each) => each.parameters),
  )
}

/** The scripts of a request as what they are to the roles that they create. */
export function roleScriptsOf({ scripts, repeated }: Pick<EnvironmentRequest, 'scripts' | 'repeated'>): readonly RoleScript[] {
  return scripts.map((script) => ({ script, prelude: false, repeated: repeated?.has(script) ?? false }))
}

function asPrelude(script: Script): RoleScript {
  return { script, prelude: true, repeated: false }
}

/** The real extension makes partitions of its own. */
function mentionsPartman(scripts: readonly Script[]): boolean {
  return scripts.some(({ text }) => /\bcreate_parent\b/i.test(text))
}

function partitionNotes(names: ReadonlySet<string>): readonly string[] {
  if (names.size === 0) return []
  const [shown, more] = [[...names].slice(0, 5).join(', '), names.size - 5]
  return [
    `No step makes a partition of ${shown}${more > 0 ? ` and ${more} more` : ''}: so that rows can be stored there, each got one that takes all of them (godwit_rows_of_…).`,
  ]
}

function sleepNotes(sleeps: readonly string[], skipped: boolean): readonly string[] {
  if (sleeps.length === 0) return []
  const where = sleeps.length > 3 ? `${sleeps.slice(0, 3).join(', ')} and ${sleeps.length - 3} more` : sleeps.join(', ')
  return [
    skipped
      ? `pg_sleep was skipped (${where}): it returns at once, except in runs under live traffic (--online).`
      : `pg_sleep was not skipped (${where}): only a superuser can do that, and the user of the cluster is none. Each run waits.`,
  ]
}
