import type { Relation } from '../../catalog/index.ts'
import { InputError } from '../../errors.ts'
import { pathOf, quoteName, type Session } from '../../postgres/index.ts'

/** What rights on a table ask of the view in its place. */
export interface TableRights {
  /** Whether some role may read single columns: under `security_invoker` a view asks for all that it shows. */
  readonly readsColumns: boolean
  /** Whether some role has any right on single columns. */
  readonly onColumns: boolean
  /** Whether some role may UPDATE or DELETE and not read. */
  readonly writesBlindly: boolean
  /** Whether a role may insert rows that it may not see. */
  readonly insertsUnseen: boolean
}

/** @param session  On a database that has the table. */
export async function readRights(session: Session, relation: Relation): Promise<TableRights> {
  const [found] = await session.query<TableRights>(
    `WITH columns AS (SELECT (aclexplode(attacl)).* FROM pg_attribute WHERE attrelid = $1::regclass AND NOT attisdropped),
      rights AS (SELECT (aclexplode(coalesce(relacl, acldefault('r', relowner)))).* FROM pg_class WHERE oid = $1::regclass)
    SELECT
      EXISTS (SELECT FROM columns WHERE privilege_type = 'SELECT') AS "readsColumns",
      EXISTS (SELECT FROM columns) AS "onColumns",
      EXISTS (
        SELECT FROM rights AS w WHERE w.privilege_type IN ('UPDATE', 'DELETE')
        AND NOT EXISTS (SELECT FROM rights AS s WHERE s.grantee IN (w.grantee, 0) AND s.privilege_type = 'SELECT')
      ) AS "writesBlindly",
      (SELECT relrowsecurity FROM pg_class WHERE oid = $1::regclass)
        AND (SELECT array_agg(DISTINCT p ORDER BY p) FROM (SELECT (polpermissive, polroles::text, pg_get_expr(polqual, polrelid))::text AS p FROM pg_policy WHERE polrelid = $1::regclass AND polcmd IN ('*', 'r')) AS s)
        IS DISTINCT FROM (SELECT array_agg(DISTINCT p ORDER BY p) FROM (SELECT (polpermissive, polroles::text, coalesce(pg_get_expr(polwithcheck, polrelid), pg_get_expr(polqual, polrelid)))::text AS p FROM pg_policy WHERE polrelid = $1::regclass AND polcmd IN ('*', 'a')) AS i)
        AS "insertsUnseen"`,
    [quoteName(relation)],
  )
  if (found === undefined) throw new Error(`no rights of ${pathOf(relation)}`)
  return found
}

/**
 * With whose rights the view reads and writes the table: those of whoever asks, unless only its owner's keep what roles may do.
 *
 * @param triggers  Whether the view is written through triggers.
 * @throws {InputError} Where neither does.
 */
export function rightsMode(relation: Relation, rights: TableRights, triggers: boolean): 'invoker' | 'owner' {
  const path = pathOf(relation)
  const secured = relation.rowSecurity.enabled
  if (triggers && rights.insertsUnseen)
    throw new InputError(
      `${path}: its policies let roles insert rows that they may not see, and a trigger cannot tell whether a client says RETURNING`,
      {
        hint: 'Rename the table and its columns only, or give INSERT and SELECT the same policies first.',
      },
    )
  if (!rights.readsColumns && !(triggers && (rights.onColumns || rights.writesBlindly))) return 'invoker'
  if (secured)
    throw new InputError(
      `${path} has row security and ${rights.onColumns ? 'rights on single columns' : 'roles that write and may not read'}: no view keeps both`,
      {
        hint: 'Grant these roles the whole table first, and take columns away by a view of your own.',
      },
    )
  if (triggers && relation.triggers.length > 0)
    throw new InputError(
      `${path} has triggers and ${rights.onColumns ? 'rights on single columns' : 'roles that write and may not read'}: they would run as another role`,
      {
        hint: 'Rename the table and its columns only, or grant these roles the whole table first.',
      },
    )
  return 'owner'
}
