import { firstUserOid, sinceVersion } from '../catalog-queries.ts'
import { identity, type ObjectQuery, rights, spelled, userMade } from './query.ts'

const kinds = spelled('c.relkind', { r: 'table', p: 'partitioned-table', v: 'view', m: 'materialized-view', f: 'foreign-table' })
const persistence = spelled('c.relpersistence', { p: 'permanent', u: 'unlogged', t: 'temporary' })
const tablespace = '(SELECT spcname FROM pg_tablespace AS s WHERE s.oid = c.reltablespace) AS tablespace'
const parents = `(SELECT json_agg(json_build_array((SELECT n.nspname FROM pg_namespace AS n WHERE n.oid = p.relnamespace), p.relname) ORDER BY h.inhseqno) FROM pg_inherits AS h JOIN pg_class AS p ON p.oid = h.inhparent WHERE h.inhrelid = c.oid) AS parents`
const enabled = (column: string) => spelled(column, { O: 'origin', D: 'disabled', R: 'replica', A: 'always' })

/** Relations: the rows that every other query of a part refers to by `relation`. */
export const relations: ObjectQuery = `
  SELECT ${kinds} AS kind, ${identity('pg_class', 'c')}, c.relnamespace::int8 AS schema, c.relname AS name, ${rights('c', 'rel', 'r')}, ${persistence} AS persistence,
         (SELECT amname FROM pg_am AS m WHERE m.oid = c.relam) AS "accessMethod", ${tablespace}, c.reloptions AS options,
         (SELECT t.reloptions FROM pg_class AS t WHERE t.oid = c.reltoastrelid) AS "toastOptions",
         CASE c.relreplident WHEN 'd' THEN 'default' WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full'
              ELSE 'index ' || (SELECT x.relname FROM pg_index AS i JOIN pg_class AS x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indisreplident) END AS "replicaIdentity",
         c.relrowsecurity AS "rowSecurity", c.relforcerowsecurity AS "forcedRowSecurity",
         pg_get_expr(c.relpartbound, c.oid) AS "partitionBound", CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS "partitionKey",
         ${parents},
         CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS "ofType",
         CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS definition, CASE WHEN c.relkind = 'm' THEN c.relispopulated END AS populated,
         (SELECT s.srvname FROM pg_foreign_table AS f JOIN pg_foreign_server AS s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid) AS server,
         (SELECT f.ftoptions FROM pg_foreign_table AS f WHERE f.ftrelid = c.oid) AS "foreignOptions"
    FROM pg_class AS c WHERE ${userMade('c')} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`

const attributes: ObjectQuery = `
  SELECT CASE c.relkind WHEN 'c' THEN 'type-attribute' ELSE 'attribute' END AS kind, 'pg_class'::regclass::oid::int8 AS class, a.attrelid::int8 AS oid, a.attnum AS sub,
         a.attrelid::int8 AS relation, a.attname AS name, a.attname AS attribute, a.attacl::text[] AS acl, pg_get_userbyid(c.relowner) AS "aclOwner",
         format_type(a.atttypid, a.atttypmod) AS type, (SELECT nullif(a.attcollation, t.typcollation) FROM pg_type AS t WHERE t.oid = a.atttypid)::regcollation::text AS collation,
         a.attnotnull AS "notNull", CASE WHEN a.atthasdef THEN (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef AS d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) END AS default,
         ${spelled(`nullif(a.attidentity, '')`, { a: 'always', d: 'by default' })} AS identity, ${spelled(`nullif(a.attgenerated, '')`, { s: 'stored', v: 'virtual' })} AS generated,
         CASE WHEN c.relkind IN ('r', 'p', 'm', 'f') THEN ${spelled('a.attstorage', { p: 'plain', e: 'external', m: 'main', x: 'extended' })} END AS storage,
         ${spelled(`nullif(a.attcompression, '')`, { p: 'pglz', l: 'lz4' })} AS compression, nullif(a.attstattarget, -1)::text AS statistics,
         a.attoptions AS options, a.attfdwoptions AS "foreignOptions", CASE WHEN a.attinhcount > 0 THEN CASE WHEN a.attislocal THEN 'local and ' ELSE '' END || 'inherited' END AS inheritance,
         a.attnum AS position
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
   WHERE a.attrelid >= ${firstUserOid} AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')`

// What follows the constraint itself in its definition: each is a property of its own.
const suffix = `( DEFERRABLE)?( INITIALLY DEFERRED)?( NOT VALID| NOT ENFORCED)*$`

