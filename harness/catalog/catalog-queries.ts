/** True for a schema of the user's: neither the system's nor of temporary or toast relations. */
export const userSchema = (alias: string): string => `${alias}.nspname !~ '^pg_' AND ${alias}.nspname <> 'information_schema'`

/** True for an object that no extension owns. */
export const notOfExtension = (catalog: string, alias: string): string =>
  `NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = '${catalog}'::regclass AND e.objid = ${alias}.oid AND e.deptype = 'e')`

/**
 * Columns that only newer servers have, as `fallback` on older ones: the name resolves to the row's own column where there is one,
 * and else to the fallback of the outer query level.
 */
export const sinceVersion = (alias: string, columns: Readonly<Record<string, string>>): string => {
  const names = Object.keys(columns)
  const fallbacks = names.map((name) => `${columns[name]} AS ${name}`).join(', ')
  return `CROSS JOIN (SELECT ${fallbacks}) AS older CROSS JOIN LATERAL (SELECT ${names.join(', ')} FROM (SELECT ${alias}.*) AS own) AS since`
}

/** The user's relations of these kinds, as `c` in the schema `n`. */
export const relationsOf = (kinds: string): string =>
  `pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace AND ${userSchema('n')} AND c.relkind IN (${kinds}) AND ${notOfExtension('pg_class', 'c')}`

const readable = relationsOf(`'r', 'p', 'v', 'm', 'f'`)

const attributeNames = (relation: string, numbers: string): string =>
  `(SELECT coalesce(json_agg(a.attname ORDER BY u.place), '[]') FROM unnest(${numbers}) WITH ORDINALITY AS u (number, place) JOIN pg_attribute AS a ON a.attrelid = ${relation} AND a.attnum = u.number)`

