import type { Script } from '../migration/index.ts'
import type { WantedRole } from './make-roles.ts'
import type { Prelude } from './preludes/prelude.ts'
import { createdRoles, roleMentions } from './role-mentions.ts'
import type { ServerFacts } from './server-facts.ts'
import type { SharedRole } from './shared-roles.ts'

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
  /** Roles that the scripts create and that are made beforehand. */
  readonly shared: readonly SharedRole[]
  readonly role: string | undefined
  readonly superuser: boolean
}

/** Which roles are made, which are there, and which the role that runs migrations stands for. */
export function planRoles({ scripts, files, server, builtIn, shared, role, superuser }: RoleRequest): RolePlan {
  if (!superuser || role === undefined) return { wanted: [], memberships: [], aliases: new Map(), notes: [] }
  const own = new Map(shared.filter(({ file }) => files.some((each) => each.file === file)).map((each) => [each.name, each]))
  const platform = builtIn.flatMap((each) => each.roles).map((each) => ({ ...each, ...attributesOf(own.get(each.name)) }))
  const known = new Set(platform.map((each) => each.name))
  const created = createdRoles(scripts)
  const mentions = roleMentions(scripts)
  const named = [...new Set(mentions.map((each) => each.role))].filter((name) => name !== role && !name.startsWith('pg_'))
  const migrators = new Set(builtIn.flatMap((each) => each.migrator))
  const owners = new Set(mentions.filter((each) => each.use === 'owner').map((each) => each.role))
  const members = new Set(mentions.filter((each) => each.use === 'member').map((each) => each.role))
  const foreign = named.filter((name) => !known.has(name) && !created.has(name))
  const superusers = foreign.filter((name) => migrators.has(name) || server.roles.get(name)?.superuser === true)
  const others = foreign.filter((name) => !superusers.includes(name))
  const absent = others.filter((name) => !server.roles.has(name))
  return {
    wanted: [
      ...platform,
      ...absent.map((name) => ({ name, attributes: 'NOLOGIN', memberOf: [] })),
      ...shared.filter(({ name }) => !known.has(name)),
    ],
    memberships: others.filter((name) => members.has(name) && server.roles.has(name)),
    // Whoever owns what the scripts make is, on the user's server, whoever runs them.
    aliases: new Map([...superusers, ...others.filter((name) => owners.has(name))].map((name) => [name, role])),
    notes: [
      ...shared.map((each) => sharedNote(each, known.has(each.name), own.has(each.name))),
      ...absent
        .filter((name) => !owners.has(name))
        .map((name) => `The role "${name}" is named and never created: it was made beforehand, without a right to log in.`),
      ...others
        .filter((name) => owners.has(name))
        .map((name) => `The role "${name}" is named as an owner and never created: the role that runs the steps stands for it.`),
      ...superusers
        .filter((name) => !migrators.has(name))
        .map((name) => `The role "${name}" is a superuser of this cluster: the role that runs the steps stands for it.`),
    ],
  }
}

function attributesOf(role: SharedRole | undefined): Partial<WantedRole> {
  return role === undefined || role.attributes === '' ? {} : { attributes: role.attributes }
}

function sharedNote({ name, file, line }: SharedRole, ofPlatform: boolean, ofPrelude: boolean): string {
  const where = `The role "${name}" (${file}:${line})`
  if (ofPlatform && ofPrelude) return `${where} has the attributes that the prelude gives it, not those of the platform.`
  if (ofPlatform) return `${where} is one of the platform's: CREATE ROLE is left out.`
  return `${where} was made beforehand, without a right to log in, and CREATE ROLE is left out: roles belong to the whole cluster, where runs at the same time would meet.`
}
