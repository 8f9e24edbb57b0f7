import { quoteLiteral } from '../../postgres/index.ts'

/** What a finding about the catalog is about, as far as it decides what to select. */
export interface CatalogSubject {
  readonly relation?: string | null | undefined
  readonly attribute?: string | null | undefined
  /** Kind and path, as in `index public.items (items_pkey)`; or a routine's path alone. */
  readonly object?: string | null | undefined
}

/**
 * SELECTs from pg_catalog that show an object to a reader with psql alone: its definition, owner, privileges and comment, or no row where
 * the object is not there. They run on any state of the database.
 */
export function catalogLooks({ object, relation, attribute }: CatalogSubject): readonly string[] {
  const [, kind = '', path = ''] = /^([a-z-]+) (.*)$/s.exec(object ?? '') ?? []
  const select = looks[kind]
  if (select !== undefined) return select(path, relation ?? undefined)
  if (object != null && /\)$/.test(object)) return routine(object)
  return relation == null
    ? []
    : attribute == null
      ? relationWhole(relation, undefined)
      : [attributes(relation, attribute), constraints(relation)]
}

/** What a client compiled against a relation depends on: its columns, constraints and labels of enums; and which kind of relation it is. */
export function interfaceLooks({ relation, attribute, object }: CatalogSubject): readonly string[] {
  if (relation == null) return object == null ? [] : routine(object)
  return [whole(relation), attributes(relation, attribute ?? undefined), constraints(relation), labels(relation, attribute ?? undefined)]
}

/** Who may do what with a relation: owner, grants, row security, policies. */
export function rightsLooks(relation: string): readonly string[] {
  return [
    `SELECT c.oid::pg_catalog.regclass AS relation, pg_catalog.pg_get_userbyid(c.relowner) AS owner, c.relacl AS privileges, c.relrowsecurity AS row_security, c.relforcerowsecurity AS forced, c.reloptions AS options
  FROM pg_catalog.pg_class AS c ${inSchema('c.relnamespace')} WHERE ${is(relation, 'c.relname')}`,
    policies(relation),
  ]
}

type Look = (path: string, relation: string | undefined) => readonly string[]

const relationWhole: Look = (path) => [whole(path), attributes(path), constraints(path)]

const part =
  (select: (relation: string) => string): Look =>
  (path, relation) => [select(relation ?? path)]

