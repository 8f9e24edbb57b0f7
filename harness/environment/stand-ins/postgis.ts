import { atomic } from './atomic.ts'
import type { StandIn } from './stand-in.ts'

/** A type whose values are texts (WKT, EWKT or hexadecimal EWKB as they are written) and whose modifier says anything: `(Point,4326)`. */
function type(name: string): string {
  const compare = (operator: string, source: string, options: string) => `
CREATE FUNCTION ${name}_${source}(${name}, ${name}) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'bytea${source}';
CREATE OPERATOR ${operator} (LEFTARG = ${name}, RIGHTARG = ${name}, FUNCTION = ${name}_${source}, ${options});`
  const nearness = ['<->', '<#>', '<<->>']
    .map(
      (operator) =>
        `CREATE OPERATOR ${operator} (LEFTARG = ${name}, RIGHTARG = ${name}, FUNCTION = st_distance, COMMUTATOR = ${operator});`,
    )
    .join('\n')
  const places = ['&&', '&&&', '@', '~', '~=', '<<', '>>', '&<', '&>', '<<|', '|>>', '&<|', '|&>']
    .map((operator) => `CREATE OPERATOR ${operator} (LEFTARG = ${name}, RIGHTARG = ${name}, FUNCTION = ${name}_near);`)
    .join('\n')
  return `
CREATE TYPE ${name};
CREATE FUNCTION ${name}_in(cstring, oid, integer) RETURNS ${name} LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'textin';
CREATE FUNCTION ${name}_out(${name}) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'textout';
CREATE FUNCTION ${name}_recv(internal, oid, integer) RETURNS ${name} LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'textrecv';
CREATE FUNCTION ${name}_send(${name}) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'textsend';
CREATE FUNCTION ${name}_typmod_in(cstring[]) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $body$
  SELECT CASE WHEN cardinality($1) = 1 AND $1[1]::text ~ '^[0-9]+$' THEN $1[1]::text::integer
    ELSE abs(hashtext(lower(array_to_string($1::text[], ',')))::bigint % 1000000)::integer + 1 END
$body$;
CREATE FUNCTION ${name}_typmod_out(integer) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'bittypmodout';
CREATE TYPE ${name} (INPUT = ${name}_in, OUTPUT = ${name}_out, RECEIVE = ${name}_recv, SEND = ${name}_send,
  TYPMOD_IN = ${name}_typmod_in, TYPMOD_OUT = ${name}_typmod_out, INTERNALLENGTH = variable, ALIGNMENT = double, STORAGE = main);
CREATE FUNCTION ${name}(${name}, integer, boolean) RETURNS ${name} LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT $1';
CREATE CAST (${name} AS ${name}) WITH FUNCTION ${name}(${name}, integer, boolean) AS IMPLICIT;
CREATE CAST (text AS ${name}) WITH INOUT AS IMPLICIT;
CREATE CAST (${name} AS text) WITH INOUT;
CREATE CAST (bytea AS ${name}) WITH INOUT AS IMPLICIT;
CREATE CAST (${name} AS bytea) WITH INOUT AS IMPLICIT;
CREATE CAST (${name} AS jsonb) WITH INOUT;
${compare('<', 'lt', 'COMMUTATOR = >')}
${compare('<=', 'le', 'COMMUTATOR = >=')}
${compare('=', 'eq', 'COMMUTATOR = =, HASHES, MERGES')}
${compare('>=', 'ge', 'COMMUTATOR = <=')}
${compare('>', 'gt', 'COMMUTATOR = <')}
CREATE FUNCTION ${name}_cmp(${name}, ${name}) RETURNS integer LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'byteacmp';
CREATE FUNCTION ${name}_hash(${name}) RETURNS integer LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashvarlena';
CREATE OPERATOR CLASS btree_${name}_ops DEFAULT FOR TYPE ${name} USING btree AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 ${name}_cmp(${name}, ${name});
CREATE OPERATOR CLASS hash_${name}_ops DEFAULT FOR TYPE ${name} USING hash AS OPERATOR 1 =, FUNCTION 1 ${name}_hash(${name});
CREATE FUNCTION ${name}_near(${name}, ${name}) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT $1 = $2';
CREATE FUNCTION st_distance(${name}, ${name}) RETURNS double precision LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $body$SELECT CASE WHEN $1 = $2 THEN 0 ELSE 1 END::double precision$body$;
${nearness}
${places}
CREATE FUNCTION ${name}_gist_consistent(internal, ${name}, smallint, oid, internal) RETURNS boolean LANGUAGE c IMMUTABLE STRICT AS '$libdir/btree_gist', 'gbt_bytea_consistent';
CREATE OPERATOR CLASS ${name === 'geometry' ? 'gist_geometry_ops_2d' : 'gist_geography_ops'} DEFAULT FOR TYPE ${name} USING gist AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
  FUNCTION 1 ${name}_gist_consistent(internal, ${name}, smallint, oid, internal), FUNCTION 2 gbt_bytea_union(internal, internal),
  FUNCTION 3 gbt_bytea_compress(internal), FUNCTION 4 gbt_var_decompress(internal), FUNCTION 5 gbt_bytea_penalty(internal, internal, internal),
  FUNCTION 6 gbt_bytea_picksplit(internal, internal), FUNCTION 7 gbt_bytea_same(gbtreekey_var, gbtreekey_var, internal), STORAGE gbtreekey_var;`
}

