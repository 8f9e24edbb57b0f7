import { adaptScript, namesForeignDatabase, noAdaptation, roleScriptsOf, sharedRoles } from '../environment/index.ts'
import { EnvironmentError } from '../errors.ts'
import { neededRung, type RungNeed, type Script, type Step } from '../migration/index.ts'
import {
  type Cluster,
  durableServerSettings,
  installedMajors,
  quoteIdentifier,
  type StartedCluster,
  startCluster,
} from '../postgres/index.ts'

/** Everything that a verification applies. */
export interface AppliedScripts {
  /** Applied once, before everything else. */
  readonly legacy: readonly Script[]
  readonly steps: readonly { readonly up: Step; readonly down: Step | undefined }[]
}

/** Scripts of steps that are reverted and applied again. */
export function repeatedScripts(steps: AppliedScripts['steps']): ReadonlySet<Script> {
  return new Set(steps.flatMap(({ up, down }) => (down === undefined ? [] : [up, down].flatMap(scriptOf))))
}

/**
 * The first statement that wants a cluster of its own, when the roles that all databases can share are made beforehand. A legacy schema is
 * asked about roles alone: what else it says to the whole cluster is left out, or refused as it was.
 */
export function clusterNeed(cluster: Pick<Cluster, 'superuser'>, { legacy, steps }: AppliedScripts): RungNeed {
  const scripts = [...legacy, ...steps.flatMap(({ up, down }) => [up, down].flatMap(scriptOf))]
  const roles = cluster.superuser ? sharedRoles(roleScriptsOf({ scripts, repeated: repeatedScripts(steps) })) : []
  const adaptation = { ...noAdaptation, sharedRoles: new Set(roles.map((each) => each.name)) }
  const onRoles = legacy.map((script) => ({
    ...script,
    statements: script.statements.filter(
      (each) => /\b(create|alter|drop)\s+(role|user|group)\b/i.test(each.text) && !namesForeignDatabase(each),
    ),
  }))
  for (const script of [...onRoles, ...steps.flatMap(({ up, down }) => [up, down].flatMap(scriptOf))]) {
    const need = neededRung({ kind: 'sql', script: adaptScript(script, adaptation) })
    if (need.rung === 'cluster') return need
  }
  return { rung: 'transaction', because: '' }
}

function scriptOf(step: Step | undefined): readonly Script[] {
  return step?.kind === 'sql' ? [step.script] : []
}

/**
 * Rung 3: a cluster for one migration, because what it changes (roles, settings of the server) reaches beyond its database.
 *
 * The owner may make roles there, as whoever runs such a migration must be able to.
 *
 * @returns Undefined where a database of its own is enough.
 * @throws {EnvironmentError} On a cluster given by URL whose version is not installed here: its roles are not ours to change.
 */
export async function ownCluster(cluster: Cluster, need: RungNeed): Promise<StartedCluster | undefined> {
  if (need.rung !== 'cluster') return undefined
  const { major } = cluster.version
  const installed = installedMajors().includes(major)
  if (cluster.kind === 'url' && !installed) {
    throw new EnvironmentError('this migration changes what all databases of a cluster share', {
      detail: `${need.because}. The roles and settings of a server given by URL are not ours to change, and PostgreSQL ${major} is not installed here to stand in for it.`,
      hint: 'Leave --postgres out, or name a version: it gets a cluster of its own then.',
    })
  }
  return startLike(cluster, {})
}

/** A durable server of the same version (the newest, where that is not installed) that a migration may do to what it likes: it can be killed. */
export function crashCluster(like: Pick<Cluster, 'version'>): Promise<StartedCluster> {
  return startLike(like, durableServerSettings)
}

async function startLike(
  { version: { major } }: Pick<Cluster, 'version'>,
  settings: Readonly<Record<string, string>>,
): Promise<StartedCluster> {
  const installed = installedMajors().includes(major)
  const own = await startCluster(
    { kind: 'embedded', ...(installed ? { major } : {}) },
    // Teams create roles as somebody who may use them afterwards; from PostgreSQL 16 on that is a matter of this setting.
    { settings: { ...settings, ...(installed && major < 16 ? {} : { createrole_self_grant: 'set, inherit' }) } },
  )
  await using database = await own.createDatabase()
  await using session = await database.connect()
  await session.script(`ALTER ROLE ${quoteIdentifier(own.owner)} CREATEROLE`)
  return own
}

/** Said where a migration was verified on another server than the one that was asked for. */
export function ownClusterNotes(cluster: Cluster, own: Cluster | undefined, need: RungNeed): readonly string[] {
  if (own === undefined || cluster.kind === 'embedded') return []
  const asked = cluster.kind === 'url' ? 'the server given by URL, whose roles and settings are not ours to change' : 'the container'
  return [`Verified on an embedded PostgreSQL ${own.version.text} in place of ${asked}: ${need.because}.`]
}
