import { readJson } from '../../catalog/index.ts'
import { pathOf, quoteLiteral, type Session } from '../../postgres/index.ts'
import {
  type AccessState,
  commands as accessCommands,
  type Extent,
  everybody,
  type Policy,
  type RelationAccess,
  type Rights,
} from './model.ts'

/** The first OID of the user's own objects (access/transam.h). */
const own = 16384

const userSchema = (alias: string) => `${alias}.nspname !~ '^pg_' AND ${alias}.nspname <> 'information_schema'`
const notOfExtension = (catalog: string, oid: string) =>
  `NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = '${catalog}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`

/**
 * Roles that grants, policies, owners and default privileges name, and whoever is a member of one; superusers may do everything anyway, and
 * the server's own roles are not a migration's matter.
 */
const rolesQuery = (also: readonly string[]) => `
  WITH RECURSIVE named (oid) AS (
      SELECT a.grantee FROM (
                  SELECT relacl AS acl FROM pg_class WHERE oid >= ${own} UNION ALL SELECT attacl FROM pg_attribute WHERE attrelid >= ${own}
        UNION ALL SELECT proacl FROM pg_proc WHERE oid >= ${own} UNION ALL SELECT nspacl FROM pg_namespace AS n WHERE ${userSchema('n')}
        UNION ALL SELECT typacl FROM pg_type WHERE oid >= ${own} UNION ALL SELECT defaclacl FROM pg_default_acl) AS lists, aclexplode(lists.acl) AS a
       UNION SELECT unnest(polroles) FROM pg_policy
       UNION SELECT relowner FROM pg_class WHERE oid >= ${own} AND relkind IN ('r', 'p', 'v', 'm', 'f')
       UNION SELECT proowner FROM pg_proc WHERE oid >= ${own} UNION SELECT defaclrole FROM pg_default_acl
       UNION SELECT nspowner FROM pg_namespace AS n WHERE ${userSchema('n')}
       UNION SELECT oid FROM pg_roles WHERE rolname = ANY (ARRAY[${also.map((each) => quoteLiteral(each)).join(', ')}]::text[])
       UNION SELECT m.member FROM pg_auth_members AS m JOIN named ON m.roleid = named.oid)
  SELECT r.rolname AS name FROM named JOIN pg_roles AS r ON r.oid = named.oid WHERE NOT r.rolsuper AND r.rolname !~ '^pg_' ORDER BY 1`

const policiesQuery = `
  SELECT p.polrelid::int8 AS relation, p.polname AS name, p.polcmd AS command, p.polpermissive AS permissive,
         ARRAY(SELECT CASE role WHEN 0 THEN '${everybody}' ELSE pg_get_userbyid(role) END FROM unnest(p.polroles) AS role)::text[] AS roles,
         pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS check
    FROM pg_policy AS p WHERE p.polrelid >= ${own}`

const readsQuery = `
  SELECT DISTINCT r.ev_class::int8 AS view, d.refobjid::int8 AS relation
    FROM pg_rewrite AS r JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
   WHERE r.ev_class >= ${own} AND r.rulename = '_RETURN' AND d.refobjid <> r.ev_class`

const invoker = `coalesce(array_to_string(c.reloptions, ' ') ~* '(^| )security_invoker=(true|on|1|yes)', false)`

