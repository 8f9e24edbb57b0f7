import type { StandIn } from './stand-in.ts'

/** @see https://docs.timescale.com/api/latest/ */
export const timescaledb: StandIn = {
  cannot: 'leaves hypertables plain tables, and has no compression, retention or continuous refresh',
  sql: `
CREATE SEQUENCE timescaledb_id_seq;
GRANT USAGE ON SEQUENCE timescaledb_id_seq TO PUBLIC;
CREATE FUNCTION create_hypertable(relation regclass, time_column_name name, partitioning_column name DEFAULT NULL, number_partitions integer DEFAULT NULL, associated_schema_name name DEFAULT NULL,
  associated_table_prefix name DEFAULT NULL, chunk_time_interval anyelement DEFAULT NULL::bigint, create_default_indexes boolean DEFAULT true, if_not_exists boolean DEFAULT false,
  partitioning_func regproc DEFAULT NULL, migrate_data boolean DEFAULT false, chunk_target_size text DEFAULT NULL)
RETURNS TABLE (hypertable_id integer, schema_name name, table_name name, created boolean) LANGUAGE sql AS $body$
  SELECT 1, n.nspname, c.relname, true FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relation
$body$;
CREATE FUNCTION by_range(column_name name, partition_interval anyelement DEFAULT NULL::bigint) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT column_name::text';
CREATE FUNCTION by_hash(column_name name, number_partitions integer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT column_name::text';
CREATE FUNCTION set_chunk_time_interval(hypertable regclass, chunk_time_interval anyelement, dimension_name name DEFAULT NULL) RETURNS void LANGUAGE sql AS 'SELECT';
CREATE FUNCTION add_dimension(hypertable regclass, column_name name, number_partitions integer DEFAULT NULL, chunk_time_interval bigint DEFAULT NULL, if_not_exists boolean DEFAULT false) RETURNS void LANGUAGE sql AS 'SELECT';
CREATE FUNCTION add_retention_policy(relation regclass, drop_after anyelement, if_not_exists boolean DEFAULT false, schedule_interval interval DEFAULT NULL) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION remove_retention_policy(relation regclass, if_exists boolean DEFAULT false) RETURNS void LANGUAGE sql AS 'SELECT';
CREATE FUNCTION add_compression_policy(hypertable regclass, compress_after anyelement, if_not_exists boolean DEFAULT false, schedule_interval interval DEFAULT NULL) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION remove_compression_policy(hypertable regclass, if_exists boolean DEFAULT false) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION add_continuous_aggregate_policy(continuous_aggregate regclass, start_offset interval, end_offset interval, schedule_interval interval, if_not_exists boolean DEFAULT false) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION remove_continuous_aggregate_policy(continuous_aggregate regclass, if_exists boolean DEFAULT false) RETURNS void LANGUAGE sql AS 'SELECT';
CREATE FUNCTION drop_chunks(relation regclass, older_than anyelement DEFAULT NULL::bigint, newer_than anyelement DEFAULT NULL::bigint) RETURNS SETOF text LANGUAGE sql AS 'SELECT NULL::text WHERE false';
CREATE FUNCTION time_bucket(bucket_width interval, ts timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $body$SELECT date_bin(bucket_width, ts, '2000-01-03 00:00:00+00')$body$;
CREATE FUNCTION time_bucket(bucket_width interval, ts timestamp) RETURNS timestamp LANGUAGE sql IMMUTABLE AS $body$SELECT date_bin(bucket_width, ts, '2000-01-03 00:00:00')$body$;
CREATE FUNCTION time_bucket(bucket_width interval, ts date) RETURNS date LANGUAGE sql IMMUTABLE AS $body$SELECT date_bin(bucket_width, ts::timestamp, '2000-01-03 00:00:00')::date$body$;
CREATE FUNCTION time_bucket(bucket_width bigint, ts bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT ts - ts % bucket_width';`,
}

