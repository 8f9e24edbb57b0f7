import { firstUserOid } from '../catalog-queries.ts'
import { identity, named, type ObjectQuery, rights, spelled, userMade } from './query.ts'

const types: ObjectQuery = `
  SELECT ${spelled('t.typtype', { b: 'base-type', c: 'composite', d: 'domain', e: 'enum', r: 'range', p: 'shell-type' })} AS kind, ${identity('pg_type', 't')},
         t.typnamespace::int8 AS schema, t.typname AS name, ${rights('t', 'typ', 'T')}, nullif(t.typrelid, 0)::int8 AS "attributesOf",
         CASE WHEN t.typtype = 'e' THEN (SELECT string_agg(quote_literal(l.enumlabel), ', ' ORDER BY l.enumsortorder) FROM pg_enum AS l WHERE l.enumtypid = t.oid) END AS labels,
         CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END AS type, CASE WHEN t.typtype = 'd' THEN t.typnotnull END AS "notNull",
         coalesce(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault)) AS default,
         CASE WHEN t.typtype = 'd' THEN (SELECT nullif(t.typcollation, b.typcollation) FROM pg_type AS b WHERE b.oid = t.typbasetype)::regcollation::text END AS collation,
         (SELECT concat_ws(', ', 'subtype = ' || format_type(r.rngsubtype, NULL), 'subtype_opclass = ' || (SELECT o.opcname FROM pg_opclass AS o WHERE o.oid = r.rngsubopc),
                    'collation = ' || ${named('r.rngcollation', 'regcollation')}, 'canonical = ' || ${named('r.rngcanonical')}, 'subtype_diff = ' || ${named('r.rngsubdiff')},
                    'multirange_type_name = ' || format_type(r.rngmultitypid, NULL)) FROM pg_range AS r WHERE r.rngtypid = t.oid) AS definition,
         CASE WHEN t.typtype = 'b' THEN concat_ws(', ', t.typinput, t.typoutput, ${named('t.typreceive')}, ${named('t.typsend')}, ${named('t.typmodin')}, ${named('t.typmodout')}, ${named('t.typanalyze')},
                    ${named('t.typsubscript')}, t.typlen, t.typbyval, t.typalign, t.typstorage, t.typcategory, t.typispreferred, t.typdelim, format_type(nullif(t.typelem, 0), NULL), t.typcollation <> 0) END AS implementation
    FROM pg_type AS t
   WHERE ${userMade('t')} AND t.typtype <> 'm' AND NOT (t.typelem <> 0 AND t.typsubscript = 'array_subscript_handler'::regproc)
     AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_class AS c WHERE c.oid = t.typrelid AND c.relkind = 'c'))`

const domainConstraints: ObjectQuery = `
  SELECT 'domain-constraint' AS kind, ${identity('pg_constraint', 'k')}, t.typnamespace::int8 AS schema, t.typname AS name, ' (' || k.conname || ')' AS suffix,
         pg_get_expr(k.conbin, 0) AS expression, k.convalidated AS validated
    FROM pg_constraint AS k JOIN pg_type AS t ON t.oid = k.contypid WHERE k.contypid >= ${firstUserOid} AND k.contype = 'c'`

const casts: ObjectQuery = `
  SELECT 'cast' AS kind, ${identity('pg_cast', 'k')}, format_type(k.castsource, NULL) || ' AS ' || format_type(k.casttarget, NULL) AS name,
         ${spelled('k.castmethod', { f: 'function', i: 'inout', b: 'binary' })} AS method, nullif(k.castfunc, 0)::regprocedure::text AS function,
         ${spelled('k.castcontext', { e: 'explicit', a: 'assignment', i: 'implicit' })} AS context
    FROM pg_cast AS k
   WHERE ${userMade('k')} AND NOT EXISTS (SELECT FROM pg_range AS r WHERE r.rngtypid = k.castsource AND r.rngmultitypid = k.casttarget)`

const operators: ObjectQuery = `
  SELECT 'operator' AS kind, ${identity('pg_operator', 'o')}, o.oprnamespace::int8 AS schema, o.oprname AS name, pg_get_userbyid(o.oprowner) AS owner,
         '(' || coalesce(format_type(nullif(o.oprleft, 0), NULL), 'NONE') || ', ' || format_type(o.oprright, NULL) || ')' AS suffix,
         format_type(nullif(o.oprresult, 0), NULL) AS returns, ${named('o.oprcode')} AS function, nullif(o.oprcom, 0)::regoperator::text AS commutator, nullif(o.oprnegate, 0)::regoperator::text AS negator,
         ${named('o.oprrest')} AS restrict, ${named('o.oprjoin')} AS join, o.oprcanhash AS hashes, o.oprcanmerge AS merges
    FROM pg_operator AS o WHERE ${userMade('o')}`

const operatorClasses: ObjectQuery = `
  SELECT 'operator-class' AS kind, ${identity('pg_opclass', 'o')}, o.opcnamespace::int8 AS schema, o.opcname AS name, ' USING ' || m.amname AS suffix, pg_get_userbyid(o.opcowner) AS owner,
         format_type(o.opcintype, NULL) AS type, o.opcdefault AS default, format_type(nullif(o.opckeytype, 0), NULL) AS storage, (SELECT f.opfname FROM pg_opfamily AS f WHERE f.oid = o.opcfamily) AS family
    FROM pg_opclass AS o JOIN pg_am AS m ON m.oid = o.opcmethod WHERE ${userMade('o')}`

const operatorFamilies: ObjectQuery = `
  SELECT 'operator-family' AS kind, ${identity('pg_opfamily', 'f')}, f.opfnamespace::int8 AS schema, f.opfname AS name, ' USING ' || m.amname AS suffix, pg_get_userbyid(f.opfowner) AS owner,
         ARRAY(SELECT a.amopstrategy || ' ' || a.amopopr::regoperator || coalesce(' for ' || (SELECT s.opfname FROM pg_opfamily AS s WHERE s.oid = a.amopsortfamily), '') FROM pg_amop AS a WHERE a.amopfamily = f.oid) AS operators,
         ARRAY(SELECT p.amprocnum || ' ' || p.amproc::oid::regprocedure || ' (' || format_type(p.amproclefttype, NULL) || ', ' || format_type(p.amprocrighttype, NULL) || ')' FROM pg_amproc AS p WHERE p.amprocfamily = f.oid) AS functions
    FROM pg_opfamily AS f JOIN pg_am AS m ON m.oid = f.opfmethod WHERE ${userMade('f')}`

const accessMethods: ObjectQuery = `
  SELECT 'access-method' AS kind, ${identity('pg_am', 'm')}, m.amname AS name, ${named('m.amhandler')} AS handler, m.amtype AS type FROM pg_am AS m WHERE ${userMade('m')}`

const transforms: ObjectQuery = `
  SELECT 'transform' AS kind, ${identity('pg_transform', 't')}, format_type(t.trftype, NULL) || ' LANGUAGE ' || l.lanname AS name, ${named('t.trffromsql')} AS "fromSql", ${named('t.trftosql')} AS "toSql"
    FROM pg_transform AS t JOIN pg_language AS l ON l.oid = t.trflang`

/** Types and what is defined over them. */
export const typeObjects: readonly ObjectQuery[] = [
  types,
  domainConstraints,
  casts,
  operators,
  operatorClasses,
  operatorFamilies,
  accessMethods,
  transforms,
]
