import type { Script } from '../migration/index.ts'
import type { Database, Template } from '../postgres/index.ts'
import type { Definition } from './definitions.ts'

/** What a history is to find when its first step begins. */
export interface EnvironmentRequest {
  /** All that will be applied, in order: legacy schema, every step's up, the downs. Only read. */
  readonly scripts: readonly Script[]
  /** Those of them that are reverted and applied again. */
  readonly repeated?: ReadonlySet<Script> | undefined
  /** A platform whose built-in prelude is wanted, beside those in `prelude`. */
  readonly platform?: 'supabase' | undefined
  /** Names of built-in preludes, or SQL files, applied in order by the superuser. */
  readonly prelude?: string | readonly string[] | undefined
  /** Left out everywhere: nothing is made in their place. */
  readonly skipExtensions?: readonly string[] | undefined
  /** Who runs the steps. Default: the non-superuser owner that the harness makes. */
  readonly runAs?: string | undefined
  /** Whether SQL stands in for extensions that the server does not have. Default true. */
  readonly standIns?: boolean | undefined
  /** Whether partitioned tables without a partition get one, so that they can have rows. Default false. */
  readonly partitions?: boolean | undefined
}

/** What a caller may say of the environment. */
export type EnvironmentOptions = Pick<EnvironmentRequest, 'prelude' | 'skipExtensions' | 'runAs'>

/** What stands ready before the first step, and how it differs from the user's own server. */
export interface Environment {
  /** A database with the preludes and extensions, and nothing of the history. */
  readonly template: Template
  /** Who runs the steps; undefined for the harness's own user, on a cluster where it is no superuser. */
  readonly role: string | undefined
  /** For every connection that runs a step: `ALTER DATABASE … SET` is not copied by a clone. */
  readonly settings: Readonly<Record<string, string>>
  /** Extensions made beforehand, stood in for or skipped: the statements about them are left out. */
  readonly made: ReadonlySet<string>
  readonly standIns: readonly string[]
  readonly skipped: readonly string[]
  /** Extensions that the scripts want, that the server does not have and nothing stands in for. */
  readonly missing: readonly MissingExtension[]
  /** One sentence for everything that differs from the user's real server. */
  readonly notes: readonly string[]
  /** Schemas that belong to the platform or to a stand-in, not to the history: data is wanted there only where something refers to it. */
  readonly platformSchemas: ReadonlySet<string>
  /** The built-in preludes that were applied. */
  readonly preludes: readonly string[]
  /** What the scripts make, read when it is first asked for. */
  definitions(): readonly Definition[]
  /** A script as it runs here: without what was made beforehand, and with the roles that are there. */
  adapt(script: Script): Script
}

/** An extension that nothing here can make. */
export interface MissingExtension {
  readonly name: string
  /** The first statement that wants it. */
  readonly file: string
  readonly line: number
}

/** All decisions, before anything is made. */
export interface EnvironmentPlan extends Omit<Environment, 'template'> {
  /** Equal for plans that make the same. */
  readonly key: string
  /** Make it in an empty database. */
  build(database: Database): Promise<void>
}
