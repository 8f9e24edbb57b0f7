import type { StandIn } from './stand-in.ts'

/** @see https://github.com/citusdata/pg_cron */
export const pgCron: StandIn = {
  ownSchema: 'cron',
  cannot: 'keeps jobs and never runs them',
  sql: `
GRANT USAGE ON SCHEMA cron TO PUBLIC;
CREATE SEQUENCE cron.jobid_seq;
CREATE SEQUENCE cron.runid_seq;
CREATE TABLE cron.job (
  jobid bigint PRIMARY KEY DEFAULT nextval('cron.jobid_seq'), schedule text NOT NULL, command text NOT NULL,
  nodename text NOT NULL DEFAULT 'localhost', nodeport integer NOT NULL DEFAULT 5432, database text NOT NULL DEFAULT current_database(),
  username text NOT NULL DEFAULT CURRENT_USER, active boolean NOT NULL DEFAULT true, jobname text);
CREATE UNIQUE INDEX jobname_username_uniq ON cron.job (jobname, username);
CREATE TABLE cron.job_run_details (
  jobid bigint, runid bigint PRIMARY KEY DEFAULT nextval('cron.runid_seq'), job_pid integer, database text, username text, command text,
  status text, return_message text, start_time timestamptz, end_time timestamptz);
GRANT SELECT, UPDATE, DELETE, INSERT ON cron.job, cron.job_run_details TO PUBLIC;
GRANT USAGE ON SEQUENCE cron.jobid_seq, cron.runid_seq TO PUBLIC;
CREATE FUNCTION cron.schedule(job_name text, schedule text, command text) RETURNS bigint LANGUAGE sql AS $body$
  INSERT INTO cron.job (jobname, schedule, command) VALUES (job_name, schedule, command)
  ON CONFLICT (jobname, username) DO UPDATE SET schedule = excluded.schedule, command = excluded.command RETURNING jobid
$body$;
CREATE FUNCTION cron.schedule(schedule text, command text) RETURNS bigint LANGUAGE sql AS $body$
  INSERT INTO cron.job (schedule, command) VALUES (schedule, command) RETURNING jobid
$body$;
CREATE FUNCTION cron.schedule_in_database(job_name text, schedule text, command text, database text, username text DEFAULT NULL, active boolean DEFAULT true)
RETURNS bigint LANGUAGE sql AS $body$
  INSERT INTO cron.job (jobname, schedule, command, database, username, active)
  VALUES (job_name, schedule, command, database, coalesce(username, CURRENT_USER), active)
  ON CONFLICT (jobname, username) DO UPDATE SET schedule = excluded.schedule, command = excluded.command RETURNING jobid
$body$;
CREATE FUNCTION cron.unschedule(job_name text) RETURNS boolean LANGUAGE plpgsql AS $body$
BEGIN
  DELETE FROM cron.job WHERE jobname = job_name;
  IF NOT FOUND THEN RAISE EXCEPTION 'could not find valid entry for job ''%''', job_name USING ERRCODE = 'XX000'; END IF;
  RETURN true;
END
$body$;
CREATE FUNCTION cron.unschedule(job_id bigint) RETURNS boolean LANGUAGE plpgsql AS $body$
BEGIN
  DELETE FROM cron.job WHERE jobid = job_id;
  IF NOT FOUND THEN RAISE EXCEPTION 'could not find valid entry for job %', job_id USING ERRCODE = 'XX000'; END IF;
  RETURN true;
END
$body$;
CREATE FUNCTION cron.alter_job(job_id bigint, schedule text DEFAULT NULL, command text DEFAULT NULL, database text DEFAULT NULL, username text DEFAULT NULL, active boolean DEFAULT NULL)
RETURNS void LANGUAGE sql AS $body$
  UPDATE cron.job j SET schedule = coalesce($2, j.schedule), command = coalesce($3, j.command), database = coalesce($4, j.database),
    username = coalesce($5, j.username), active = coalesce($6, j.active) WHERE j.jobid = $1
$body$;`,
}

