import { StatementError } from './error.ts'
import { quoteIdentifier } from './name.ts'
import type { Session } from './session.ts'

/** The comment on every role that the harness makes for a migration's sake: by it the last run on a cluster that is not ours knows what to drop. */
export const madeRoleComment = 'made by godwit'

/** In use by another run (2BP01, 55006), gone already (42704), or not ours to drop (42501). */
const stays = new Set(['2BP01', '55006', '42704', '42501', 'XX000'])

/** Drop the roles that the harness made, but for those that a database of another run still gives rights to. */
export async function dropMadeRoles(session: Session): Promise<void> {
  const roles = await session.query<{ name: string }>(
    `SELECT rolname AS name FROM pg_catalog.pg_roles WHERE pg_catalog.shobj_description(oid, 'pg_authid') = $1`,
    [madeRoleComment],
  )
  for (const { name } of roles) {
    try {
      await session.query(`DROP ROLE IF EXISTS ${quoteIdentifier(name)}`)
    } catch (error) {
      if (!(error instanceof StatementError) || !stays.has(error.sqlstate)) throw error
    }
  }
}