const types = ['geometry', 'geography'] as const

/** `g` stands for geometry and for geography. */
const functions: readonly (readonly [signature: string, returns: string, body: string])[] = [
  ['st_astext(g)', 'text', 'SELECT $1::text'],
  ['st_asewkt(g)', 'text', 'SELECT $1::text'],
  ['st_asgeojson(g, integer DEFAULT 9, integer DEFAULT 8)', 'text', "SELECT '{}'::text"],
  ['st_asbinary(g)', 'bytea', "SELECT convert_to($1::text, 'utf8')"],
  ['st_asewkb(g)', 'bytea', "SELECT convert_to($1::text, 'utf8')"],
  ['st_srid(g)', 'integer', 'SELECT 4326'],
  ['st_isvalid(g)', 'boolean', 'SELECT true'],
  ['st_isempty(g)', 'boolean', 'SELECT false'],
  ['geometrytype(g)', 'text', "SELECT upper(substring($1::text from '[A-Za-z]+'))"],
  ['st_geometrytype(g)', 'text', "SELECT 'ST_Point'::text"],
  ['st_npoints(g)', 'integer', 'SELECT 1'],
  ...['st_area', 'st_length', 'st_perimeter'].map((name) => [`${name}(g)`, 'double precision', 'SELECT 1::double precision'] as const),
  ...['st_x', 'st_y', 'st_z', 'st_xmin', 'st_ymin', 'st_xmax', 'st_ymax'].map(
    (name) =>
      [
        `${name}(g)`,
        'double precision',
        `SELECT (regexp_match($1::text, '${/y/.test(name) ? '-?\\d+(?:\\.\\d+)?\\s+(-?\\d+(?:\\.\\d+)?)' : '(-?\\d+(?:\\.\\d+)?)'}'))[1]::double precision`,
      ] as const,
  ),
  ...[
    'st_intersects',
    'st_contains',
    'st_within',
    'st_covers',
    'st_coveredby',
    'st_overlaps',
    'st_touches',
    'st_crosses',
    'st_equals',
    'st_disjoint',
  ].map((name) => [`${name}(g, g)`, 'boolean', 'SELECT $1 = $2'] as const),
  ['st_dwithin(g, g, double precision)', 'boolean', 'SELECT $1 = $2'],
  ['st_dwithin(g, g, double precision, boolean)', 'boolean', 'SELECT $1 = $2'],
  ['st_distance(g, g, boolean)', 'double precision', 'SELECT st_distance($1, $2)'],
  ...[
    'st_centroid',
    'st_envelope',
    'st_makevalid',
    'st_multi',
    'st_boundary',
    'st_convexhull',
    'st_startpoint',
    'st_endpoint',
    'st_exteriorring',
    'st_force2d',
    'st_force3d',
    'st_pointonsurface',
    'st_flipcoordinates',
    'st_reverse',
  ].map((name) => [`${name}(g)`, 'g', 'SELECT $1'] as const),
  ...[
    'st_setsrid(g, integer)',
    'st_transform(g, integer)',
    'st_buffer(g, double precision)',
    'st_simplify(g, double precision)',
    'st_simplifypreservetopology(g, double precision)',
    'st_snaptogrid(g, double precision)',
    'st_collectionextract(g, integer)',
    'st_segmentize(g, double precision)',
  ].map((signature) => [signature, 'g', 'SELECT $1'] as const),
  ...['st_union', 'st_intersection', 'st_difference', 'st_collect', 'st_closestpoint', 'st_makeline'].map(
    (name) => [`${name}(g, g)`, 'g', 'SELECT $1'] as const,
  ),
]

const point = (...at: readonly string[]) => `SELECT ('POINT(' || ${at.join(" || ' ' || ")} || ')')::geometry`

