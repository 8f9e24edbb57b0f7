import { type Session, StatementError } from '../../postgres/index.ts'
import type { CompiledQueries } from '../queries/compile-queries.ts'
import { type Query, savedSchema } from '../queries/query.ts'
import type { Mask } from './mask.ts'
import type { CheckResult } from './model.ts'
import { travellingTables } from './travelling-rows.ts'

/** Values are saved as texts: what a text looks like must not depend on the session. */
const pinned = `
SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 1; SET bytea_output = 'hex';
SET row_security = off; SET work_mem = '64MB'`

const MOST_SAMPLES = 5

/**
 * Keep the legacy rows that are compared later, in a schema of their own on the copy.
 *
 * @throws {StatementError} What the server refuses.
 */
export async function saveRows(session: Session, { saved, queries }: CompiledQueries): Promise<void> {
  await session.script(pinned)
  await session.script(`CREATE SCHEMA ${savedSchema}`)
  for (const { sql, table } of saved) {
    await session.script(sql)
    await session.script(`ANALYZE ${table}`)
  }
  for (const sql of queries.flatMap((query) => query.saves)) await session.script(sql)
}

export async function dropSavedRows(session: Session): Promise<void> {
  await session.script(`SET client_min_messages = 'warning'; DROP SCHEMA IF EXISTS ${savedSchema} CASCADE`)
}

/** Ask everything of the migrated copy; all rows stay on the server but for a few masked samples. */
export async function compareRows(
  session: Session,
  { presence, queries }: CompiledQueries,
  { mask, signal }: { readonly mask: Mask; readonly signal: AbortSignal },
): Promise<readonly CheckResult[]> {
  await session.script(pinned)
  const first = await check(session, presence, mask)
  if (first.differing !== 0) return [first]
  const results = [first]
  for (const query of queries) {
    signal.throwIfAborted()
    results.push(await check(session, query, mask))
  }
  return results
}

interface Answer {
  readonly differing: string
  readonly ways: Readonly<Record<string, number>> | null
  readonly samples: readonly string[] | null
}

async function check(session: Session, query: Query, mask: Mask): Promise<CheckResult> {
  const startMs = performance.now()
  const { about, title } = query
  const base = { title, check: about.check, relation: about.relation ?? null, attribute: about.attribute ?? null }
  const refused = (because: string): CheckResult => {
    return { ...base, differing: null, alterations: {}, samples: [], durationMs: performance.now() - startMs, because }
  }
  try {
    const question = questionOf(query)
    const travelling = about.check === 'measure' ? [] : await travellingTables(session, question)
    if (travelling.length > 0) return refused(`rows of ${travelling.join(', ')} would travel from other servers`)
    const { differing, ways, samples } = await session.one<Answer>(question)
    const shown = isOfRows(query) ? (samples ?? []).map(mask) : (samples ?? [])
    const durationMs = performance.now() - startMs
    return { ...base, differing: Number(differing), alterations: ways ?? {}, samples: shown, durationMs, because: '' }
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    return refused(`${error.message} (${error.sqlstate})`)
  }
}

/** Whether its items are rows with their values, and not names of columns or totals. */
function isOfRows({ about }: Query): boolean {
  return about.check !== 'presence' && about.check !== 'total'
}

function questionOf({ finds }: Query): string {
  return `
WITH found AS MATERIALIZED (
${finds}
)
SELECT (SELECT count(*) FROM found)::text AS differing,
  (SELECT json_object_agg(way, items) FROM (SELECT ${way} AS way, count(*) AS items FROM found GROUP BY 1 ORDER BY 2 DESC) AS w) AS ways,
  (SELECT json_agg(item) FROM (SELECT item FROM found ORDER BY item LIMIT ${MOST_SAMPLES}) AS s) AS samples`
}

const way = `CASE WHEN difference ~ '^-[\\d.]' THEN 'less' WHEN difference ~ '^[\\d.]' THEN 'more' ELSE coalesce(difference, 'missing') END`
