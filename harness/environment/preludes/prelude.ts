import type { WantedRole } from '../make-roles.ts'

/** What a platform has in every database before a team's first migration. */
export interface Prelude {
  readonly name: string
  /** Made in this order; groups come first. */
  readonly roles: readonly WantedRole[]
  /** Roles of the platform that act as the one that runs migrations: what they own is made by it. */
  readonly migrator: readonly string[]
  /** Extensions that the platform has installed, with their schemas. */
  readonly extensions: readonly { readonly name: string; readonly schema: string }[]
  /** Extensions whose objects are in `sql`. */
  readonly provides: readonly string[]
  /** Run by the superuser, after roles and extensions. `:migrator` is the role that runs migrations. */
  readonly sql: string
  /** Rights on what lies in its schemas: run after `sql`, and again after a prelude of the user's that makes some of it. */
  readonly grants: string
  /** Parameters that the platform lets migrations set, though only a superuser could. */
  readonly parameters: readonly RegExp[]
  readonly schemas: readonly string[]
  readonly settings: Readonly<Record<string, string>>
  /** Sentences on where it differs from the platform. */
  readonly notes: readonly string[]
}
