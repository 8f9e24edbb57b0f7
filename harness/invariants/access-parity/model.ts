import type { Knowledge } from '../../lineage/index.ts'
import type { ShownStatement } from '../../result/index.ts'
import type { RunObservation } from '../../run/index.ts'

export const commands = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'] as const
export type Command = (typeof commands)[number]

/** Every attribute, or those that are named. */
export type Extent = 'all' | readonly string[]

/** Whom a right belongs to that nobody was given: a role without grants stands for it. */
export const everybody = 'public'

/** Role → what it may do; a role without any right is not there. `public` is PUBLIC. */
export type Rights = Readonly<Record<string, Readonly<Partial<Record<Command, Extent>>>>>

export interface Policy {
  readonly name: string
  readonly command: string
  readonly permissive: boolean
  readonly roles: readonly string[]
  readonly using: string | null
  readonly check: string | null
}

export interface RelationAccess {
  readonly path: string
  readonly kind: 'table' | 'view' | 'other'
  readonly owner: string
  /** Whether the owner sees past row security wherever it looks: a superuser, or BYPASSRLS. */
  readonly ownerBypasses: boolean
  readonly rowSecurity: boolean
  readonly forced: boolean
  /** Of a view: whether it reads with the rights of who asks. */
  readonly securityInvoker: boolean
  readonly policies: readonly Policy[]
  readonly rights: Rights
  /** Of a view: paths of what it reads. */
  readonly reads: readonly string[]
}

export interface RoutineAccess {
  /** `public.f(integer)`. */
  readonly path: string
  readonly owner: string
  readonly definer: boolean
  readonly setsSearchPath: boolean
  readonly trigger: boolean
  /** Roles that may EXECUTE. */
  readonly callers: readonly string[]
}

/** Who may do what in one database, as the server answers for each role. */
export interface AccessState {
  /** Roles that the catalog names, but for superusers and the server's own. */
  readonly roles: readonly string[]
  readonly relations: ReadonlyMap<string, RelationAccess>
  readonly routines: ReadonlyMap<string, RoutineAccess>
  /** Sequence → the attribute that owns it, and who may use it. */
  readonly sequences: ReadonlyMap<string, { readonly ownedBy: string | null; readonly users: readonly string[] }>
  readonly schemas: ReadonlyMap<string, { readonly users: readonly string[]; readonly creators: readonly string[] }>
}

/** What one role reached of one relation, being one person: keys of rows as JSON, `denied`, or an error that says nothing about rights. */
export interface Reached {
  readonly role: string
  /** The settings that policies read, as `name = value`; empty for nobody. */
  readonly identity: string
  readonly command: Command
  /** Path of the legacy relation whose rows are meant. */
  readonly relation: string
  /** Path of what was asked: the relation, what took its place, or a view over it. */
  readonly through: string
  readonly outcome: { readonly keys: readonly string[] } | 'denied' | { readonly fails: string }
  /** The attempt, as a reader can make it again; with the keys of the row that it is about, where it is about one. */
  readonly shown?: readonly (ShownStatement & { readonly key?: string | undefined })[] | undefined
}

/** The values of one attribute that one role reads, being one person: of the legacy relation before `up`, of a copy after it. */
export interface ValuesRead {
  readonly role: string
  readonly identity: string
  /** Path of the legacy relation whose attribute it is. */
  readonly relation: string
  readonly attribute: string
  /** Path of the copy. */
  readonly through: string
  readonly values: readonly string[]
  readonly shown: ShownStatement
}

/** A function called as a role. */
export interface Call {
  readonly role: string
  /** `public.f(integer)`. */
  readonly path: string
  readonly sql: string
  /** Undefined where it answered. */
  readonly error: { readonly sqlstate: string; readonly message: string } | undefined
}

/** What the migration says of access in so many words; `program` is SQL that it puts together when it runs. */
export interface Stated {
  readonly effect: 'grant' | 'revoke' | 'owner' | 'policy' | 'drop-policy' | 'enable' | 'disable' | 'role' | 'program'
  /** Name of the relation, schema or routine without its schema; undefined for all of a schema or of the database. */
  readonly object: string | undefined
  /** Empty for all. */
  readonly roles: readonly string[]
  /** Of a program: its text. */
  readonly text?: string | undefined
}

export interface AccessObservation {
  readonly run: Pick<RunObservation, 'legacy' | 'migrated'>
  readonly knowledge: Knowledge
  /** Who applies migrations: what it gains by making an object is its own. */
  readonly migrator: string | undefined
  readonly before: AccessState
  readonly after: AccessState
  readonly reached: { readonly before: readonly Reached[]; readonly after: readonly Reached[] }
  /** Keys of all legacy rows by relation, before and after, whoever sees them. */
  readonly rows: { readonly before: ReadonlyMap<string, readonly string[]>; readonly after: ReadonlyMap<string, readonly string[]> }
  /** Of attributes that are in another relation after `up`: what was read of them, and all their values by relation and attribute as JSON. */
  readonly values: {
    readonly before: readonly ValuesRead[]
    readonly after: readonly ValuesRead[]
    readonly legacy: ReadonlyMap<string, ReadonlySet<string>>
  }
  /** Functions that the migration names, called as those who may execute them. */
  readonly calls: { readonly before: readonly Call[]; readonly after: readonly Call[] }
  readonly stated: readonly Stated[]
}
