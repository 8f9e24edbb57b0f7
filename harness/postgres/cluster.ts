import type { Session } from './session.ts'

/** Where a cluster is to come from. */
export type ClusterRequest =
  | { readonly kind: 'embedded' /** 15, 16, 17, 18; undefined takes the newest installed. */; readonly major?: number | undefined }
  | { readonly kind: 'container'; readonly image: string }
  | { readonly kind: 'url'; readonly url: string }

export interface ServerVersion {
  /** e.g. `18.4`. */
  readonly text: string
  /** e.g. `18`. */
  readonly major: number
}

export interface ConnectOptions {
  /**
   * Who connects: `superuser` (the harness itself; on a URL cluster the URL's own user), `owner` (the non-superuser that owns the
   * databases and runs migrations), or a role's name. Default `superuser`.
   */
  readonly as?: 'superuser' | 'owner' | { readonly role: string }
  /** Sent as start-up options, so that `RESET ALL` comes back to them. */
  readonly settings?: Readonly<Record<string, string>>
  /** Default 60 000; 0 for none. */
  readonly statementTimeoutMs?: number
  /** Default 10 000. */
  readonly lockTimeoutMs?: number
  /** Until the server has let us in; default 10 000. */
  readonly connectTimeoutMs?: number
}

/** A database that the harness made and removes. */
export interface Database {
  readonly name: string
  connect(options?: ConnectOptions): Promise<Session>
  /** A URL for tools outside the harness (TCP on loopback, password included): never print it. */
  url(options?: Pick<ConnectOptions, 'as'>): string
  /** Ends what sessions are left and drops it; a second call does nothing. */
  drop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A database that nobody connects to, kept by a hash of what made it, to be cloned. */
export interface Template {
  readonly name: string
}

/** A running PostgreSQL server, however it came to run. */
export interface Cluster {
  readonly kind: ClusterRequest['kind']
  readonly version: ServerVersion
  /** The role that owns the databases and runs migrations. */
  readonly owner: string
  /** Whether the harness's own user is a superuser (rung 1 and the filling of data want it). */
  readonly superuser: boolean
  /** A new empty database owned by `owner`. */
  createDatabase(): Promise<Database>
  /** The template made by `build`, from an earlier call with the same key where there is one (of another process too). */
  template(key: string, build: (database: Database) => Promise<void>): Promise<Template>
  /** `CREATE DATABASE … TEMPLATE`. */
  clone(template: Template): Promise<Database>
}

/** A cluster that this process started (or joined) and gives back when it is disposed of. */
export interface StartedCluster extends Cluster {
  /** The parts of the start by name, milliseconds: `find`, `initdb`, `start`, `connect`, … */
  readonly startTimings: Readonly<Record<string, number>>
  /** What another process needs to join this cluster (`joinCluster`); plain JSON. */
  readonly address: ClusterAddress
  stop(): Promise<void>
  /**
   * Kill all processes of the server by SIGKILL, and start it again. Open sessions are gone. What was committed is there, where the server was
   * started with `durableServerSettings`.
   *
   * @throws {EnvironmentError} For a container or a URL; and when it does not come up again.
   */
  crash(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A cluster of another process that this one works in too; leaving it ends the background session. */
export interface JoinedCluster extends Cluster {
  leave(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Enough to connect from another process: sent to Vitest's workers. Holds secrets: never print it. */
export interface ClusterAddress {
  readonly kind: ClusterRequest['kind']
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password?: string | undefined
  readonly ownerPassword?: string | undefined
  readonly database: string
  readonly version: ServerVersion
  readonly owner: string
  readonly superuser: boolean
  /** Part of the names of all databases of this run, and of the application name of its sessions. */
  readonly run?: string | undefined
  /** Where a TCP address for tools differs from `host` (a socket directory): on loopback. */
  readonly tcpHost?: string | undefined
  /** The URL that the user gave, with what stands behind its `?`. */
  readonly url?: string | undefined
}
