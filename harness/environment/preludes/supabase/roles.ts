import type { WantedRole } from '../../make-roles.ts'

const role = (name: string, attributes = '', memberOf: readonly string[] = []): WantedRole => ({
  name,
  attributes: `NOLOGIN NOSUPERUSER ${attributes}`.trim(),
  memberOf,
})

/**
 * The platform's roles. None may log in, and `supabase_admin` is no superuser here.
 *
 * @see https://supabase.com/docs/guides/database/postgres/roles
 */
export const supabaseRoles: readonly WantedRole[] = [
  role('anon', 'NOINHERIT'),
  role('authenticated', 'NOINHERIT'),
  role('service_role', 'NOINHERIT BYPASSRLS'),
  role('supabase_admin', 'CREATEROLE BYPASSRLS'),
  role('authenticator', 'NOINHERIT', ['anon', 'authenticated', 'service_role']),
  role('supabase_auth_admin', 'NOINHERIT CREATEROLE'),
  role('supabase_storage_admin', 'NOINHERIT CREATEROLE', ['anon', 'authenticated', 'service_role']),
  role('supabase_functions_admin', 'NOINHERIT CREATEROLE'),
  role('supabase_realtime_admin', 'NOINHERIT'),
  role('supabase_replication_admin'),
  role('supabase_read_only_user', 'BYPASSRLS'),
  role('supabase_etl_admin'),
  role('dashboard_user', 'CREATEDB CREATEROLE'),
  role('pgbouncer'),
  role('pgsodium_keyiduser'),
  role('pgsodium_keyholder', '', ['pgsodium_keyiduser']),
  role('pgsodium_keymaker', '', ['pgsodium_keyholder', 'pgsodium_keyiduser']),
  role('pgtle_admin'),
]
