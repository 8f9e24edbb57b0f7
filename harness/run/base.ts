import { availableParallelism } from 'node:os'
import type { CatalogObjects } from '../catalog/index.ts'
import type { PlanMemory } from '../data/index.ts'
import type { EnvironmentOptions } from '../environment/index.ts'
import type { Migration, Step } from '../migration/index.ts'
import type { Cluster, Database, RelationName, Session, Template } from '../postgres/index.ts'
import { environmentOf, legacyTemplate } from './database.ts'
import { clusterNeed, ownCluster, ownClusterNotes } from './own-cluster.ts'
import { type RoleState, rememberRoles } from './role-state.ts'

/** What clones are made of. */
export type CloneSource = Pick<Base, 'cluster' | 'template' | 'role' | 'settings' | 'roles'>

/** The database in the state just before a migration: what its runs begin from. */
export interface Base {
  readonly cluster: Cluster
  /** Who applies migrations; undefined for the harness's own user. */
  readonly role: string | undefined
  /** Settings that come with every connection, as the user's own database would give them. */
  readonly settings: Readonly<Record<string, string>>
  /** The harness's session on this database, outside any transaction; another one after `template` was asked for. */
  readonly session: () => Session
  /** A session on another database in the same state, for runs at the same time; undefined where other migrations keep the machine busy. */
  readonly twin?: (() => Promise<Session>) | undefined
  /** The same state for clones: made when the first one is wanted. */
  readonly template: () => Promise<Template>
  /** Where a cluster of its own is changed by each run: what its roles are to be again. */
  readonly roles: RoleState | undefined
  /** Relations that are not the user's own: a tool's history table, a platform's. They are filled only where others refer to them. */
  readonly reserved: (relation: RelationName) => boolean
  /** What the generator asked this server before. */
  readonly memory: PlanMemory
  /** The same state on another cluster, which goes with that cluster. */
  readonly elsewhere: (cluster: Cluster) => Promise<CloneSource>
  /** Objects read on this database at earlier steps, by fingerprint: names and texts, no OIDs. */
  readonly objects: Map<string, CatalogObjects>
}

/**
 * Work on the base of a pair: a database with its legacy schema, on a cluster of its own where the migration needs one; with the migration
 * as it runs there, and a sentence for everything that differs from the user's own server.
 *
 * @throws {InputError} When the prelude or the legacy schema fails.
 */
export async function onPairBase<Result>(
  shared: Cluster,
  migration: Migration,
  options: EnvironmentOptions,
  work: (base: Base, migration: Migration, notes: readonly string[]) => Promise<Result>,
): Promise<Result> {
  const need = clusterNeed(shared, { legacy: migration.legacy, steps: [migration] })
  await using own = await ownCluster(shared, need)
  const cluster = own ?? shared
  const { role, settings, adapt, notes } = await environmentOf(cluster, migration, options)
  const template = await legacyTemplate(cluster, migration, options)
  await using head = await cluster.clone(template)
  await using session = await head.connect({ settings })
  await using twin = new Twin(cluster, template, settings)
  const base: Base = {
    cluster,
    role,
    settings,
    session: () => session,
    twin: availableParallelism() > 1 ? () => twin.session() : undefined,
    template: async () => template,
    roles: own === undefined ? undefined : await rememberRoles(own),
    reserved: () => false,
    memory: new Map(),
    objects: new Map(),
    elsewhere: async (other) => {
      const plan = await environmentOf(other, migration, options)
      const copy = await legacyTemplate(other, migration, options)
      const roles = own === undefined ? undefined : await rememberRoles(other)
      return { cluster: other, template: async () => copy, role: plan.role, settings: plan.settings, roles }
    },
  }
  const as = (step: Step): Step => (step.kind === 'sql' ? { ...step, script: adapt(step.script) } : step)
  const down = migration.down === undefined ? undefined : as(migration.down)
  return await work(base, { ...migration, up: as(migration.up), down }, [...ownClusterNotes(shared, own, need), ...notes])
}

/** A second database in the state of a template, made when it is asked for. */
class Twin implements AsyncDisposable {
  readonly #cluster: Cluster
  readonly #template: Template
  readonly #settings: Readonly<Record<string, string>>
  #database: Database | undefined
  #session: Session | undefined

  constructor(cluster: Cluster, template: Template, settings: Readonly<Record<string, string>>) {
    this.#cluster = cluster
    this.#template = template
    this.#settings = settings
  }

  async session(): Promise<Session> {
    this.#database ??= await this.#cluster.clone(this.#template)
    this.#session ??= await this.#database.connect({ settings: this.#settings })
    return this.#session
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session?.close()
    await this.#database?.[Symbol.asyncDispose]()
  }
}