const makers: readonly (readonly [signature: string, returns: string, body: string])[] = [
  ['st_point(double precision, double precision)', 'geometry', point('$1', '$2')],
  ['st_point(double precision, double precision, integer)', 'geometry', point('$1', '$2')],
  ['st_makepoint(double precision, double precision)', 'geometry', point('$1', '$2')],
  ['st_makepoint(double precision, double precision, double precision)', 'geometry', point('$1', '$2', '$3')],
  [
    'st_makeenvelope(double precision, double precision, double precision, double precision, integer DEFAULT 0)',
    'geometry',
    point('$1', '$2'),
  ],
  ...['st_geomfromtext', 'st_geometryfromtext', 'st_pointfromtext', 'st_polygonfromtext', 'st_polyfromtext', 'st_linefromtext'].map(
    (name) => [`${name}(text, integer DEFAULT 0)`, 'geometry', 'SELECT $1::geometry'] as const,
  ),
  ['st_geomfromewkt(text)', 'geometry', 'SELECT $1::geometry'],
  ['st_geomfromwkb(bytea, integer DEFAULT 0)', 'geometry', "SELECT encode($1, 'hex')::geometry"],
  ['st_geomfromewkb(bytea)', 'geometry', "SELECT encode($1, 'hex')::geometry"],
  ['st_geomfromgeojson(text)', 'geometry', "SELECT 'POINT(0 0)'::geometry"],
  ['st_geomfromgeojson(jsonb)', 'geometry', "SELECT 'POINT(0 0)'::geometry"],
  ['st_geogfromtext(text)', 'geography', 'SELECT $1::geography'],
  ['st_geographyfromtext(text)', 'geography', 'SELECT $1::geography'],
  ['postgis_version()', 'text', "SELECT '3.5 stand-in'::text"],
  ['postgis_full_version()', 'text', "SELECT '3.5 stand-in'::text"],
  ['st_distancesphere(geometry, geometry)', 'double precision', 'SELECT st_distance($1, $2)'],
  ['st_makepolygon(geometry)', 'geometry', 'SELECT $1'],
  ['updategeometrysrid(text, text, integer)', 'text', "SELECT ''::text"],
]

const made = ([signature, returns, body]: readonly [string, string, string]): string =>
  `CREATE FUNCTION ${signature} RETURNS ${returns} LANGUAGE sql IMMUTABLE PARALLEL SAFE${signature.includes('DEFAULT') ? '' : ' STRICT'} AS $body$${body}$body$;`

/** @see https://postgis.net/docs/reference.html */
export const postgis: StandIn = {
  requires: ['btree_gist'],
  cannot: 'keeps shapes as the texts they are written as, and its functions give plausible answers only',
  sql: atomic(`
CREATE TABLE spatial_ref_sys (srid integer PRIMARY KEY CHECK (srid > 0 AND srid <= 998999), auth_name varchar(256), auth_srid integer, srtext varchar(2048), proj4text varchar(2048));
GRANT SELECT ON spatial_ref_sys TO PUBLIC;
INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid) VALUES (4326, 'EPSG', 4326), (3857, 'EPSG', 3857);
${types.map(type).join('\n')}
CREATE FUNCTION geography(geometry) RETURNS geography LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT $1::text::geography';
CREATE CAST (geometry AS geography) WITH FUNCTION geography(geometry) AS IMPLICIT;
CREATE FUNCTION geometry(geography) RETURNS geometry LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT $1::text::geometry';
CREATE CAST (geography AS geometry) WITH FUNCTION geometry(geography);
${types.flatMap((name) => functions.map(([signature, returns, body]) => made([signature.replace(/\bg\b/g, name), returns === 'g' ? name : returns, body]))).join('\n')}
${makers.map(made).join('\n')}
CREATE FUNCTION geometry_first(geometry, geometry) RETURNS geometry LANGUAGE sql IMMUTABLE AS 'SELECT coalesce($1, $2)';
CREATE AGGREGATE st_union(geometry) (SFUNC = geometry_first, STYPE = geometry);
CREATE AGGREGATE st_collect(geometry) (SFUNC = geometry_first, STYPE = geometry);
CREATE AGGREGATE st_extent(geometry) (SFUNC = geometry_first, STYPE = geometry);
CREATE AGGREGATE st_makeline(geometry) (SFUNC = geometry_first, STYPE = geometry);
CREATE VIEW geometry_columns AS SELECT ''::varchar(256) AS f_table_catalog, ''::name AS f_table_schema, ''::name AS f_table_name, ''::name AS f_geometry_column, 2 AS coord_dimension, 0 AS srid, ''::varchar(30) AS type WHERE false;
CREATE FUNCTION addgeometrycolumn(table_name varchar, column_name varchar, new_srid integer, new_type varchar, new_dim integer, use_typmod boolean DEFAULT true) RETURNS text LANGUAGE plpgsql AS $body$
BEGIN EXECUTE format('ALTER TABLE %I ADD COLUMN %I geometry', table_name, column_name); RETURN ''; END
$body$;
CREATE FUNCTION addgeometrycolumn(schema_name varchar, table_name varchar, column_name varchar, new_srid integer, new_type varchar, new_dim integer, use_typmod boolean DEFAULT true) RETURNS text LANGUAGE plpgsql AS $body$
BEGIN EXECUTE format('ALTER TABLE %I.%I ADD COLUMN %I geometry', schema_name, table_name, column_name); RETURN ''; END
$body$;`),
}
