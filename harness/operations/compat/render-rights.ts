import { quoteLiteral, type RelationName } from '../../postgres/index.ts'
import { qualified } from './names.ts'

/** Pairs of columns: one whose rights are copied, one that gets them. */
export type ColumnPairs = readonly (readonly [from: string, to: string])[]

/** Who was granted something, in SQL over `aclexplode`. */
export const grantee = `CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END`
const option = `CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END`

/**
 * Who could do what on the table can do it on the view, and nobody else: read from the database that is migrated, which may have more
 * grants than the files.
 */
export function renderViewRights(table: RelationName, view: RelationName, columns: ColumnPairs): string {
  const [from, to] = [regclass(table), regclass(view)]
  const name = literalOf(view)
  return `-- Who could do what on the table can do it on the view, and nobody else: default privileges may have granted more to a new relation.
DO $rights$
DECLARE
    statement text;
BEGIN
    -- First, so that the grants below are the owner's.
    SELECT format('ALTER VIEW %s OWNER TO %I', ${name}, pg_get_userbyid(relowner)) INTO statement FROM pg_class WHERE oid = ${from};
    EXECUTE statement;
    FOR statement IN
        ${revokedFrom(to, name)}
        UNION ALL
        ${tableGrants(table, view, undefined)}
        UNION ALL
        ${columnGrants(from, name, columns)}
    LOOP
        EXECUTE statement;
    END LOOP;
END $rights$;`
}

/**
 * A table that takes over columns belongs to who owns the first one, and its rights come from there.
 *
 * @param given  SQL that gives one GRANT in each row.
 */
export function renderTableRights(from: RelationName, to: RelationName, given: readonly string[]): string {
  const [name, source] = [literalOf(to), regclass(from)]
  return `-- Rights as on ${qualified(from)}: default privileges may have granted more to a new table.
DO $rights$
DECLARE
    statement text;
BEGIN
    SELECT format('ALTER TABLE %s OWNER TO %I', ${name}, pg_get_userbyid(relowner)) INTO statement FROM pg_class WHERE oid = ${source};
    EXECUTE statement;
    FOR statement IN
        ${[revokedFrom(regclass(to), name), ...given].join('\n        UNION ALL\n        ')}
    LOOP
        EXECUTE statement;
    END LOOP;
END $rights$;`
}

function revokedFrom(relation: string, name: string): string {
  return `SELECT format('REVOKE ALL ON %s FROM %s', ${name}, grantee)
        FROM (
            SELECT DISTINCT ${grantee} AS grantee
            FROM pg_class, aclexplode(coalesce(relacl, acldefault('r', relowner))) WHERE pg_class.oid = ${relation}
        ) AS present`
}

/**
 * Rights on one table, as GRANTs on another.
 *
 * @param only  A condition over `privilege_type`.
 * @param as  The privilege that is granted; that which was found where it is undefined.
 */
export function tableGrants(from: RelationName, to: RelationName, only: string | undefined, as?: string): string {
  const privilege = as === undefined ? 'privilege_type' : `'${as}'`
  return `SELECT format('GRANT %s ON %s TO %s%s', ${privilege}, ${literalOf(to)}, ${grantee}, ${option})
        FROM pg_class, aclexplode(coalesce(relacl, acldefault('r', relowner))) WHERE pg_class.oid = ${regclass(from)}${only === undefined ? '' : ` AND ${only}`}`
}

/** Who may read one column of a table may read another table. */
export function readGrants(from: RelationName, column: string, to: RelationName): string {
  return `SELECT format('GRANT SELECT ON %s TO %s%s', ${literalOf(to)}, ${grantee}, ${option})
        FROM pg_attribute, aclexplode(attacl)
        WHERE attrelid = ${regclass(from)} AND attname = ${quoteLiteral(column).trimStart()} AND privilege_type = 'SELECT'`
}

/** Rights on columns alone, from some columns to others. */
export function renderColumnRights(from: RelationName, to: RelationName, columns: ColumnPairs): string {
  return `-- Rights on a column alone hold for what took its place.
DO $rights$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        ${columnGrants(regclass(from), literalOf(to), columns)}
    LOOP
        EXECUTE statement;
    END LOOP;
END $rights$;`
}

export function columnGrants(from: string, name: string, columns: ColumnPairs): string {
  const pairs = columns.map(([old, now]) => `(${quoteLiteral(old).trimStart()}, ${quoteLiteral(now).trimStart()})`)
  return `SELECT format('GRANT %s (%I) ON %s TO %s%s', privilege_type, place, ${name}, ${grantee}, ${option})
        FROM pg_attribute JOIN (VALUES ${pairs.join(', ')}) AS pairs (source, place) ON attname = source, aclexplode(attacl)
        WHERE attrelid = ${from} AND NOT attisdropped`
}

/** A name as a text literal. */
export function literalOf(name: RelationName): string {
  return quoteLiteral(qualified(name)).trimStart()
}

/** The relation that has a name when the statement runs. */
export function regclass(name: RelationName): string {
  return `${literalOf(name)}::regclass`
}
