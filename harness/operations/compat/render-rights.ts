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
        SELECT format('REVOKE ALL ON %s FROM %s', ${name}, grantee)
        FROM (
            SELECT DISTINCT ${grantee} AS grantee
            FROM pg_class, aclexplode(coalesce(relacl, acldefault('r', relowner))) WHERE pg_class.oid = ${to}
        ) AS present
        UNION ALL
        SELECT format('GRANT %s ON %s TO %s%s', privilege_type, ${name}, ${grantee}, ${option})
        FROM pg_class, aclexplode(coalesce(relacl, acldefault('r', relowner))) WHERE pg_class.oid = ${from}
        UNION ALL
        ${columnGrants(from, name, columns)}
    LOOP
        EXECUTE statement;
    END LOOP;
END $rights$;`
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

function columnGrants(from: string, name: string, columns: ColumnPairs): string {
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