/** @see https://github.com/supabase/pg_net */
export const pgNet: StandIn = {
  ownSchema: 'net',
  cannot: 'sends nothing',
  sql: `
GRANT USAGE ON SCHEMA net TO PUBLIC;
CREATE TYPE net.request_status AS ENUM ('PENDING', 'SUCCESS', 'ERROR');
CREATE TYPE net.http_response AS (status_code integer, headers jsonb, body text);
CREATE TYPE net.http_response_result AS (status net.request_status, message text, response net.http_response);
CREATE SEQUENCE net.http_request_queue_id_seq;
CREATE TABLE net.http_request_queue (
  id bigint NOT NULL DEFAULT nextval('net.http_request_queue_id_seq'), method text NOT NULL, url text NOT NULL, headers jsonb, body bytea, timeout_milliseconds integer NOT NULL);
CREATE TABLE net._http_response (
  id bigint, status_code integer, content_type text, headers jsonb, content text, timed_out boolean, error_msg text, created timestamptz NOT NULL DEFAULT now());
GRANT ALL ON ALL TABLES IN SCHEMA net TO PUBLIC;
GRANT USAGE ON SEQUENCE net.http_request_queue_id_seq TO PUBLIC;
CREATE FUNCTION net.http_post(url text, body jsonb DEFAULT '{}', params jsonb DEFAULT '{}', headers jsonb DEFAULT '{"Content-Type": "application/json"}', timeout_milliseconds integer DEFAULT 5000)
RETURNS bigint LANGUAGE sql AS $body$SELECT nextval('net.http_request_queue_id_seq')$body$;
CREATE FUNCTION net.http_get(url text, params jsonb DEFAULT '{}', headers jsonb DEFAULT '{}', timeout_milliseconds integer DEFAULT 5000)
RETURNS bigint LANGUAGE sql AS $body$SELECT nextval('net.http_request_queue_id_seq')$body$;
CREATE FUNCTION net.http_delete(url text, params jsonb DEFAULT '{}', headers jsonb DEFAULT '{}', timeout_milliseconds integer DEFAULT 5000, body jsonb DEFAULT NULL)
RETURNS bigint LANGUAGE sql AS $body$SELECT nextval('net.http_request_queue_id_seq')$body$;
CREATE FUNCTION net.http_collect_response(request_id bigint, async boolean DEFAULT true) RETURNS net.http_response_result LANGUAGE sql AS $body$
  SELECT ROW('PENDING', 'stand-in', NULL)::net.http_response_result
$body$;
CREATE FUNCTION net._http_collect_response(request_id bigint, async boolean DEFAULT true) RETURNS net.http_response_result LANGUAGE sql AS $body$
  SELECT ROW('PENDING', 'stand-in', NULL)::net.http_response_result
$body$;`,
}

/** @see https://github.com/michelp/pgjwt */
export const pgJwt: StandIn = {
  requires: ['pgcrypto'],
  cannot: 'signs tokens with an empty signature',
  sql: `
CREATE FUNCTION url_encode(data bytea) RETURNS text LANGUAGE sql IMMUTABLE AS $body$SELECT translate(encode(data, 'base64'), E'+/=\\n', '-_')$body$;
CREATE FUNCTION url_decode(data text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $body$
  SELECT decode(rpad(translate(data, '-_', '+/'), ((length(data) + 3) / 4) * 4, '='), 'base64')
$body$;
CREATE FUNCTION algorithm_sign(signables text, secret text, algorithm text) RETURNS text LANGUAGE sql IMMUTABLE AS $body$SELECT ''::text$body$;
CREATE FUNCTION sign(payload json, secret text, algorithm text DEFAULT 'HS256') RETURNS text LANGUAGE sql IMMUTABLE AS $body$
  SELECT translate(encode('{}', 'base64'), E'+/=\\n', '-_') || '.' || translate(encode(convert_to(payload::text, 'utf8'), 'base64'), E'+/=\\n', '-_') || '.'
$body$;
CREATE FUNCTION try_cast_double(inp text) RETURNS double precision LANGUAGE plpgsql IMMUTABLE AS $body$
BEGIN RETURN inp::double precision; EXCEPTION WHEN OTHERS THEN RETURN NULL; END
$body$;
CREATE FUNCTION verify(token text, secret text, algorithm text DEFAULT 'HS256') RETURNS TABLE (header json, payload json, valid boolean)
LANGUAGE sql IMMUTABLE AS $body$SELECT '{}'::json, '{}'::json, false$body$;`,
}