/** The queries of `readCatalog`, by what they read; rows come as the types beside the reader say. */
export const catalogQueries = {
  schemas: `SELECT n.nspname AS name FROM pg_namespace AS n WHERE ${userSchema('n')} AND ${notOfExtension('pg_namespace', 'n')} ORDER BY n.nspname COLLATE "C"`,

  version: `SELECT current_setting('server_version') AS text, current_setting('server_version_num')::int / 10000 AS major`,

  relations: `
    SELECT c.oid::int8 AS oid, c.relfilenode::int8 AS "fileNode", n.nspname AS schema, c.relname AS name, c.relkind AS kind, c.relpersistence AS persistence,
           c.relispartition AS partition, pg_get_expr(c.relpartbound, c.oid) AS bound,
           CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS "partitionKey",
           (SELECT coalesce(json_agg(json_build_array(pn.nspname, p.relname) ORDER BY i.inhseqno), '[]')
              FROM pg_inherits AS i JOIN pg_class AS p ON p.oid = i.inhparent JOIN pg_namespace AS pn ON pn.oid = p.relnamespace WHERE i.inhrelid = c.oid) AS parents,
           c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
           CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS definition,
           d.description AS comment
      FROM ${readable} LEFT JOIN pg_description AS d ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,

  attributes: `
    SELECT a.attrelid::int8 AS relation, a.attname AS name, a.attnum AS number, format_type(a.atttypid, a.atttypmod) AS type, tn.nspname AS "typeSchema", t.typname AS "typeName",
           a.atttypmod AS modifier, a.attnotnull AS "notNull", pg_get_expr(d.adbin, d.adrelid) AS default, a.attidentity AS identity, a.attgenerated AS generated,
           (SELECT quote_ident(ln.nspname) || '.' || quote_ident(l.collname) FROM pg_collation AS l JOIN pg_namespace AS ln ON ln.oid = l.collnamespace
             WHERE l.oid = a.attcollation AND a.attcollation <> t.typcollation) AS collation,
           a.attinhcount > 0 AS inherited, m.description AS comment
      FROM ${readable}
      JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      JOIN pg_type AS t ON t.oid = a.atttypid JOIN pg_namespace AS tn ON tn.oid = t.typnamespace
      LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      LEFT JOIN pg_description AS m ON m.objoid = c.oid AND m.classoid = 'pg_class'::regclass AND m.objsubid = a.attnum
     ORDER BY a.attrelid, a.attnum`,

  // A foreign key to a partitioned table has, beside itself, one hidden row for each referenced partition: these demand nothing of their own.
  constraints: `
    SELECT k.conrelid::int8 AS relation, k.conname AS name, k.contype AS kind, pg_get_constraintdef(k.oid) AS definition,
           ${attributeNames('k.conrelid', 'k.conkey')} AS attributes,
           CASE WHEN k.contype = 'c' THEN pg_get_expr(k.conbin, k.conrelid) END AS expression,
           rn.nspname AS "toSchema", r.relname AS "toName", CASE WHEN k.contype = 'f' THEN ${attributeNames('k.confrelid', 'k.confkey')} END AS "toAttributes",
           CASE WHEN k.contype = 'f' THEN k.confdeltype END AS "onDelete", k.confmatchtype = 'f' AS "matchFull", k.condeferrable AS deferrable, k.condeferred AS deferred,
           k.convalidated AS validated, since.conenforced AS enforced, k.coninhcount > 0 OR k.conparentid <> 0 AS inherited
      FROM ${readable}
      JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.contype IN ('c', 'f', 'n', 'p', 'u', 'x')
      ${sinceVersion('k', { conenforced: 'true' })}
      LEFT JOIN pg_class AS r ON r.oid = k.confrelid LEFT JOIN pg_namespace AS rn ON rn.oid = r.relnamespace
     WHERE NOT (k.contype = 'f' AND k.conparentid <> 0 AND EXISTS (SELECT FROM pg_constraint AS o WHERE o.oid = k.conparentid AND o.conrelid = k.conrelid))
     ORDER BY k.conrelid, k.conname COLLATE "C"`,

  indexes: `
    SELECT i.indrelid::int8 AS relation, x.relname AS name, i.indisunique AS unique, i.indisprimary AS primary, i.indnullsnotdistinct AS "nullsNotDistinct",
           i.indisvalid AS valid, i.indisexclusion AS exclusion, pg_get_expr(i.indpred, i.indrelid) AS predicate, pg_get_indexdef(i.indexrelid) AS definition,
           (SELECT coalesce(json_agg(json_build_array(a.attname, coalesce(quote_ident(a.attname), pg_get_indexdef(i.indexrelid, k.place::int, false))) ORDER BY k.place), '[]')
              FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
              LEFT JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number AND k.number <> 0 WHERE k.place <= i.indnkeyatts) AS keys
      FROM ${relationsOf(`'r', 'p', 'm'`)}
      JOIN pg_index AS i ON i.indrelid = c.oid JOIN pg_class AS x ON x.oid = i.indexrelid
     ORDER BY i.indrelid, x.relname COLLATE "C"`,

  triggers: `
    SELECT g.tgrelid::int8 AS relation, g.tgname AS name, pg_get_triggerdef(g.oid) AS definition, g.tgenabled AS enabled
      FROM ${readable} JOIN pg_trigger AS g ON g.tgrelid = c.oid AND NOT g.tgisinternal
     ORDER BY g.tgrelid, g.tgname COLLATE "C"`,

  types: `
    WITH RECURSIVE used (oid) AS (
        SELECT DISTINCT a.atttypid FROM ${readable} JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      UNION
        SELECT part.oid FROM used JOIN pg_type AS t ON t.oid = used.oid CROSS JOIN LATERAL (
                    SELECT t.typelem WHERE t.typsubscript = 'array_subscript_handler'::regproc
          UNION ALL SELECT t.typbasetype WHERE t.typtype = 'd'
          UNION ALL SELECT r.rngsubtype FROM pg_range AS r WHERE t.typtype IN ('r', 'm') AND t.oid IN (r.rngtypid, r.rngmultitypid)
          UNION ALL SELECT a.atttypid FROM pg_attribute AS a WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
        ) AS part (oid)
         WHERE t.typtype IN ('d', 'r', 'm', 'c') OR t.typelem <> 0)
    SELECT t.oid::int8 AS oid, n.nspname AS schema, t.typname AS name, t.typtype AS kind, t.typcategory AS category,
           t.typsubscript = 'array_subscript_handler'::regproc AND t.typelem <> 0 AS array,
           en.nspname AS "partSchema", e.typname AS "partName", t.typtypmod AS modifier, t.typnotnull AS "notNull",
           CASE WHEN t.typtype = 'd' THEN coalesce(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault)) END AS default,
           CASE WHEN t.typtype = 'e' THEN (SELECT json_agg(l.enumlabel ORDER BY l.enumsortorder) FROM pg_enum AS l WHERE l.enumtypid = t.oid) END AS labels,
           CASE WHEN t.typtype = 'd' THEN (SELECT json_agg(json_build_object('name', k.conname, 'expression', pg_get_expr(k.conbin, 0), 'validated', k.convalidated) ORDER BY k.conname COLLATE "C")
              FROM pg_constraint AS k WHERE k.contypid = t.oid AND k.contype = 'c') END AS checks,
           CASE WHEN t.typtype = 'c' THEN (SELECT json_agg(json_build_object('name', a.attname, 'schema', an.nspname, 'type', at.typname, 'modifier', a.atttypmod) ORDER BY a.attnum)
              FROM pg_attribute AS a JOIN pg_type AS at ON at.oid = a.atttypid JOIN pg_namespace AS an ON an.oid = at.typnamespace
             WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) END AS attributes,
           EXISTS (SELECT FROM pg_cast AS k WHERE k.castsource = t.oid AND k.casttarget = 'text'::regtype AND k.castfunc <> 0) AS "textCast"
      FROM used JOIN pg_type AS t ON t.oid = used.oid JOIN pg_namespace AS n ON n.oid = t.typnamespace
      LEFT JOIN pg_range AS r ON t.typtype IN ('r', 'm') AND t.oid IN (r.rngtypid, r.rngmultitypid)
      LEFT JOIN pg_type AS e ON e.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype WHEN t.typtype IN ('r', 'm') THEN r.rngsubtype ELSE t.typelem END
      LEFT JOIN pg_namespace AS en ON en.oid = e.typnamespace
     ORDER BY n.nspname COLLATE "C", t.typname COLLATE "C"`,

  sequences: `
    SELECT n.nspname AS schema, c.relname AS name, s.seqcache::text AS cache, rn.nspname AS "toSchema", r.relname AS "toName", a.attname AS "toAttribute"
      FROM ${relationsOf(`'S'`)} JOIN pg_sequence AS s ON s.seqrelid = c.oid
      LEFT JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
      LEFT JOIN pg_class AS r ON r.oid = d.refobjid LEFT JOIN pg_namespace AS rn ON rn.oid = r.relnamespace
      LEFT JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,

  extensions: `SELECT extname AS name, extversion AS version FROM pg_extension ORDER BY extname COLLATE "C"`,
} as const
