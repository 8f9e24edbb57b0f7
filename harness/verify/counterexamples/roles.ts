import { madeRoleComment, mentionsName, quoteIdentifier, quoteLiteral, type Session } from '../../postgres/index.ts'

/**
 * Statements that make the roles which SQL texts name and which the harness made for them, where they are not there; with the settings that
 * come with every connection, as `ALTER DATABASE … SET` gives them.
 */
export async function rolesSqlOf(
  session: Session,
  texts: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const [result] = await session.script(
    `SELECT r.rolname, concat_ws(' ', CASE WHEN r.rolcanlogin THEN 'LOGIN' END, CASE WHEN NOT r.rolinherit THEN 'NOINHERIT' END, CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END)
       FROM pg_catalog.pg_roles AS r WHERE pg_catalog.shobj_description(r.oid, 'pg_authid') = ${quoteLiteral(madeRoleComment)} ORDER BY 1`,
  )
  const all = texts.join('\n')
  const named = (result?.rows ?? []).filter(([name]) => mentionsName(all, name ?? ''))
  const roles = named.map(
    ([name, attributes]) =>
      `DO $godwit$ BEGIN CREATE ROLE ${[quoteIdentifier(name ?? ''), ...(attributes ? [attributes] : [])].join(' ')}; EXCEPTION WHEN duplicate_object THEN NULL; END $godwit$`,
  )
  const set = Object.entries(settings).map(
    ([name, value]) =>
      `DO $godwit$ BEGIN EXECUTE format('ALTER DATABASE %I SET %s = %L', current_database(), ${quoteLiteral(name.split('.').map(quoteIdentifier).join('.'))}, ${quoteLiteral(value)}); END $godwit$`,
  )
  return [...roles, ...set]
}
