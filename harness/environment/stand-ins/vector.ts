import { atomic } from './atomic.ts'
import type { StandIn } from './stand-in.ts'

const typeNames = ['vector', 'halfvec', 'sparsevec'] as const

/** A variable-length type whose values are texts: nothing is checked on the way in, `vector(3)` keeps its modifier. */
function type(name: string): string {
  const compare = (operator: string, source: string, options: string) => `
CREATE FUNCTION ${name}_${source}(${name}, ${name}) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'bytea${source}';
CREATE OPERATOR ${operator} (LEFTARG = ${name}, RIGHTARG = ${name}, FUNCTION = ${name}_${source}, ${options});`
  return `
CREATE TYPE ${name};
CREATE FUNCTION ${name}_in(cstring, oid, integer) RETURNS ${name} LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'textin';
CREATE FUNCTION ${name}_out(${name}) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'textout';
CREATE FUNCTION ${name}_recv(internal, oid, integer) RETURNS ${name} LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'textrecv';
CREATE FUNCTION ${name}_send(${name}) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'textsend';
CREATE FUNCTION ${name}_typmod_in(cstring[]) RETURNS integer LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'bittypmodin';
CREATE FUNCTION ${name}_typmod_out(integer) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'bittypmodout';
CREATE TYPE ${name} (INPUT = ${name}_in, OUTPUT = ${name}_out, RECEIVE = ${name}_recv, SEND = ${name}_send,
  TYPMOD_IN = ${name}_typmod_in, TYPMOD_OUT = ${name}_typmod_out, INTERNALLENGTH = variable, ALIGNMENT = int4, STORAGE = extended);
CREATE FUNCTION ${name}(${name}, integer, boolean) RETURNS ${name} LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT $1';
CREATE CAST (${name} AS ${name}) WITH FUNCTION ${name}(${name}, integer, boolean) AS IMPLICIT;
CREATE CAST (text AS ${name}) WITH INOUT;
CREATE CAST (varchar AS ${name}) WITH INOUT;
CREATE CAST (${name} AS text) WITH INOUT;
${compare('<', 'lt', 'COMMUTATOR = >')}
${compare('<=', 'le', 'COMMUTATOR = >=')}
${compare('=', 'eq', 'COMMUTATOR = =, NEGATOR = <>, HASHES, MERGES')}
${compare('<>', 'ne', 'COMMUTATOR = <>')}
${compare('>=', 'ge', 'COMMUTATOR = <=')}
${compare('>', 'gt', 'COMMUTATOR = <')}
CREATE FUNCTION ${name}_cmp(${name}, ${name}) RETURNS integer LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'byteacmp';
CREATE FUNCTION ${name}_hash(${name}) RETURNS integer LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashvarlena';
CREATE OPERATOR CLASS ${name}_ops DEFAULT FOR TYPE ${name} USING btree AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 ${name}_cmp(${name}, ${name});
CREATE OPERATOR CLASS ${name}_hash_ops DEFAULT FOR TYPE ${name} USING hash AS OPERATOR 1 =, FUNCTION 1 ${name}_hash(${name});`
}

/** The numbers of a dense vector, paired: `[1,2]` is the array `{1,2}` in other brackets. */
const pairs = `unnest(translate($1::text, '[]', '{}')::float8[], translate($2::text, '[]', '{}')::float8[]) AS pair (a, b)`

const distances = [
  ['l2_distance', '<->', 'coalesce(sqrt(sum((a - b) ^ 2)), 0)'],
  ['negative_inner_product', '<#>', '-coalesce(sum(a * b), 0)'],
  ['cosine_distance', '<=>', "coalesce(1 - sum(a * b) / nullif(sqrt(sum(a * a)) * sqrt(sum(b * b)), 0), 'NaN')"],
  ['l1_distance', '<+>', 'coalesce(sum(abs(a - b)), 0)'],
  ['inner_product', undefined, 'coalesce(sum(a * b), 0)'],
] as const

function functionsOf(name: string): string {
  const measures = distances.map(([title, operator, expression]) => {
    const body = name === 'sparsevec' ? 'SELECT 0::float8' : `SELECT ${expression}::float8 FROM ${pairs}`
    const made = `CREATE FUNCTION ${title}(${name}, ${name}) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $body$${body}$body$;`
    return operator === undefined
      ? made
      : `${made}\nCREATE OPERATOR ${operator} (LEFTARG = ${name}, RIGHTARG = ${name}, FUNCTION = ${title}, COMMUTATOR = ${operator});`
  })
  return `${measures.join('\n')}
CREATE FUNCTION l2_normalize(${name}) RETURNS ${name} LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT $1';`
}