/** @see https://github.com/supabase/pg_jsonschema */
export const pgJsonschema: StandIn = {
  cannot: 'calls every document valid',
  sql: ['json', 'jsonb']
    .map(
      (type) =>
        `CREATE FUNCTION ${type}_matches_schema(schema json, instance ${type}) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS 'SELECT true';`,
    )
    .concat([
      "CREATE FUNCTION jsonschema_is_valid(schema json) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS 'SELECT true';",
      "CREATE FUNCTION jsonschema_validation_errors(schema json, instance json) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT AS $$SELECT '{}'::text[]$$;",
    ])
    .join('\n'),
}

/** @see https://github.com/supabase/pg_graphql */
export const pgGraphql: StandIn = {
  ownSchema: 'graphql',
  cannot: 'answers no query',
  sql: `CREATE FUNCTION graphql.resolve(query text, variables jsonb DEFAULT '{}', "operationName" text DEFAULT NULL, extensions jsonb DEFAULT NULL)
RETURNS jsonb LANGUAGE sql AS $body$SELECT '{"data": null}'::jsonb$body$;`,
}

/** @see https://github.com/michelp/pgsodium */
export const pgsodium: StandIn = {
  ownSchema: 'pgsodium',
  cannot: 'encrypts nothing',
  sql: `
GRANT USAGE ON SCHEMA pgsodium TO PUBLIC;
CREATE TYPE pgsodium.key_status AS ENUM ('default', 'valid', 'invalid', 'expired');
CREATE TYPE pgsodium.key_type AS ENUM ('aead-ietf', 'aead-det', 'hmacsha512', 'hmacsha256', 'auth', 'shorthash', 'generichash', 'kdf', 'secretbox', 'secretstream', 'stream_xchacha20');
CREATE TABLE pgsodium.key (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), status pgsodium.key_status DEFAULT 'valid', created timestamptz NOT NULL DEFAULT now(), expires timestamptz,
  key_type pgsodium.key_type, key_id bigserial, key_context bytea DEFAULT '\\x7067736f6469756d', name text UNIQUE, associated_data text DEFAULT 'associated',
  raw_key bytea, raw_key_nonce bytea, parent_key uuid REFERENCES pgsodium.key, comment text, user_data text);
CREATE VIEW pgsodium.valid_key AS SELECT id, name, status, key_type, key_id, key_context, created, expires, associated_data FROM pgsodium.key WHERE status IN ('valid', 'default');
GRANT ALL ON ALL TABLES IN SCHEMA pgsodium TO PUBLIC;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA pgsodium TO PUBLIC;
CREATE FUNCTION pgsodium.create_key(key_type pgsodium.key_type DEFAULT 'aead-det', name text DEFAULT NULL, raw_key bytea DEFAULT NULL, raw_key_nonce bytea DEFAULT NULL, parent_key uuid DEFAULT NULL, key_context bytea DEFAULT '\\x7067736f6469756d', expires timestamptz DEFAULT NULL, associated_data text DEFAULT '')
RETURNS pgsodium.valid_key LANGUAGE plpgsql AS $body$
DECLARE made uuid; found pgsodium.valid_key;
BEGIN
  INSERT INTO pgsodium.key (key_type, name, associated_data, expires) VALUES (create_key.key_type, create_key.name, create_key.associated_data, create_key.expires) RETURNING id INTO made;
  SELECT v.* INTO found FROM pgsodium.valid_key v WHERE v.id = made;
  RETURN found;
END
$body$;
CREATE FUNCTION pgsodium.randombytes_buf(size integer) RETURNS bytea LANGUAGE sql AS $body$SELECT decode(string_agg(lpad(to_hex((random() * 255)::integer), 2, '0'), ''), 'hex') FROM generate_series(1, size)$body$;
CREATE FUNCTION pgsodium.crypto_aead_det_noncegen() RETURNS bytea LANGUAGE sql AS $body$SELECT pgsodium.randombytes_buf(16)$body$;
CREATE FUNCTION pgsodium.crypto_aead_det_keygen() RETURNS bytea LANGUAGE sql AS $body$SELECT pgsodium.randombytes_buf(64)$body$;
CREATE FUNCTION pgsodium.crypto_aead_det_encrypt(message bytea, additional bytea, key_uuid uuid, nonce bytea DEFAULT NULL) RETURNS bytea LANGUAGE sql IMMUTABLE AS 'SELECT message';
CREATE FUNCTION pgsodium.crypto_aead_det_decrypt(message bytea, additional bytea, key_uuid uuid, nonce bytea DEFAULT NULL) RETURNS bytea LANGUAGE sql IMMUTABLE AS 'SELECT message';
CREATE FUNCTION pgsodium.crypto_aead_det_encrypt(message bytea, additional bytea, key bytea, nonce bytea DEFAULT NULL) RETURNS bytea LANGUAGE sql IMMUTABLE AS 'SELECT message';
CREATE FUNCTION pgsodium.crypto_aead_det_decrypt(message bytea, additional bytea, key bytea, nonce bytea DEFAULT NULL) RETURNS bytea LANGUAGE sql IMMUTABLE AS 'SELECT message';`,
}

