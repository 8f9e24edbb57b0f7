import type { Prelude } from '../prelude.ts'
import { supabaseAuth } from './auth.ts'
import { supabaseRoles } from './roles.ts'
import { supabaseServices } from './services.ts'
import { supabaseStorage } from './storage.ts'

const api = 'anon, authenticated, service_role'

const grants = `
GRANT ALL ON DATABASE :database TO :migrator;
GRANT ALL ON SCHEMA public TO :migrator, supabase_admin;
GRANT USAGE ON SCHEMA public TO ${api};
GRANT ALL ON SCHEMA auth, storage, extensions, vault, realtime, graphql, graphql_public, supabase_functions TO :migrator WITH GRANT OPTION;
GRANT USAGE ON SCHEMA extensions TO ${api};
ALTER DEFAULT PRIVILEGES FOR ROLE :migrator IN SCHEMA public GRANT ALL ON TABLES TO ${api};
ALTER DEFAULT PRIVILEGES FOR ROLE :migrator IN SCHEMA public GRANT ALL ON FUNCTIONS TO ${api};
ALTER DEFAULT PRIVILEGES FOR ROLE :migrator IN SCHEMA public GRANT ALL ON SEQUENCES TO ${api};
GRANT ALL ON ALL TABLES IN SCHEMA auth, storage, vault, realtime, extensions TO :migrator WITH GRANT OPTION;
GRANT ALL ON ALL SEQUENCES IN SCHEMA auth, storage TO :migrator WITH GRANT OPTION;
GRANT ALL ON ALL ROUTINES IN SCHEMA auth, storage, vault, realtime, extensions TO :migrator WITH GRANT OPTION;
`

/** A project of Supabase as a team's first migration finds it, written from the platform's public documentation and images. */
export const supabase: Prelude = {
  name: 'supabase',
  roles: supabaseRoles,
  migrator: ['postgres'],
  extensions: [
    { name: 'uuid-ossp', schema: 'extensions' },
    { name: 'pgcrypto', schema: 'extensions' },
    { name: 'pg_stat_statements', schema: 'extensions' },
  ],
  provides: ['pg_graphql', 'supabase_vault'],
  sql: `CREATE SCHEMA IF NOT EXISTS extensions;\n${supabaseAuth}${supabaseStorage}${supabaseServices}`,
  grants,
  parameters: [
    /^pgrst\./,
    /^(session_replication_role|track_functions|track_io_timing|log_(lock_waits|min_duration_statement|min_messages|statement))$/,
    /^(auto_explain|pg_net|pg_stat_statements|pgaudit|plan_filter|safeupdate)\./,
  ],
  schemas: [
    'auth',
    'storage',
    'extensions',
    'graphql',
    'graphql_public',
    'realtime',
    '_realtime',
    'vault',
    'pgbouncer',
    'supabase_functions',
    'supabase_migrations',
  ],
  settings: { search_path: '"$user", public, extensions' },
  notes: [
    'The prelude "supabase" made the platform\'s roles, schemas and tables (auth, storage, vault, realtime, …) in a plain server: what its services do is not there, secrets are not encrypted, and the role "postgres" of the scripts is the one that runs the migrations.',
  ],
}