function denseCasts(name: string): string {
  return ['real[]', 'double precision[]', 'integer[]', 'numeric[]']
    .map((array, index) => {
      const conversion = `array_to_${name}_${index}`
      return `
CREATE FUNCTION ${conversion}(${array}, integer, boolean) RETURNS ${name} LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $body$SELECT translate($1::real[]::text, '{}', '[]')::${name}$body$;
CREATE CAST (${array} AS ${name}) WITH FUNCTION ${conversion}(${array}, integer, boolean) AS ASSIGNMENT;`
    })
    .join('')
    .concat(`
CREATE FUNCTION ${name}_to_float4(${name}, integer, boolean) RETURNS real[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $body$SELECT translate($1::text, '[]', '{}')::real[]$body$;
CREATE CAST (${name} AS real[]) WITH FUNCTION ${name}_to_float4(${name}, integer, boolean);
CREATE FUNCTION vector_dims(${name}) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $body$SELECT cardinality(translate($1::text, '[]', '{}')::real[])$body$;
CREATE FUNCTION ${name === 'vector' ? 'vector_norm' : 'l2_norm'}(${name}) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $body$SELECT sqrt(sum(a::float8 ^ 2)) FROM unnest(translate($1::text, '[]', '{}')::real[]) AS a$body$;`)
}

/** Hash indexes, whose entries have one size however long the vector is. */
function operatorClasses(): string {
  return ['hnsw', 'ivfflat']
    .flatMap((method) =>
      typeNames.flatMap((name) =>
        ['l2', 'ip', 'cosine', 'l1'].map((measure) => {
          const first = measure === 'l2' && name === 'vector' ? 'DEFAULT ' : ''
          return `CREATE OPERATOR CLASS ${name}_${measure}_ops ${first}FOR TYPE ${name} USING ${method} AS OPERATOR 1 =, FUNCTION 1 ${name}_hash(${name});`
        }),
      ),
    )
    .concat(
      ['hnsw', 'ivfflat'].flatMap((method) =>
        ['bit_hamming_ops', 'bit_jaccard_ops'].map(
          (title) => `CREATE OPERATOR CLASS ${title} FOR TYPE bit USING ${method} AS OPERATOR 1 =, FUNCTION 1 bit_hash(bit);`,
        ),
      ),
    )
    .join('\n')
}

/** pgvector: @see https://github.com/pgvector/pgvector */
export const vector: StandIn = {
  cannot: 'does not check dimensions, and its indexes find equal vectors only',
  accessMethods: ['hnsw', 'ivfflat'],
  sql: atomic(`
${typeNames.map(type).join('\n')}
${typeNames.map(functionsOf).join('\n')}
${denseCasts('vector')}
${denseCasts('halfvec')}
CREATE FUNCTION vector_to_halfvec(vector, integer, boolean) RETURNS halfvec LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1::text::halfvec';
CREATE CAST (vector AS halfvec) WITH FUNCTION vector_to_halfvec(vector, integer, boolean) AS ASSIGNMENT;
CREATE FUNCTION halfvec_to_vector(halfvec, integer, boolean) RETURNS vector LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1::text::vector';
CREATE CAST (halfvec AS vector) WITH FUNCTION halfvec_to_vector(halfvec, integer, boolean) AS ASSIGNMENT;
CREATE FUNCTION binary_quantize(vector) RETURNS bit LANGUAGE sql IMMUTABLE STRICT AS $body$SELECT coalesce(string_agg(CASE WHEN a > 0 THEN '1' ELSE '0' END, '' ORDER BY at), '')::varbit FROM unnest(translate($1::text, '[]', '{}')::real[]) WITH ORDINALITY AS numbers (a, at)$body$;
CREATE FUNCTION vector_add(vector, vector) RETURNS vector LANGUAGE sql IMMUTABLE STRICT AS $body$SELECT array_agg((a + b)::real)::vector FROM ${pairs}$body$;
CREATE OPERATOR + (LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_add);
CREATE FUNCTION vector_sub(vector, vector) RETURNS vector LANGUAGE sql IMMUTABLE STRICT AS $body$SELECT array_agg((a - b)::real)::vector FROM ${pairs}$body$;
CREATE OPERATOR - (LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_sub);
CREATE FUNCTION subvector(vector, integer, integer) RETURNS vector LANGUAGE sql IMMUTABLE STRICT AS $body$SELECT ((translate($1::text, '[]', '{}')::real[])[$2 : $2 + $3 - 1])::vector$body$;
CREATE FUNCTION vector_first(vector, vector) RETURNS vector LANGUAGE sql IMMUTABLE AS 'SELECT coalesce($1, $2)';
CREATE AGGREGATE avg(vector) (SFUNC = vector_first, STYPE = vector);
CREATE AGGREGATE sum(vector) (SFUNC = vector_add, STYPE = vector);
CREATE FUNCTION bit_hash(bit) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'hashvarlena';
CREATE ACCESS METHOD hnsw TYPE INDEX HANDLER hashhandler;
CREATE ACCESS METHOD ivfflat TYPE INDEX HANDLER hashhandler;
${operatorClasses()}`),
}