/** By the kinds of `readObjects`. */
const looks: Readonly<Record<string, Look>> = {
  table: relationWhole,
  'partitioned-table': relationWhole,
  'foreign-table': relationWhole,
  view: relationWhole,
  'materialized-view': relationWhole,
  attribute: (path, relation) => {
    const parts = partsOf(path)
    return [attributes(relation ?? parts.slice(0, 2).map(quotedPart).join('.'), parts.at(-1))]
  },
  constraint: part(constraints),
  index: part(
    (
      relation,
    ) => `SELECT x.relname AS index, pg_catalog.pg_get_indexdef(i.indexrelid) AS definition, i.indisvalid AS valid, i.indisclustered AS clustered, pg_catalog.obj_description(x.oid, 'pg_class') AS comment
  FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid ${inSchema('c.relnamespace')}
 WHERE ${is(relation, 'c.relname')} ORDER BY 1`,
  ),
  trigger: part(
    (
      relation,
    ) => `SELECT g.tgname AS trigger, pg_catalog.pg_get_triggerdef(g.oid) AS definition, g.tgenabled AS enabled, pg_catalog.obj_description(g.oid, 'pg_trigger') AS comment
  FROM pg_catalog.pg_trigger AS g JOIN pg_catalog.pg_class AS c ON c.oid = g.tgrelid ${inSchema('c.relnamespace')} WHERE NOT g.tgisinternal AND ${is(relation, 'c.relname')} ORDER BY 1`,
  ),
  rule: part(
    (
      relation,
    ) => `SELECT r.rulename AS rule, pg_catalog.pg_get_ruledef(r.oid) AS definition, r.ev_enabled AS enabled, pg_catalog.obj_description(r.oid, 'pg_rewrite') AS comment
  FROM pg_catalog.pg_rewrite AS r JOIN pg_catalog.pg_class AS c ON c.oid = r.ev_class ${inSchema('c.relnamespace')} WHERE ${is(relation, 'c.relname')} ORDER BY 1`,
  ),
  policy: part(policies),
  statistics: (path) => [
    `SELECT s.stxname AS statistics, pg_catalog.pg_get_statisticsobjdef(s.oid) AS definition, pg_catalog.pg_get_userbyid(s.stxowner) AS owner, pg_catalog.obj_description(s.oid, 'pg_statistic_ext') AS comment
  FROM pg_catalog.pg_statistic_ext AS s ${inSchema('s.stxnamespace')} WHERE ${is(path, 's.stxname')}`,
  ],
  sequence: (path) => [
    `SELECT s.schemaname, s.sequencename, s.data_type, s.start_value, s.min_value, s.max_value, s.increment_by, s.cycle, s.cache_size, s.last_value
  FROM pg_catalog.pg_sequences AS s WHERE ${is(path, 's.sequencename', 's.schemaname')}`,
    `SELECT pg_catalog.pg_get_userbyid(c.relowner) AS owner, c.relacl AS privileges, d.refobjid::pg_catalog.regclass AS owned_by, d.refobjsubid AS column_number, pg_catalog.obj_description(c.oid, 'pg_class') AS comment
  FROM pg_catalog.pg_class AS c ${inSchema('c.relnamespace')}
  LEFT JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
 WHERE ${is(path, 'c.relname')}`,
  ],
  function: (path) => routine(path),
  procedure: (path) => routine(path),
  aggregate: (path) => routine(path),
  enum: (path) => [type(path), enumLabels(path)],
  domain: (path) => [type(path)],
  'domain-constraint': (path) => [type(path.slice(0, path.lastIndexOf(' (')))],
  composite: (path) => [type(path), attributes(path)],
  'type-attribute': (path) => [attributes(partsOf(path).slice(0, 2).map(quotedPart).join('.'))],
  range: (path) => [type(path)],
  'base-type': (path) => [type(path)],
  schema: (path) => [
    `SELECT n.nspname AS schema, pg_catalog.pg_get_userbyid(n.nspowner) AS owner, n.nspacl AS privileges, pg_catalog.obj_description(n.oid, 'pg_namespace') AS comment
  FROM pg_catalog.pg_namespace AS n WHERE n.nspname = ${quoteLiteral(path)}`,
  ],
  extension: (path) => [
    `SELECT e.extname AS extension, e.extversion AS version, e.extnamespace::pg_catalog.regnamespace AS schema, pg_catalog.obj_description(e.oid, 'pg_extension') AS comment
  FROM pg_catalog.pg_extension AS e WHERE e.extname = ${quoteLiteral(path)}`,
  ],
  'default-privileges': () => [
    'SELECT pg_catalog.pg_get_userbyid(d.defaclrole) AS owner, nullif(d.defaclnamespace, 0)::pg_catalog.regnamespace AS schema, d.defaclobjtype AS type, d.defaclacl AS privileges FROM pg_catalog.pg_default_acl AS d ORDER BY 1, 2, 3',
  ],
  database: () => [
    `SELECT pg_catalog.pg_get_userbyid(d.datdba) AS owner, d.datacl AS privileges, pg_catalog.shobj_description(d.oid, 'pg_database') AS comment FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()`,
  ],
  'database-setting': () => [
    'SELECT nullif(s.setrole, 0)::pg_catalog.regrole AS role, s.setconfig AS settings FROM pg_catalog.pg_db_role_setting AS s JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase WHERE d.datname = pg_catalog.current_database() ORDER BY 1',
  ],
  publication: (path) => [
    `SELECT p.pubname AS publication, p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, ARRAY(SELECT r.prrelid::pg_catalog.regclass FROM pg_catalog.pg_publication_rel AS r WHERE r.prpubid = p.oid ORDER BY 1) AS tables
  FROM pg_catalog.pg_publication AS p WHERE p.pubname = ${quoteLiteral(path)}`,
  ],
}

function whole(path: string): string {
  return `SELECT c.oid::pg_catalog.regclass AS relation, c.relkind AS kind, c.relpersistence AS persistence, pg_catalog.pg_get_userbyid(c.relowner) AS owner, c.relacl AS privileges, c.reloptions AS options,
       c.relrowsecurity AS row_security, c.relforcerowsecurity AS forced, c.relreplident AS replica_identity, pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS bound,
       CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS partition_key, CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END AS definition,
       pg_catalog.obj_description(c.oid, 'pg_class') AS comment
  FROM pg_catalog.pg_class AS c ${inSchema('c.relnamespace')} WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${is(path, 'c.relname')}`
}

function attributes(path: string, attribute?: string): string {
  return `SELECT a.attname AS column, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS not_null, pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS default, a.attidentity AS identity, a.attgenerated AS generated,
       nullif(a.attcollation, 0)::pg_catalog.regcollation AS collation, a.attstorage AS storage, a.attcompression AS compression, a.attstattarget AS statistics, a.attoptions AS options, a.attacl AS privileges,
       pg_catalog.col_description(a.attrelid, a.attnum) AS comment
  FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid ${inSchema('c.relnamespace')}
  LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attnum > 0 AND NOT a.attisdropped AND ${is(path, 'c.relname')}${attribute === undefined ? '' : ` AND a.attname = ${quoteLiteral(attribute)}`} ORDER BY a.attnum`
}

