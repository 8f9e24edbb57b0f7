import { type Database, madeRoleComment, quoteIdentifier, quoteLiteral, type Session, StatementError } from '../postgres/index.ts'

/** A role that must be there before the first step. */
export interface WantedRole {
  readonly name: string
  /** E.g. `NOINHERIT BYPASSRLS`; for one that is made. */
  readonly attributes: string
  /** Roles that it is to be a member of, when it is made. */
  readonly memberOf: readonly string[]
}

/**
 * Make those roles that are not there yet; one that is there is not touched, but for the member.
 *
 * @param member  Becomes a member of those made, with the right to hand the membership on, and of `memberships`.
 */
export async function makeRoles(
  database: Database,
  roles: readonly WantedRole[],
  member: string | undefined,
  memberships: readonly string[] = [],
): Promise<void> {
  if (roles.length + memberships.length === 0) return
  await using session = await database.connect()
  await session.script('BEGIN')
  try {
    // Roles belong to the cluster: whoever else makes or drops one waits, so that nobody's role goes between these lines.
    await session.script('LOCK TABLE pg_catalog.pg_authid IN SHARE ROW EXCLUSIVE MODE')
    for (const role of roles) await makeRole(session, role)
    const ours = await madeRoles(session, roles)
    if (member !== undefined) for (const name of [...ours, ...memberships]) await grantMembership(session, name, member)
    // A right in this database keeps other runs from dropping the role while ours is at work.
    const granted = ours.map((name) => `GRANT CONNECT ON DATABASE ${quoteIdentifier(database.name)} TO ${quoteIdentifier(name)}`)
    if (granted.length > 0) await session.script(granted.join('; '))
    await session.script('COMMIT')
  } catch (error) {
    await session.script('ROLLBACK')
    throw error
  }
}

async function makeRole(session: Session, { name, attributes, memberOf }: WantedRole): Promise<void> {
  const found = await session.query('SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1', [name])
  if (found.length > 0) return
  const role = quoteIdentifier(name)
  await session.script(
    [
      `CREATE ROLE ${role} ${attributes}`,
      `COMMENT ON ROLE ${role} IS ${quoteLiteral(madeRoleComment)}`,
      ...memberOf.map((group) => `GRANT ${quoteIdentifier(group)} TO ${role}`),
    ].join('; '),
  )
}

async function madeRoles(session: Session, roles: readonly WantedRole[]): Promise<readonly string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT rolname AS name FROM pg_catalog.pg_roles
      WHERE rolname = ANY ($1::text[]) AND pg_catalog.shobj_description(oid, 'pg_authid') = $2`,
    [`{${roles.map((each) => `"${each.name.replace(/["\\]/g, '\\$&')}"`).join(',')}}`, madeRoleComment],
  )
  return rows.map((each) => each.name)
}

/** As the owner of what `role` owns, without the superuser's rights. */
export async function grantMembership(session: Session, role: string, member: string): Promise<void> {
  if (role === member) return
  const [is] = await session.query<{ member: boolean }>(
    `SELECT true AS member FROM pg_catalog.pg_auth_members WHERE roleid = $1::text::regrole AND member = $2::text::regrole AND admin_option`,
    [quoteIdentifier(role), quoteIdentifier(member)],
  )
  if (is !== undefined) return
  try {
    await session.script(
      `SAVEPOINT membership; GRANT ${quoteIdentifier(role)} TO ${quoteIdentifier(member)} WITH ADMIN OPTION; RELEASE membership`,
    )
  } catch (error) {
    // Roles that are members of one another would be a circle.
    if (!(error instanceof StatementError) || error.sqlstate !== '0LP01') throw error
    await session.script('ROLLBACK TO membership')
  }
}
