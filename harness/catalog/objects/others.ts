import { firstUserOid } from '../catalog-queries.ts'
import { identity, named, type ObjectQuery, rights, spelled, userMade } from './query.ts'

/** Options without what may be a secret: of those only the name. */
const withoutSecrets = (options: string) =>
  `ARRAY(SELECT CASE WHEN split_part(o, '=', 1) ~* 'pass|secret|key|token|credential' THEN split_part(o, '=', 1) ELSE o END FROM unnest(${options}) AS o)`

const schemas: ObjectQuery = `
  SELECT 'schema' AS kind, ${identity('pg_namespace', 'n')}, n.oid::int8 AS schema, ${rights('n', 'nsp', 'n')} FROM pg_namespace AS n`

const database: ObjectQuery = `
  SELECT 'database' AS kind, 'current' AS name, pg_get_userbyid(d.datdba) AS owner, coalesce(d.datacl, acldefault('d', d.datdba))::text[] AS acl, shobj_description(d.oid, 'pg_database') AS comment FROM pg_database AS d WHERE d.datname = current_database()`

const databaseSettings: ObjectQuery = `
  SELECT 'database-setting' AS kind, CASE s.setrole WHEN 0 THEN 'all roles' ELSE 'role ' || quote_ident(pg_get_userbyid(s.setrole)) END AS name, s.setconfig AS settings
    FROM pg_db_role_setting AS s JOIN pg_database AS d ON d.oid = s.setdatabase AND d.datname = current_database()`

const extensions: ObjectQuery = `
  SELECT 'extension' AS kind, 'pg_extension'::regclass::oid::int8 AS class, e.oid::int8 AS oid, e.extname AS name, e.extversion AS version, e.extnamespace::regnamespace::text AS "inSchema",
         pg_get_userbyid(e.extowner) AS owner
    FROM pg_extension AS e`

const defaultPrivileges: ObjectQuery = `
  SELECT 'default-privileges' AS kind, ${identity('pg_default_acl', 'd')}, 'for ' || quote_ident(pg_get_userbyid(d.defaclrole)) || coalesce(' in ' || nullif(d.defaclnamespace, 0)::regnamespace::text, '')
           || ' on ' || ${spelled('d.defaclobjtype', { r: 'tables', S: 'sequences', f: 'functions', T: 'types', n: 'schemas', L: 'large objects' })} AS name,
         pg_get_userbyid(d.defaclrole) AS "aclOwner", d.defaclacl::text[] AS acl
    FROM pg_default_acl AS d`

const collations: ObjectQuery = `
  SELECT 'collation' AS kind, ${identity('pg_collation', 'c')}, c.collnamespace::int8 AS schema, c.collname AS name, pg_get_userbyid(c.collowner) AS owner,
         (to_jsonb(c) - '{oid,collname,collnamespace,collowner,collversion}'::text[])::text AS definition
    FROM pg_collation AS c WHERE ${userMade('c')}`

const conversions: ObjectQuery = `
  SELECT 'conversion' AS kind, ${identity('pg_conversion', 'c')}, c.connamespace::int8 AS schema, c.conname AS name, pg_get_userbyid(c.conowner) AS owner, ${named('c.conproc')} AS function,
         pg_encoding_to_char(c.conforencoding) || ' TO ' || pg_encoding_to_char(c.contoencoding) AS definition, c.condefault AS default
    FROM pg_conversion AS c WHERE ${userMade('c')}`

const textSearchConfigurations: ObjectQuery = `
  SELECT 'text-search-configuration' AS kind, ${identity('pg_ts_config', 'c')}, c.cfgnamespace::int8 AS schema, c.cfgname AS name, pg_get_userbyid(c.cfgowner) AS owner,
         (SELECT p.prsname FROM pg_ts_parser AS p WHERE p.oid = c.cfgparser) AS parser,
         (SELECT string_agg(m.maptokentype || ' ' || m.mapseqno || ' ' || m.mapdict::regdictionary, ', ' ORDER BY m.maptokentype, m.mapseqno) FROM pg_ts_config_map AS m WHERE m.mapcfg = c.oid) AS mappings
    FROM pg_ts_config AS c WHERE ${userMade('c')}`

const textSearchDictionaries: ObjectQuery = `
  SELECT 'text-search-dictionary' AS kind, ${identity('pg_ts_dict', 'd')}, d.dictnamespace::int8 AS schema, d.dictname AS name, pg_get_userbyid(d.dictowner) AS owner,
         (SELECT t.tmplname FROM pg_ts_template AS t WHERE t.oid = d.dicttemplate) AS template, d.dictinitoption AS options
    FROM pg_ts_dict AS d WHERE ${userMade('d')}`

const textSearchParsers: ObjectQuery = `
  SELECT 'text-search-parser' AS kind, ${identity('pg_ts_parser', 'p')}, p.prsnamespace::int8 AS schema, p.prsname AS name, concat_ws(', ', p.prsstart, p.prstoken, p.prsend, p.prsheadline, p.prslextype) AS functions
    FROM pg_ts_parser AS p WHERE ${userMade('p')}`

const textSearchTemplates: ObjectQuery = `
  SELECT 'text-search-template' AS kind, ${identity('pg_ts_template', 't')}, t.tmplnamespace::int8 AS schema, t.tmplname AS name, concat_ws(', ', t.tmplinit, t.tmpllexize) AS functions
    FROM pg_ts_template AS t WHERE ${userMade('t')}`

