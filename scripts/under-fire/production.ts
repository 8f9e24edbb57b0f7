import { type Session, type StartedCluster, startCluster } from '../../harness/postgres/index.ts'

/** A server of somebody else, with a database that is in use beside ours. */
export interface Production extends AsyncDisposable {
  readonly cluster: StartedCluster
  readonly session: Session
  /** Its URL for another database of it. */
  urlOf(database: string): string
}

export async function startProduction(settings: Readonly<Record<string, string>> = {}): Promise<Production> {
  const cluster = await startCluster({ kind: 'embedded', major: undefined }, { settings })
  const home = await cluster.createDatabase()
  const session = await home.connect()
  return {
    cluster,
    session,
    urlOf(database) {
      const url = new URL(home.url())
      url.pathname = `/${encodeURIComponent(database)}`
      return url.href
    },
    async [Symbol.asyncDispose]() {
      await session.close()
      await cluster.stop()
    },
  }
}

/** Everything on the server that belongs to no database alone, and the databases that runs make for themselves. */
export async function guestsOf(session: Session): Promise<readonly string[]> {
  const guests = await session.query<{ name: string }>(
    `SELECT 'database ' || datname AS name FROM pg_database UNION ALL SELECT 'role ' || rolname FROM pg_roles`,
  )
  return guests.map(({ name }) => name).toSorted()
}

/** Wait until nobody but us is connected. */
export async function untilAlone(session: Session, deadlineMs = 20_000): Promise<void> {
  const until = Date.now() + deadlineMs
  const others = `SELECT count(*)::int AS count FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
    AND application_name NOT IN (SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid())`
  while ((await session.one<{ count: number }>(others)).count > 0) if (Date.now() > until) return
}
