import type { Script } from '../../migration/index.ts'
import type { WantedRole } from './make-roles.ts'
import type { Prelude } from './preludes/prelude.ts'
import { createdRoles, roleMentions } from './role-mentions.ts'
import type { ServerFacts } from './server-facts.ts'

export interface RolePlan {
  readonly wanted: readonly WantedRole[]
  /** Roles that were there before, and that the role which runs migrations must be a member of. */
  readonly memberships: readonly string[]
  readonly aliases: ReadonlyMap<string, string>
  readonly notes: readonly string[]
}

export interface RoleRequest {
  readonly scripts: readonly Script[]
  /** Preludes given as files. */
  readonly files: readonly Script[]
  readonly server: ServerFacts
  readonly builtIn: readonly Prelude[]
  readonly role: string | undefined
  readonly superuser: boolean
}

/** Which roles are made, which are there, and which the role that runs migrations stands for. */
export function planRoles({ scripts, server, builtIn, role, superuser }: RoleRequest): RolePlan {
  if (!superuser || role === undefined) return { wanted: [], memberships: [], aliases: new Map(), notes: [] }
  const platform = builtIn.flatMap((each) => each.roles)
  const known = new Set(platform.map((each) => each.name))
  const created = createdRoles(scripts)
  const mentions = roleMentions(scripts)
  const named = [...new Set(mentions.map((each) => each.role))].filter((name) => name !== role && !name.startsWith('pg_'))
  const migrators = new Set(builtIn.flatMap((each) => each.migrator))
  const standsFor = (name: string) => migrators.has(name) || server.roles.get(name)?.superuser === true
  const aliased = named.filter((name) => !known.has(name) && !created.has(name) && standsFor(name))
  const absent = named.filter((name) => !known.has(name) && !created.has(name) && !standsFor(name) && !server.roles.has(name))
  const owners = new Set(mentions.filter((each) => each.use === 'owner').map((each) => each.role))
  return {
    wanted: [...platform, ...absent.map((name) => ({ name, attributes: 'NOLOGIN', memberOf: [] }))],
    memberships: named.filter((name) => owners.has(name) && server.roles.has(name) && !known.has(name) && !standsFor(name)),
    aliases: new Map(aliased.map((name) => [name, role])),
    notes: [
      ...absent.map((name) => `The role "${name}" is named and never created: it was made beforehand, without a right to log in.`),
      ...aliased
        .filter((name) => !migrators.has(name))
        .map(
          (name) =>
            `The role "${name}" is a superuser of this cluster: what scripts give it or do in its name goes to the role that runs them.`,
        ),
    ],
  }
}