const publications: ObjectQuery = `
  SELECT 'publication' AS kind, ${identity('pg_publication', 'p')}, p.pubname AS name, pg_get_userbyid(p.pubowner) AS owner, (to_jsonb(p) - '{oid,pubname,pubowner}'::text[])::text AS options,
         ARRAY(SELECT 'TABLE ' || r.prrelid::regclass || coalesce(' (' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute AS a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs)) || ')', '')
                 || coalesce(' WHERE ' || pg_get_expr(r.prqual, r.prrelid), '') FROM pg_publication_rel AS r WHERE r.prpubid = p.oid)
         || ARRAY(SELECT 'TABLES IN SCHEMA ' || s.pnnspid::regnamespace FROM pg_publication_namespace AS s WHERE s.pnpubid = p.oid) AS members
    FROM pg_publication AS p`

// The connection string is a secret, and only a superuser's to read.
const subscriptions: ObjectQuery = `
  SELECT 'subscription' AS kind, ${identity('pg_subscription', 's')}, s.subname AS name, pg_get_userbyid(s.subowner) AS owner, s.subenabled AS enabled, s.subbinary AS binary, s.substream AS streaming,
         s.subtwophasestate AS "twoPhase", s.subdisableonerr AS "disableOnError", s.subslotname AS slot, s.subsynccommit AS "synchronousCommit", s.subpublications AS publications
    FROM pg_subscription AS s JOIN pg_database AS d ON d.oid = s.subdbid AND d.datname = current_database()`

const wrappers: ObjectQuery = `
  SELECT 'foreign-data-wrapper' AS kind, ${identity('pg_foreign_data_wrapper', 'w')}, w.fdwname AS name, ${rights('w', 'fdw', 'F')}, ${named('w.fdwhandler')} AS handler, ${named('w.fdwvalidator')} AS validator,
         ${withoutSecrets('w.fdwoptions')} AS options
    FROM pg_foreign_data_wrapper AS w`

const servers: ObjectQuery = `
  SELECT 'server' AS kind, ${identity('pg_foreign_server', 's')}, s.srvname AS name, ${rights('s', 'srv', 'S')}, s.srvtype AS type, s.srvversion AS version,
         (SELECT w.fdwname FROM pg_foreign_data_wrapper AS w WHERE w.oid = s.srvfdw) AS wrapper, ${withoutSecrets('s.srvoptions')} AS options
    FROM pg_foreign_server AS s`

const userMappings: ObjectQuery = `
  SELECT 'user-mapping' AS kind, m.usename || ' SERVER ' || m.srvname AS name, ${withoutSecrets('m.umoptions')} AS options FROM pg_user_mappings AS m`

// 64 pieces of 1 MB are enough to tell objects apart; more would make a snapshot wait for them.
const largeObjects: ObjectQuery = `
  SELECT 'large-object' AS kind, 'pg_largeobject'::regclass::oid::int8 AS class, l.oid::int8 AS oid, l.oid::text AS name, ${rights('l', 'lom', 'L')},
         CASE WHEN current_setting('is_superuser') = 'on' THEN md5(lo_get(l.oid, 0, 67108864)) END AS content
    FROM pg_largeobject_metadata AS l`

const roles = (names: string): ObjectQuery => `
  SELECT 'role' AS kind, r.rolname AS name, r.rolsuper AS superuser, r.rolinherit AS inherit, r.rolcreaterole AS "createRole", r.rolcreatedb AS "createDatabase", r.rolcanlogin AS login,
         r.rolreplication AS replication, r.rolbypassrls AS "bypassRowSecurity", r.rolconnlimit::text AS "connectionLimit", r.rolvaliduntil::text AS "validUntil",
         (SELECT s.setconfig FROM pg_db_role_setting AS s WHERE s.setrole = r.oid AND s.setdatabase = 0) AS settings, shobj_description(r.oid, 'pg_authid') AS comment,
         ARRAY(SELECT pg_get_userbyid(m.roleid) || CASE WHEN m.admin_option THEN ' with admin' ELSE '' END FROM pg_auth_members AS m WHERE m.member = r.oid) AS "memberOf"
    FROM pg_roles AS r WHERE r.rolname IN (${names})`

/** What stands beside relations, types and routines; roles only where their names are given, as SQL literals. */
export const otherObjects = (roleNames: string): readonly ObjectQuery[] => [
  schemas,
  database,
  databaseSettings,
  extensions,
  defaultPrivileges,
  collations,
  conversions,
  textSearchConfigurations,
  textSearchDictionaries,
  textSearchParsers,
  textSearchTemplates,
  publications,
  subscriptions,
  wrappers,
  servers,
  userMappings,
  largeObjects,
  ...(roleNames === '' ? [] : [roles(roleNames)]),
]

/** What the objects' OIDs mean: read beside them. */
export const objectNames = {
  schemas: `SELECT oid::int8, nspname AS name, nspname !~ '^pg_' AND nspname <> 'information_schema' AS "user" FROM pg_namespace`,
  members: `SELECT classid::int8 AS class, objid::int8 AS oid FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'`,
  comments: `SELECT classoid::int8 AS class, objoid::int8 AS oid, objsubid AS sub, description AS text FROM pg_description WHERE objoid >= ${firstUserOid} OR classoid = 'pg_namespace'::regclass`,
  labels: `SELECT classoid::int8 AS class, objoid::int8 AS oid, objsubid AS sub, provider || ': ' || label AS text FROM pg_seclabel`,
} as const