/** Roles are texts in the queries: `public` among them is PUBLIC to the functions that ask. */
function rightsQueries(roles: readonly string[]): readonly string[] {
  const list = `(SELECT unnest(ARRAY[${[...roles, everybody].map((each) => quoteLiteral(each)).join(', ')}]::text[]) AS name)`
  const callers = (test: string) => `ARRAY(SELECT r.name FROM ${list} AS r WHERE ${test})`
  // Through such a view PostgreSQL asks whoever reads for every column that the view shows, whatever the statement asks of it.
  const asksTooMuch = `c.relkind = 'v' AND ${invoker} AND EXISTS (
    SELECT FROM pg_rewrite AS w JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
     WHERE w.ev_class = c.oid AND w.rulename = '_RETURN' AND d.refobjid <> c.oid AND NOT has_column_privilege(r.name, d.refobjid, d.refobjsubid::int2, 'SELECT'))`
  // Column by column only where the table as a whole is not granted.
  const extent = (command: string) =>
    command === 'SELECT' ? `CASE WHEN NOT (${asksTooMuch}) THEN ${granted(command)} END` : granted(command)
  const granted = (command: string) =>
    command === 'DELETE'
      ? `CASE WHEN has_table_privilege(r.name, c.oid, 'DELETE') THEN '["*"]'::json END`
      : `CASE WHEN has_table_privilege(r.name, c.oid, '${command}') THEN '["*"]'::json WHEN has_any_column_privilege(r.name, c.oid, '${command}') THEN (SELECT json_agg(a.attname) FROM pg_attribute AS a
               WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND has_column_privilege(r.name, c.oid, a.attnum, '${command}')) END`
  return [
    `SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind, pg_get_userbyid(c.relowner) AS owner,
            (SELECT o.rolsuper OR o.rolbypassrls FROM pg_roles AS o WHERE o.oid = c.relowner) AS "ownerBypasses", c.relrowsecurity AS "rowSecurity", c.relforcerowsecurity AS forced,
            ${invoker} AS "securityInvoker",
            (SELECT json_agg(json_build_array(r.name, ${accessCommands.map(extent).join(', ')})) FROM ${list} AS r) AS rights
       FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE c.oid >= ${own} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND c.relpersistence <> 't' AND ${userSchema('n')} AND ${notOfExtension('pg_class', 'c.oid')}`,
    `SELECT n.nspname AS schema, p.proname AS name, oidvectortypes(p.proargtypes) AS parameters, pg_get_userbyid(p.proowner) AS owner, p.prosecdef AS definer,
            coalesce(array_to_string(p.proconfig, E'\\n') ~* '(^|\\n)search_path=', false) AS "setsSearchPath", p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype) AS trigger,
            ${callers("has_function_privilege(r.name, p.oid, 'EXECUTE')")} AS callers
       FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
      WHERE p.oid >= ${own} AND p.prokind IN ('f', 'p') AND ${userSchema('n')} AND ${notOfExtension('pg_proc', 'p.oid')}`,
    `SELECT n.nspname AS schema, c.relname AS name, (SELECT o.nspname || '.' || k.relname || '.' || a.attname FROM pg_depend AS d JOIN pg_class AS k ON k.oid = d.refobjid JOIN pg_namespace AS o ON o.oid = k.relnamespace
              JOIN pg_attribute AS a ON a.attrelid = k.oid AND a.attnum = d.refobjsubid
             WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') LIMIT 1) AS "ownedBy",
            ${callers("has_sequence_privilege(r.name, c.oid, 'USAGE')")} AS users
       FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid >= ${own} AND c.relkind = 'S' AND ${userSchema('n')}`,
    `SELECT n.nspname AS name, ${callers("has_schema_privilege(r.name, n.oid, 'USAGE')")} AS users, ${callers("has_schema_privilege(r.name, n.oid, 'CREATE')")} AS creators
       FROM pg_namespace AS n WHERE ${userSchema('n')}`,
  ]
}

interface RelationRow {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: string
  readonly owner: string
  readonly ownerBypasses: boolean
  readonly rowSecurity: boolean
  readonly forced: boolean
  readonly securityInvoker: boolean
  readonly rights: readonly (readonly [string, ...(readonly string[] | null)[]])[]
}

/** Most roles that are asked about; the rest is said. */
export const mostRoles = 24

/**
 * Ask the server who may do what: two round trips, whatever the number of relations.
 *
 * @param also  Roles to ask about though nothing may name them any more, as far as they are still there.
 */
export async function readAccess(session: Session, also: readonly string[] = []): Promise<AccessState> {
  const [named = [], policies = [], reads = []] = (await readJson(session, [rolesQuery(also), policiesQuery, readsQuery])) as unknown as [
    { name: string }[],
    (Policy & { relation: number })[],
    { view: number; relation: number }[],
  ]
  const roles = named.map((each) => each.name).slice(0, mostRoles)
  const [relations = [], routines = [], sequences = [], schemas = []] = (await readJson(session, rightsQueries(roles))) as unknown as [
    RelationRow[],
    {
      schema: string
      name: string
      parameters: string
      owner: string
      definer: boolean
      setsSearchPath: boolean
      trigger: boolean
      callers: string[]
    }[],
    { schema: string; name: string; ownedBy: string | null; users: string[] }[],
    { name: string; users: string[]; creators: string[] }[],
  ]
  const paths = new Map(relations.map((row) => [row.oid, pathOf(row)]))
  return {
    roles,
    relations: new Map(
      relations.map((row): [string, RelationAccess] => [
        pathOf(row),
        {
          path: pathOf(row),
          kind: row.kind === 'v' ? 'view' : row.kind === 'r' || row.kind === 'p' ? 'table' : 'other',
          owner: row.owner,
          ownerBypasses: row.ownerBypasses,
          rowSecurity: row.rowSecurity,
          forced: row.forced,
          securityInvoker: row.securityInvoker,
          policies: policies.filter((each) => each.relation === row.oid),
          rights: rightsOf(row.rights),
          reads: reads.filter((each) => each.view === row.oid).flatMap((each) => paths.get(each.relation) ?? []),
        },
      ]),
    ),
    routines: new Map(routines.map((row) => [`${pathOf(row)}(${row.parameters})`, { ...row, path: `${pathOf(row)}(${row.parameters})` }])),
    sequences: new Map(sequences.map((row) => [pathOf(row), row])),
    schemas: new Map(schemas.map((row) => [row.name, row])),
  }
}

function rightsOf(rows: RelationRow['rights']): Rights {
  return Object.fromEntries(
    rows.flatMap(([role, ...extents]) => {
      const given = accessCommands.flatMap((command, at): readonly (readonly [string, Extent])[] => {
        const extent = extents[at]
        return extent === null || extent === undefined ? [] : [[command, extent[0] === '*' ? 'all' : extent]]
      })
      return given.length === 0 ? [] : [[role, Object.fromEntries(given)]]
    }),
  )
}
