/**
 * The first OID that the server gives to an object made after initdb (`FirstNormalObjectId`, access/transam.h): the user's objects are
 * found through the index on the OID, without a walk over the thousands of built-in ones.
 */
export const firstUserOid = 16384

/**
 * Columns that only newer servers have, as `fallback` on older ones: the name resolves to the row's own column where there is one,
 * and else to the fallback of the outer query level.
 */
export const sinceVersion = (alias: string, columns: Readonly<Record<string, string>>): string => {
  const names = Object.keys(columns)
  const fallbacks = names.map((name) => `${columns[name]} AS ${name}`).join(', ')
  return `CROSS JOIN (SELECT ${fallbacks}) AS older CROSS JOIN LATERAL (SELECT ${names.join(', ')} FROM (SELECT ${alias}.*) AS own) AS since`
}

const readable = `c.relkind IN ('r', 'p', 'v', 'm', 'f')`

/**
 * The queries of `readCatalog`. Each reads one catalog, or two, and names by OID what it refers to: planning a join to
 * `pg_namespace` in every one of them costs more than to look the names up here.
 */
export const catalogQueries = {
  version: `SELECT current_setting('server_version') AS text, current_setting('server_version_num')::int / 10000 AS major`,

  schemas: `SELECT oid::int8, nspname AS name, nspname !~ '^pg_' AND nspname <> 'information_schema' AS "user" FROM pg_namespace`,

  members: `
    SELECT classid::int8 AS class, objid::int8 AS oid FROM pg_depend
     WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e' AND classid IN ('pg_class'::regclass, 'pg_namespace'::regclass) AND objid >= ${firstUserOid}`,

  extensions: `SELECT extname AS name, extversion AS version FROM pg_extension`,

  comments: `SELECT objoid::int8 AS oid, objsubid AS number, description AS text FROM pg_description WHERE objoid >= ${firstUserOid} AND classoid = 'pg_class'::regclass`,

  relations: `
    SELECT c.oid::int8 AS oid, c.relfilenode::int8 AS "fileNode", c.relnamespace::int8 AS schema, c.relname AS name, c.relkind AS kind, c.relpersistence AS persistence,
           c.relispartition AS partition, pg_get_expr(c.relpartbound, c.oid) AS bound, CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS "partitionKey",
           c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced, CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS definition, c.relispopulated AS populated,
           CASE WHEN c.relhasrules THEN (SELECT json_agg(pg_get_ruledef(r.oid) || ' ' || r.ev_enabled::text ORDER BY r.rulename) FROM pg_rewrite AS r WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN') END AS rules
      FROM pg_class AS c WHERE c.oid >= ${firstUserOid} AND ${readable}`,

  parents: `SELECT inhrelid::int8 AS relation, inhparent::int8 AS parent, inhseqno AS number FROM pg_inherits WHERE inhrelid >= ${firstUserOid}`,

  attributes: `
    SELECT a.attrelid::int8 AS relation, a.attname AS name, nullif(quote_ident(a.attname), a.attname) AS quoted, a.attnum AS number,
           format_type(a.atttypid, a.atttypmod) AS type, a.atttypid::int8 AS "typeOid", a.atttypmod AS modifier, a.attnotnull AS "notNull",
           CASE WHEN a.atthasdef THEN (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef AS d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) END AS default,
           a.attidentity AS identity, a.attgenerated AS generated, nullif(a.attcollation, 0)::int8 AS collation, a.attinhcount > 0 AS inherited
      FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
     WHERE a.attrelid >= ${firstUserOid} AND a.attnum > 0 AND NOT a.attisdropped AND ${readable}`,

  collations: `SELECT oid::int8, collnamespace::int8 AS schema, collname AS name FROM pg_collation WHERE oid IN (SELECT attcollation FROM pg_attribute WHERE attrelid >= ${firstUserOid})`,

  // A foreign key to a partitioned table has, beside itself, one hidden row for each referenced partition: these demand nothing of their own.
  constraints: `
    SELECT k.oid::int8 AS oid, k.conrelid::int8 AS relation, k.conname AS name, k.contype AS kind, pg_get_constraintdef(k.oid) AS definition, k.conkey AS attributes,
           CASE WHEN k.contype = 'c' THEN pg_get_expr(k.conbin, k.conrelid) END AS expression,
           k.confrelid::int8 AS target, k.confkey AS "targetAttributes", k.confrelid::regclass::text AS "targetText", k.confdeltype AS "onDelete", k.confmatchtype = 'f' AS "matchFull",
           k.condeferrable AS deferrable, k.condeferred AS deferred, k.convalidated AS validated, since.conenforced AS enforced,
           k.coninhcount > 0 OR k.conparentid <> 0 AS inherited, k.conparentid::int8 AS parent
      FROM pg_constraint AS k ${sinceVersion('k', { conenforced: 'true' })}
     WHERE k.conrelid >= ${firstUserOid} AND k.contype IN ('c', 'f', 'n', 'p', 'u', 'x')`,

  // 99 is pg_toast (catalog/pg_namespace.dat).
  indexes: `
    SELECT i.indrelid::int8 AS relation, x.relname AS name, i.indisunique AS unique, i.indisprimary AS primary, i.indnullsnotdistinct AS "nullsNotDistinct",
           i.indisvalid AS valid, i.indisexclusion AS exclusion, pg_get_expr(i.indpred, i.indrelid) AS predicate, pg_get_indexdef(i.indexrelid) AS definition,
           (i.indkey::int2[])[0:i.indnkeyatts - 1] AS attributes,
           CASE WHEN i.indexprs IS NOT NULL THEN (SELECT json_agg(pg_get_indexdef(i.indexrelid, g, false) ORDER BY g) FROM generate_series(1, i.indnkeyatts) AS g) END AS expressions
      FROM pg_index AS i JOIN pg_class AS x ON x.oid = i.indexrelid
     WHERE i.indrelid >= ${firstUserOid} AND x.relnamespace <> 99`,

  triggers: `
    SELECT tgrelid::int8 AS relation, tgname AS name, pg_get_triggerdef(oid) AS definition, tgenabled AS enabled
      FROM pg_trigger WHERE tgrelid >= ${firstUserOid} AND NOT tgisinternal`,

  // The recursion meets a type only once; what is neither container nor user-made ends it.
  types: `
    WITH RECURSIVE used (oid) AS (
        SELECT a.atttypid FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
         WHERE a.attrelid >= ${firstUserOid} AND a.attnum > 0 AND NOT a.attisdropped AND (${readable} OR c.relkind = 'c')
      UNION
        SELECT part.oid FROM used JOIN pg_type AS t ON t.oid = used.oid CROSS JOIN LATERAL (
                    SELECT t.typelem WHERE t.typelem <> 0 AND t.typsubscript = 'array_subscript_handler'::regproc
          UNION ALL SELECT t.typbasetype WHERE t.typtype = 'd'
          UNION ALL SELECT r.rngsubtype FROM pg_range AS r WHERE t.typtype IN ('r', 'm') AND t.oid IN (r.rngtypid, r.rngmultitypid)
          UNION ALL SELECT a.atttypid FROM pg_attribute AS a WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
        ) AS part (oid))
    SELECT t.oid::int8 AS oid, t.typnamespace::int8 AS schema, t.typname AS name, t.typtype AS kind, t.typcategory AS category, t.typcollation::int8 AS collation,
           t.typsubscript = 'array_subscript_handler'::regproc AND t.typelem <> 0 AS array,
           CASE WHEN t.typtype = 'd' THEN t.typbasetype WHEN t.typtype IN ('r', 'm') THEN (SELECT r.rngsubtype FROM pg_range AS r WHERE t.oid IN (r.rngtypid, r.rngmultitypid))
                ELSE t.typelem END::int8 AS part,
           t.typrelid::int8 AS relation, t.typtypmod AS modifier, t.typnotnull AS "notNull",
           CASE WHEN t.typtype = 'd' THEN coalesce(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault)) END AS default
      FROM used JOIN pg_type AS t ON t.oid = used.oid`,

  typeAttributes: `
    SELECT a.attrelid::int8 AS relation, a.attname AS name, a.attnum AS number, a.atttypid::int8 AS "typeOid", a.atttypmod AS modifier
      FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid WHERE a.attrelid >= ${firstUserOid} AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'c'`,

  labels: `SELECT enumtypid::int8 AS type, json_agg(enumlabel ORDER BY enumsortorder) AS labels FROM pg_enum WHERE enumtypid >= ${firstUserOid} GROUP BY enumtypid`,

  checks: `
    SELECT contypid::int8 AS type, conname AS name, pg_get_expr(conbin, 0) AS expression, convalidated AS validated
      FROM pg_constraint WHERE contypid >= ${firstUserOid} AND contype = 'c'`,

  textCasts: `SELECT castsource::int8 AS type FROM pg_cast WHERE casttarget = 'text'::regtype AND castfunc <> 0`,

  sequences: `
    SELECT c.relnamespace::int8 AS schema, c.relname AS name, c.oid::int8 AS oid, s.seqcache::text AS cache, s.seqmax::text AS greatest,
           (SELECT json_build_array(d.refobjid::int8, d.refobjsubid) FROM pg_depend AS d
             WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i') LIMIT 1) AS owner
      FROM pg_sequence AS s JOIN pg_class AS c ON c.oid = s.seqrelid`,
} as const