function constraints(path: string): string {
  return `SELECT k.conname AS constraint, pg_catalog.pg_get_constraintdef(k.oid) AS definition, pg_catalog.obj_description(k.oid, 'pg_constraint') AS comment
  FROM pg_catalog.pg_constraint AS k JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid ${inSchema('c.relnamespace')} WHERE ${is(path, 'c.relname')} ORDER BY 1`
}

function policies(path: string): string {
  return `SELECT p.polname AS policy, p.polcmd AS command, p.polpermissive AS permissive, ARRAY(SELECT CASE r WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(r) END FROM pg_catalog.unnest(p.polroles) AS r) AS roles,
       pg_catalog.pg_get_expr(p.polqual, p.polrelid) AS using, pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) AS check, pg_catalog.obj_description(p.oid, 'pg_policy') AS comment
  FROM pg_catalog.pg_policy AS p JOIN pg_catalog.pg_class AS c ON c.oid = p.polrelid ${inSchema('c.relnamespace')} WHERE ${is(path, 'c.relname')} ORDER BY 1`
}

function labels(path: string, attribute: string | undefined): string {
  return `SELECT a.attname AS column, l.enumlabel AS label
  FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid ${inSchema('c.relnamespace')} JOIN pg_catalog.pg_enum AS l ON l.enumtypid = a.atttypid
 WHERE ${is(path, 'c.relname')}${attribute === undefined ? '' : ` AND a.attname = ${quoteLiteral(attribute)}`} ORDER BY a.attnum, l.enumsortorder`
}

function type(path: string): string {
  return `SELECT t.typname AS type, t.typtype AS kind, pg_catalog.format_type(nullif(t.typbasetype, 0), t.typtypmod) AS base, t.typnotnull AS not_null, coalesce(pg_catalog.pg_get_expr(t.typdefaultbin, 0), t.typdefault) AS default,
       ARRAY(SELECT pg_catalog.pg_get_constraintdef(k.oid) FROM pg_catalog.pg_constraint AS k WHERE k.contypid = t.oid ORDER BY 1) AS constraints, pg_catalog.pg_get_userbyid(t.typowner) AS owner, t.typacl AS privileges,
       pg_catalog.obj_description(t.oid, 'pg_type') AS comment
  FROM pg_catalog.pg_type AS t ${inSchema('t.typnamespace')} WHERE ${is(path, 't.typname')}`
}

function enumLabels(path: string): string {
  return `SELECT l.enumlabel AS label FROM pg_catalog.pg_enum AS l JOIN pg_catalog.pg_type AS t ON t.oid = l.enumtypid ${inSchema('t.typnamespace')} WHERE ${is(path, 't.typname')} ORDER BY l.enumsortorder`
}

/** Overloads of one name too: of a function that went, another may have come. */
function routine(path: string): readonly string[] {
  const name = path.replace(/\(.*$/s, '')
  return [
    `SELECT p.proname || '(' || pg_catalog.oidvectortypes(p.proargtypes) || ')' AS routine, pg_catalog.pg_get_function_result(p.oid) AS returns, CASE WHEN p.prokind <> 'a' THEN pg_catalog.pg_get_functiondef(p.oid) END AS definition,
       pg_catalog.pg_get_userbyid(p.proowner) AS owner, p.proacl AS privileges, p.prosecdef AS security_definer, p.proconfig AS settings, pg_catalog.obj_description(p.oid, 'pg_proc') AS comment
  FROM pg_catalog.pg_proc AS p ${inSchema('p.pronamespace')} WHERE ${is(name, 'p.proname')} ORDER BY 1`,
  ]
}

function inSchema(column: string): string {
  return `JOIN pg_catalog.pg_namespace AS n ON n.oid = ${column}`
}

function is(path: string, name: string, schema = 'n.nspname'): string {
  const parts = partsOf(path)
  const last = parts.at(-1) ?? ''
  return parts.length < 2
    ? `${name} = ${quoteLiteral(last)}`
    : `${schema} = ${quoteLiteral(parts.at(-2) ?? '')} AND ${name} = ${quoteLiteral(last)}`
}

/** The parts of what `pathOf` put together; what stands behind them in parentheses is left away. */
function partsOf(path: string): readonly string[] {
  const plain = path.replace(/ \([^()]*\)$/, '')
  return [...plain.matchAll(/"((?:[^"]|"")*)"|([^."]+)/g)].map(([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? '')
}

function quotedPart(name: string): string {
  return /[."]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name
}