/** @see https://github.com/tembo-io/pgmq */
export const pgmq: StandIn = {
  ownSchema: 'pgmq',
  cannot: 'makes queues that only create, send and drop serve',
  sql: `
GRANT USAGE, CREATE ON SCHEMA pgmq TO PUBLIC;
CREATE TABLE pgmq.meta (queue_name varchar NOT NULL UNIQUE, is_partitioned boolean NOT NULL, is_unlogged boolean NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
GRANT ALL ON pgmq.meta TO PUBLIC;
CREATE TYPE pgmq.message_record AS (msg_id bigint, read_ct integer, enqueued_at timestamptz, vt timestamptz, message jsonb);
CREATE FUNCTION pgmq.create(queue_name text) RETURNS void LANGUAGE plpgsql AS $body$
BEGIN
  EXECUTE format('CREATE TABLE IF NOT EXISTS pgmq.%I (msg_id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, read_ct integer NOT NULL DEFAULT 0, enqueued_at timestamptz NOT NULL DEFAULT now(), vt timestamptz NOT NULL, message jsonb, headers jsonb)', 'q_' || queue_name);
  EXECUTE format('CREATE TABLE IF NOT EXISTS pgmq.%I (msg_id bigint PRIMARY KEY, read_ct integer NOT NULL DEFAULT 0, enqueued_at timestamptz NOT NULL DEFAULT now(), archived_at timestamptz NOT NULL DEFAULT now(), vt timestamptz NOT NULL, message jsonb, headers jsonb)', 'a_' || queue_name);
  INSERT INTO pgmq.meta VALUES (queue_name, false, false) ON CONFLICT DO NOTHING;
END
$body$;
CREATE FUNCTION pgmq.create_unlogged(queue_name text) RETURNS void LANGUAGE sql AS 'SELECT pgmq.create(queue_name)';
CREATE FUNCTION pgmq.drop_queue(queue_name text, partitioned boolean DEFAULT false) RETURNS boolean LANGUAGE plpgsql AS $body$
BEGIN
  EXECUTE format('DROP TABLE IF EXISTS pgmq.%I, pgmq.%I', 'q_' || queue_name, 'a_' || queue_name);
  DELETE FROM pgmq.meta m WHERE m.queue_name = $1;
  RETURN FOUND;
END
$body$;
CREATE FUNCTION pgmq.send(queue_name text, msg jsonb, delay integer DEFAULT 0) RETURNS SETOF bigint LANGUAGE plpgsql AS $body$
BEGIN RETURN QUERY EXECUTE format('INSERT INTO pgmq.%I (vt, message) VALUES (now(), $1) RETURNING msg_id', 'q_' || queue_name) USING msg; END
$body$;
CREATE FUNCTION pgmq.read(queue_name text, vt integer, qty integer) RETURNS SETOF pgmq.message_record LANGUAGE sql AS 'SELECT NULL::pgmq.message_record WHERE false';
CREATE FUNCTION pgmq.pop(queue_name text) RETURNS SETOF pgmq.message_record LANGUAGE sql AS 'SELECT NULL::pgmq.message_record WHERE false';
CREATE FUNCTION pgmq.archive(queue_name text, msg_id bigint) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE FUNCTION pgmq.delete(queue_name text, msg_id bigint) RETURNS boolean LANGUAGE sql AS 'SELECT false';`,
}

/** @see https://github.com/pgpartman/pg_partman */
export const pgPartman: StandIn = {
  ownSchema: 'partman',
  cannot: 'makes no partitions',
  sql: `
GRANT USAGE ON SCHEMA partman TO PUBLIC;
CREATE TABLE partman.part_config (
  parent_table text PRIMARY KEY, control text NOT NULL, partition_type text NOT NULL DEFAULT 'range', partition_interval text NOT NULL, premake integer NOT NULL DEFAULT 4, retention text,
  retention_schema text, retention_keep_table boolean NOT NULL DEFAULT true, retention_keep_index boolean NOT NULL DEFAULT true, infinite_time_partitions boolean NOT NULL DEFAULT false, automatic_maintenance text NOT NULL DEFAULT 'on', inherit_privileges boolean DEFAULT false);
GRANT ALL ON partman.part_config TO PUBLIC;
CREATE FUNCTION partman.create_parent(p_parent_table text, p_control text, p_interval text, p_type text DEFAULT 'range', p_epoch text DEFAULT 'none', p_premake integer DEFAULT 4, p_start_partition text DEFAULT NULL, p_default_table boolean DEFAULT true,
  p_automatic_maintenance text DEFAULT 'on', p_constraint_cols text[] DEFAULT NULL, p_template_table text DEFAULT NULL, p_jobmon boolean DEFAULT true, p_date_trunc_interval text DEFAULT NULL)
RETURNS boolean LANGUAGE sql AS $body$
  INSERT INTO partman.part_config (parent_table, control, partition_interval, premake) VALUES (p_parent_table, p_control, p_interval, p_premake) ON CONFLICT DO NOTHING RETURNING true
$body$;
CREATE FUNCTION partman.run_maintenance(p_parent_table text DEFAULT NULL, p_analyze boolean DEFAULT false, p_jobmon boolean DEFAULT true) RETURNS void LANGUAGE sql AS 'SELECT';
CREATE PROCEDURE partman.run_maintenance_proc(p_wait integer DEFAULT 0, p_analyze boolean DEFAULT NULL, p_jobmon boolean DEFAULT true) LANGUAGE sql AS 'SELECT';`,
}

