import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { useCluster } from 'godwit/vitest'
import { type LoadedPlan, type Observed, observe, type Plan, type Readiness, readPlan, ready } from '../../../harness/operations/index.ts'
import { addObservations, createObservations, hasObservations, readObservations } from '../../../harness/operations/ready/observations.ts'
import { openShop, type Shop } from './production.ts'

/** A database with a schema, and a superuser's session on it. */
export type Store = Shop

export async function openStore(sql: string): Promise<Store> {
  return openShop(await useCluster(), sql)
}

/** A plan with a clean-up, read from files of its own. */
export async function planOf(cleanUp: string, plan: Omit<Plan, 'cleanUp'>): Promise<LoadedPlan> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-plan-'))
  try {
    await writeFile(join(folder, 'clean-up.sql'), cleanUp)
    await writeFile(join(folder, 'plan.mjs'), `export default ${JSON.stringify({ name: 'plan', cleanUp: 'clean-up.sql', ...plan })}`)
    return { ...(await readPlan(join(folder, 'plan.mjs'))) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const { signal } = new AbortController()
const say = () => undefined

export function observeIn({ url }: Pick<Store, 'url'>, plan: LoadedPlan): Promise<Observed> {
  return observe({ url, plan, create: true, signal, say })
}

export function readyIn({ url }: Pick<Store, 'url'>, plan: LoadedPlan, run = false): Promise<Readiness> {
  return ready({ url, plan, run, signal, say })
}

/** Why a plan is not ready, as `check: reason`, dates left out. */
export function reasonsOf({ checks }: Readiness): readonly string[] {
  return checks.flatMap(({ id, reasons }) => reasons.map((reason) => `${id}: ${reason.replaceAll(/\d{4}-\d\d-\d\d(T[\d:.]+Z)?/g, 'DAY')}`))
}

/**
 * Record observations as `godwit observe` would have on earlier days.
 *
 * @param daysAgo  Days before today, the oldest first: one observation of each check on each.
 */
export async function observedBefore(
  { session }: Pick<Store, 'session'>,
  plan: LoadedPlan,
  daysAgo: readonly number[] = Array.from({ length: plan.cleanDays }, (_, at) => plan.cleanDays - at),
  found: { readonly wrong: number; readonly examples: readonly (readonly (readonly [string, string | null])[])[] } = {
    wrong: 0,
    examples: [],
  },
): Promise<void> {
  if (!(await hasObservations(session, plan.observations))) await createObservations(session, plan.observations)
  for (const days of daysAgo) {
    const { at } = await session.one<{ at: string }>(
      `SELECT to_char((now() AT TIME ZONE 'UTC')::date - $1::int + time '12:00', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at`,
      [days],
    )
    const before = await readObservations(session, plan.observations, plan.name)
    const entries = plan.checks.map(({ id, digest }) => ({ plan: plan.name, checkId: id, checkDigest: digest, at, seen: '0', ...found }))
    await addObservations(session, plan.observations, before, entries)
  }
}