/** @see https://github.com/supabase/vault */
export const supabaseVault: StandIn = {
  ownSchema: 'vault',
  cannot: 'keeps secrets in the clear',
  sql: `
CREATE TABLE vault.secrets (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text UNIQUE, description text NOT NULL DEFAULT '', secret text NOT NULL,
  key_id uuid, nonce bytea, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now());
CREATE VIEW vault.decrypted_secrets AS
  SELECT id, name, description, secret, secret AS decrypted_secret, key_id, nonce, created_at, updated_at FROM vault.secrets;
CREATE FUNCTION vault.create_secret(new_secret text, new_name text DEFAULT NULL, new_description text DEFAULT '', new_key_id uuid DEFAULT NULL)
RETURNS uuid LANGUAGE sql SECURITY DEFINER AS $body$
  INSERT INTO vault.secrets (secret, name, description, key_id) VALUES (new_secret, new_name, new_description, new_key_id) RETURNING id
$body$;
CREATE FUNCTION vault.update_secret(secret_id uuid, new_secret text DEFAULT NULL, new_name text DEFAULT NULL, new_description text DEFAULT NULL, new_key_id uuid DEFAULT NULL)
RETURNS void LANGUAGE sql SECURITY DEFINER AS $body$
  UPDATE vault.secrets SET secret = coalesce(new_secret, secret), name = coalesce(new_name, name),
    description = coalesce(new_description, description), updated_at = now() WHERE id = secret_id
$body$;
GRANT USAGE ON SCHEMA vault TO PUBLIC;
GRANT ALL ON ALL TABLES IN SCHEMA vault TO PUBLIC;`,
}

/** @see https://github.com/supabase/wrappers */
export const wrappers: StandIn = {
  requires: ['postgres_fdw'],
  cannot: 'reaches no foreign server',
  sql: [
    ...[
      'airtable',
      'auth0',
      'big_query',
      'click_house',
      'cognito',
      'firebase',
      'iceberg',
      'logflare',
      'mssql',
      'notion',
      'paddle',
      'redis',
      's3',
      's3_vectors',
      'snowflake',
      'stripe',
      'wasm',
      'hello_world',
    ],
  ]
    .map(
      (name) => `
CREATE FUNCTION ${name}_fdw_handler() RETURNS fdw_handler LANGUAGE c AS '$libdir/postgres_fdw', 'postgres_fdw_handler';
CREATE FUNCTION ${name}_fdw_validator(options text[], catalog oid) RETURNS void LANGUAGE sql AS 'SELECT';`,
    )
    .join(''),
}
