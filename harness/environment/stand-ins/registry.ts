import { http, nothing, pgHashids, pgmq, pgPartman, pgUuidv7, timescaledb } from './others.ts'
import { postgis } from './postgis.ts'
import type { StandIn } from './stand-in.ts'
import { pgCron, pgGraphql, pgJsonschema, pgJwt, pgNet, pgsodium, supabaseVault, wrappers } from './supabase-extensions.ts'
import { vector } from './vector.ts'

/** Extensions that SQL stands in for where the server does not have them, by name. */
export const standIns: ReadonlyMap<string, StandIn> = new Map<string, StandIn>([
  ['vector', vector],
  ['postgis', postgis],
  ['postgis_topology', nothing('does nothing')],
  ['postgis_raster', nothing('does nothing')],
  ['postgis_tiger_geocoder', nothing('does nothing')],
  ['pg_cron', pgCron],
  ['pg_net', pgNet],
  ['pgjwt', pgJwt],
  ['pg_jsonschema', pgJsonschema],
  ['pg_graphql', pgGraphql],
  ['pgsodium', pgsodium],
  ['supabase_vault', supabaseVault],
  ['wrappers', wrappers],
  ['timescaledb', timescaledb],
  ['timescaledb_toolkit', nothing('does nothing')],
  ['pgmq', pgmq],
  ['pg_partman', pgPartman],
  ['http', http],
  ['pg_uuidv7', pgUuidv7],
  ['pg_hashids', pgHashids],
  ['pgaudit', nothing('audits nothing')],
  ['pg_repack', nothing('repacks nothing')],
  ['hypopg', nothing('proposes no index')],
  ['index_advisor', nothing('proposes no index')],
  ['pg_hint_plan', nothing('heeds no hint')],
  ['pg_stat_monitor', nothing('collects nothing')],
  ['pg_stat_kcache', nothing('collects nothing')],
  ['pg_qualstats', nothing('collects nothing')],
  ['pg_wait_sampling', nothing('collects nothing')],
  ['pg_tle', nothing('installs nothing')],
  ['pgtap', nothing('tests nothing')],
  ['plpgsql_check', nothing('checks nothing')],
  ['safeupdate', nothing('allows an UPDATE without WHERE')],
  ['supautils', nothing('does nothing')],
  ['google_vacuum_mgmt', nothing('does nothing')],
  ['aws_commons', nothing('does nothing')],
  ['rds_tools', nothing('does nothing')],
  ['azure', nothing('does nothing')],
  ['neon', nothing('does nothing')],
])
