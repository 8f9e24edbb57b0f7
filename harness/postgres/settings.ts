/**
 * Settings under which equal data have equal texts, whatever the server's own defaults; each can be `SET LOCAL`.
 *
 * @see https://www.postgresql.org/docs/current/runtime-config-client.html
 */
export const pinSettings: Readonly<Record<string, string>> = {
  TimeZone: 'UTC',
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  lc_monetary: 'C',
  xmloption: 'content',
  search_path: '',
  row_security: 'off',
}

/** `pinSettings` as one script, e.g. `SET LOCAL "TimeZone" = 'UTC'; …`, to be sent in one message. */
export function pinSettingsScript(scope: 'LOCAL' | 'SESSION' = 'LOCAL'): string {
  // An empty literal would name the schema "", which search_path alone takes as "no schema at all".
  return Object.entries(pinSettings)
    .map(([name, value]) => `SET ${scope} ${name} = '${value}'`)
    .join('; ')
}

/**
 * How a server is run whose data nobody will miss: no durability, nothing in the background.
 *
 * @param major  Settings that the version does not know are left out.
 */
export function throwawayServerSettings(major: number): Readonly<Record<string, string>> {
  return {
    fsync: 'off',
    full_page_writes: 'off',
    synchronous_commit: 'off',
    wal_level: 'minimal',
    max_wal_senders: '0',
    // Checkpoints come with FILE_COPY clones anyway; none is wanted in the middle of a run.
    checkpoint_timeout: '1h',
    max_wal_size: '4GB',
    autovacuum: 'off',
    jit: 'off',
    shared_buffers: '128MB',
    // In the data directory, so that they go with it; /dev/shm is too small for them in many containers, and keeps what a killed server leaves.
    dynamic_shared_memory_type: 'mmap',
    max_connections: '60',
    // A history's whole schema may be locked by one transaction.
    max_locks_per_transaction: '256',
    max_prepared_transactions: '10',
    TimeZone: 'UTC',
    log_timezone: 'UTC',
    log_min_messages: 'fatal',
    log_min_error_statement: 'panic',
    logging_collector: 'off',
    restart_after_crash: 'on',
    ...(major >= 18 ? { io_method: 'sync' } : {}),
  }
}

/** For `startCluster`'s `settings` where a crash is the subject: what was committed survives it. */
export const durableServerSettings: Readonly<Record<string, string>> = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
}