/** @see https://github.com/pramsey/pgsql-http */
export const http: StandIn = {
  cannot: 'sends nothing',
  sql: `
CREATE DOMAIN http_method AS text;
CREATE DOMAIN content_type AS text;
CREATE TYPE http_header AS (field varchar, value varchar);
CREATE TYPE http_response AS (status integer, content_type varchar, headers http_header[], content varchar);
CREATE TYPE http_request AS (method http_method, uri varchar, headers http_header[], content_type varchar, content varchar);
CREATE FUNCTION http(request http_request) RETURNS http_response LANGUAGE sql AS $body$SELECT ROW(200, 'text/plain', NULL, '')::http_response$body$;
CREATE FUNCTION http_get(uri varchar) RETURNS http_response LANGUAGE sql AS $body$SELECT ROW(200, 'text/plain', NULL, '')::http_response$body$;
CREATE FUNCTION http_post(uri varchar, content varchar, content_type varchar) RETURNS http_response LANGUAGE sql AS $body$SELECT ROW(200, 'text/plain', NULL, '')::http_response$body$;
CREATE FUNCTION http_header(field varchar, value varchar) RETURNS http_header LANGUAGE sql AS $body$SELECT ROW(field, value)::http_header$body$;
CREATE FUNCTION http_set_curlopt(curlopt varchar, value varchar) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION urlencode(string varchar) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT string::text';`,
}

/** @see https://github.com/fboulnois/pg_uuidv7 */
export const pgUuidv7: StandIn = {
  cannot: 'makes random uuids of version 7 to the millisecond',
  sql: `
CREATE FUNCTION uuid_generate_v7() RETURNS uuid LANGUAGE sql VOLATILE AS $body$
  SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
$body$;
CREATE FUNCTION uuid_v7_to_timestamptz(uuid) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT AS $body$SELECT to_timestamp(('x' || substr(replace($1::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0)$body$;`,
}

/** @see https://github.com/iCyberon/pg_hashids */
export const pgHashids: StandIn = {
  cannot: 'gives other codes than the real one',
  sql: `
CREATE FUNCTION id_encode(bigint, text DEFAULT '', integer DEFAULT 0, text DEFAULT '') RETURNS text LANGUAGE sql IMMUTABLE AS $body$SELECT lpad(to_hex($1), greatest($3, 1), '0')$body$;
CREATE FUNCTION id_decode(text, text DEFAULT '', integer DEFAULT 0, text DEFAULT '') RETURNS bigint[] LANGUAGE sql IMMUTABLE AS $body$SELECT ARRAY[('x' || lpad($1, 16, '0'))::bit(64)::bigint]$body$;
CREATE FUNCTION id_decode_once(text, text DEFAULT '', integer DEFAULT 0, text DEFAULT '') RETURNS bigint LANGUAGE sql IMMUTABLE AS $body$SELECT ('x' || lpad($1, 16, '0'))::bit(64)::bigint$body$;`,
}

/** An extension that no schema depends on: it watches, tunes or repairs. */
export const nothing = (cannot: string): StandIn => ({ cannot, sql: 'SELECT 1' })