const constraints: ObjectQuery = `
  SELECT 'constraint' AS kind, ${identity('pg_constraint', 'k')}, k.conrelid::int8 AS relation, k.conname AS name,
         CASE WHEN cardinality(k.conkey) = 1 THEN (SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = k.conrelid AND a.attnum = k.conkey[1]) END AS attribute,
         ${spelled('k.contype', { c: 'check', f: 'foreign key', n: 'not null', p: 'primary key', u: 'unique', x: 'exclusion' })} AS type,
         CASE WHEN k.contype <> 'c' THEN regexp_replace(pg_get_constraintdef(k.oid), '${suffix}', '') END AS definition,
         CASE WHEN k.contype = 'c' THEN pg_get_expr(k.conbin, k.conrelid) END AS expression,
         k.connoinherit AND k.contype IN ('c', 'n') AS "noInherit", CASE WHEN since.conenforced THEN k.convalidated END AS validated, since.conenforced AS enforced,
         CASE WHEN k.condeferred THEN 'initially deferred' WHEN k.condeferrable THEN 'deferrable' ELSE 'no' END AS deferrable,
         CASE WHEN k.coninhcount > 0 THEN CASE WHEN k.conislocal THEN 'local and ' ELSE '' END || 'inherited' END AS inheritance
    FROM pg_constraint AS k ${sinceVersion('k', { conenforced: 'true' })}
   WHERE k.conrelid >= ${firstUserOid} AND k.contype IN ('c', 'f', 'n', 'p', 'u', 'x')
     AND NOT (k.contype = 'f' AND k.conparentid <> 0 AND EXISTS (SELECT FROM pg_constraint AS o WHERE o.oid = k.conparentid AND o.conrelid = k.conrelid))`

const indexes: ObjectQuery = `
  SELECT 'index' AS kind, ${identity('pg_class', 'c')}, i.indrelid::int8 AS relation, c.relname AS name, quote_ident(c.relname) AS quoted,
         CASE WHEN i.indnatts = 1 THEN (SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND a.attnum > 0) END AS attribute,
         pg_get_indexdef(i.indexrelid) AS definition, pg_get_expr(i.indpred, i.indrelid) AS predicate, i.indisvalid AS valid, i.indisready AS ready, i.indisclustered AS clustered,
         ${tablespace}, (SELECT k.conname FROM pg_constraint AS k WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x') LIMIT 1) AS "constraint",
         (SELECT string_agg(a.attnum || ': ' || a.attstattarget, ', ' ORDER BY a.attnum) FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attstattarget >= 0) AS statistics,
         ${parents}
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid WHERE i.indrelid >= ${firstUserOid}`

const sequences: ObjectQuery = `
  SELECT 'sequence' AS kind, ${identity('pg_class', 'c')}, c.relnamespace::int8 AS schema, c.relname AS name, ${rights('c', 'rel', 's')}, ${persistence} AS persistence,
         format_type(s.seqtypid, NULL) AS type, s.seqstart::text AS start, s.seqincrement::text AS increment, s.seqmin::text AS minimum, s.seqmax::text AS maximum, s.seqcache::text AS cache, s.seqcycle AS cycle,
         (SELECT json_build_array(d.refobjid::int8, d.refobjsubid) FROM pg_depend AS d
           WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i') LIMIT 1) AS owned
    FROM pg_sequence AS s JOIN pg_class AS c ON c.oid = s.seqrelid`

const rules: ObjectQuery = `
  SELECT 'rule' AS kind, ${identity('pg_rewrite', 'r')}, r.ev_class::int8 AS relation, r.rulename AS name, pg_get_ruledef(r.oid) AS definition, ${enabled('r.ev_enabled')} AS enabled
    FROM pg_rewrite AS r WHERE ${userMade('r')} AND r.rulename <> '_RETURN'`

const triggers: ObjectQuery = `
  SELECT 'trigger' AS kind, ${identity('pg_trigger', 'g')}, g.tgrelid::int8 AS relation, g.tgname AS name, pg_get_triggerdef(g.oid) AS definition, ${enabled('g.tgenabled')} AS enabled
    FROM pg_trigger AS g WHERE g.tgrelid >= ${firstUserOid} AND NOT g.tgisinternal`

const policies: ObjectQuery = `
  SELECT 'policy' AS kind, ${identity('pg_policy', 'p')}, p.polrelid::int8 AS relation, p.polname AS name, ${spelled('p.polcmd', { '*': 'all', r: 'select', a: 'insert', w: 'update', d: 'delete' })} AS command,
         p.polpermissive AS permissive, ARRAY(SELECT CASE role WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(role) END FROM unnest(p.polroles) AS role)::text[] AS roles,
         pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS check
    FROM pg_policy AS p`

const statistics: ObjectQuery = `
  SELECT 'statistics' AS kind, ${identity('pg_statistic_ext', 's')}, s.stxnamespace::int8 AS schema, s.stxname AS name, pg_get_userbyid(s.stxowner) AS owner,
         json_build_array(s.stxrelid::int8, 0) AS owned, pg_get_statisticsobjdef(s.oid) AS definition, nullif(s.stxstattarget, -1)::text AS target
    FROM pg_statistic_ext AS s`

/** What belongs to relations. */
export const relationParts: readonly ObjectQuery[] = [attributes, constraints, indexes, sequences, rules, triggers, policies, statistics]
