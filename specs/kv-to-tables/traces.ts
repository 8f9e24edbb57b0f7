import type { Session } from 'godwit'

/** Everything in the database that a write would leave a trace in: relations, and the version of every row. Temporary ones aside. */
export async function readTraces(session: Session): Promise<readonly string[]> {
  const relations = await session.query<{ name: string; kind: string }>(
    `SELECT c.oid::regclass::text AS name, c.relkind::text AS kind FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1`,
  )
  const traces: string[] = []
  for (const { name, kind } of relations) {
    traces.push(name)
    if (kind !== 'r') continue
    const rows = await session.query<{ row: string }>(`SELECT concat_ws(' ', t.xmin, t.ctid, t::text) AS row FROM ${name} AS t`)
    traces.push(...rows.map(({ row }) => `${name} ${row}`).sort())
  }
  return traces
}
