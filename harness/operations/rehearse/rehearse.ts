import { readCatalog, readObjects } from '../../catalog/index.ts'
import { EnvironmentError, InputError } from '../../errors.ts'
import type { Failure } from '../../migration/index.ts'
import { type Session, StatementError } from '../../postgres/index.ts'
import type { FindingResult } from '../../result/index.ts'
import { readMetricsBefore } from '../../run/index.ts'
import { refuseHalfSight } from '../evidence/access.ts'
import { foreignTables, reachedTables, storedTables } from '../evidence/scope.ts'
import { readMeasure } from '../evidence/totals.ts'
import { foreignLeavesOf } from '../foreign/foreign-tables.ts'
import { sumWhereRowsAre } from '../foreign/sum-where-rows-are.ts'
import { compileQueries } from '../queries/compile-queries.ts'
import { savedSchema } from '../queries/query.ts'
import { type Applied, applyMetered } from './apply-metered.ts'
import { type AccessSeen, assembleRehearsal, type Back, judgeCopy, type Prepared, type SeenOnCopy } from './assemble.ts'
import { checkSchema } from './check-schema.ts'
import { startCopyClients } from './clients.ts'
import { compareRows, dropSavedRows, saveRows } from './compare.ts'
import { readMetricsOnCopy } from './contract-metrics.ts'
import type { Copy } from './copy.ts'
import { withForeignServers } from './copy-servers.ts'
import { type EventLog, openEventLog } from './event-log.ts'
import { refuseForeignWrites } from './foreign-writes.ts'
import { measureGrowth } from './growth.ts'
import { predictable } from './judge.ts'
import { withLostColumns } from './lost-columns.ts'
import { maskOfRun } from './mask.ts'
import type { CheckResult, GrowthResult, Rehearsal } from './model.ts'
import type { RehearseOptions } from './options.ts'
import { restoreOf } from './restore.ts'
import { compareReverted } from './reverted-rows.ts'
import { readRights } from './rights.ts'
import { readRowsOfRoles, type SecuredTables, securedTables } from './rows-of-roles.ts'
import { spreadChecks, unanswered } from './spread-checks.ts'
import { spreadRelations, sumSpread, withoutSpread } from './spread-rows.ts'
import { readState, readTotals } from './state-of-copy.ts'
import type { StepEvent } from './step-events.ts'
import { travellingTables } from './travelling-rows.ts'
import { untilAborted } from './until-aborted.ts'

/** The phase in which nothing is written to the copy. */
const reading = 'reading totals'

/**
 * Run a migration on a copy of real data, compare every row with what it was, and go back again.
 *
 * The copy is changed for good; what was kept for the comparison is removed from it in any case.
 *
 * @throws {InputError} When nothing was learned, the copy is not in the state just before the migration, or the migration can write to servers
 * that the copy names.
 * @throws {EnvironmentError} When the role of the copy may not do what the migration does.
 */
export async function rehearse(options: RehearseOptions): Promise<Rehearsal> {
  const startedAt = new Date()
  const startMs = performance.now()
  const { copy, migration, say, signal } = options
  await using events = await openEventLog(copy, options.events)
  await using observer = await copy.observe()
  const phase = { name: reading }
  using _ = untilAborted(copy, signal)
  try {
    const prepared = await prepare(options, observer)
    phase.name = 'up'
    const mask = options.showValues ? (item: string) => item : maskOfRun()
    say('keeping the legacy rows for the comparison')
    await saveRows(observer, prepared.compiled)
    const metricsBefore = await readMetricsBefore(observer, migration.contract.metrics ?? [])
    say('up')
    const up = await goUp(options, observer, telling(events, migration, 'up'))
    signal.throwIfAborted()
    refuseFewRights(copy, up.failure)
    say('comparing all rows')
    const after = up.failure === undefined ? await compareElsewhere(options, observer, prepared) : nothingAfter
    const kept = up.failure === undefined ? await compareRows(observer, prepared.compiled, { mask, signal }) : []
    const metrics = up.failure === undefined ? await readMetricsOnCopy(observer, migration.contract.metrics ?? [], metricsBefore, mask) : []
    const access = up.failure === undefined ? await readAccess(observer, prepared.secured, prepared.access) : undefined
    phase.name = 'down'
    const back = up.failure === undefined ? await goBack(options, observer, prepared, telling(events, migration, 'down')) : undefined
    await dropSavedRows(observer)
    const checks = [...kept, ...after.checks, ...notCountedAgain(prepared, back)]
    const seen = { startedAt, up, checks, metrics, after: after.rows, access, back }
    const judged = judgeCopy(options, prepared, seen)
    phase.name = 'growth'
    const growth = await growthOf(options, prepared, seen, judged.equal === true)
    return assembleRehearsal(options, prepared, { ...seen, ...judged, durationMs: performance.now() - startMs, growth })
  } catch (error) {
    if (!signal.aborted) throw error
    say(leftText(copy, phase.name))
    // What is cancelled may be a look of ours as well.
    throw signal.reason
  } finally {
    // Also DROP SCHEMA IF EXISTS fires event triggers, which may write to other servers.
    if (phase.name !== reading)
      await dropSavedRows(observer).catch((error: unknown) => {
        if (!(error instanceof StatementError)) throw error
      })
  }
}

function leftText({ kind, place }: Copy, phase: string): string {
  if (kind === 'dump') return 'interrupted: the restored copy is removed'
  if (phase === reading) return `interrupted: nothing was changed on ${place}`
  return `interrupted during ${phase}: ${place} stays as it is now; take a fresh copy for the next rehearsal`
}

async function prepare(options: RehearseOptions, observer: Session): Promise<Prepared> {
  const { copy, migration, verified, reach, say } = options
  const { learned } = verified
  if (learned?.migrated === undefined || (learned.subject.knowledge.lineage === undefined && learned.subject.knowledge.written.size > 0))
    throw new InputError(`nothing can be compared, because ${migration.name} fails on every generated row`, {
      hint: 'godwit verify shows the failure. Nothing was changed on the copy.',
    })
  const { legacy, knowledge } = learned.subject
  const { migrated } = learned
  const catalog = await readCatalog(observer)
  const reached = await reachedTables(observer, catalog, [reach])
  const source = { legacy, migrated, knowledge, reached: new Set(reached.tables) }
  const spread = spreadRelations(source, catalog)
  const compiled = withoutSpread(withLostColumns(compileQueries(source, migration.contract), source), spread)
  const relations = new Set([...[...compiled.saved, ...spread].map(({ relation }) => relation), ...knowledge.written])
  const notes = checkSchema(copy.place, catalog, { legacy, migrated, relations })
  const stored = new Set(storedTables(catalog))
  const tables = [...new Set([...reached.tables, ...relations])].filter((path) => stored.has(path))
  const foreign = [...new Set([...reached.foreign, ...[...relations].flatMap((path) => foreignLeavesOf(catalog, path))])]
  await refuseForeignWrites(options, observer, catalog, knowledge.written)
  await refuseHalfSight(observer, new Set(tables))
  if (foreign.length > 0)
    say(`${foreign.length} foreign tables can be written: what up writes to one is written on the server that it names`)
  say(
    `reading the totals of ${tables.length + foreign.length} tables${foreign.length === 0 ? '' : `, ${foreign.length} of them on other servers`}`,
  )
  const [before, sums] = await withForeignServers(copy, catalog, options.signal, async (servers) => [
    await readState(observer, [...tables, ...foreign], servers),
    await sumSpread(observer, catalog, spread, 'before', servers),
  ])
  const measures = []
  for (const measure of migration.contract.measures ?? []) {
    // It is the author's own query, which nobody else can divide among servers.
    if (foreign.length > 0) say(`reading the measure ${measure.name}: rows of foreign tables that it reads travel to the copy`)
    measures.push(await readMeasure(observer, measure, await searchPathOf(observer)))
  }
  const secured = securedTables(catalog, tables)
  const access = await readAccess(observer, secured)
  const concerned = await countConcerned(observer, predictable(verified.result))
  return { compiled, tables, foreign, spread, sums, notes, before, secured, access, measures, concerned, restore: await restoreOf(options) }
}

async function readAccess(session: Session, secured: SecuredTables, before?: AccessSeen): Promise<AccessSeen> {
  return { rights: await readRights(session), rows: await readRowsOfRoles(session, secured, before?.rows) }
}

async function searchPathOf(session: Session): Promise<string> {
  const { path } = await session.one<{ path: string }>(
    `SELECT coalesce(string_agg(quote_ident(s), ', '), '""') AS path FROM unnest(current_schemas(false)) AS s`,
  )
  return path
}

/** How many rows of the copy each finding of verification concerns, where a query tells. */
async function countConcerned(session: Session, findings: readonly FindingResult[]): Promise<ReadonlyMap<string, number>> {
  const counted = new Map<string, number>()
  for (const { id, preflight } of findings) {
    if (preflight === null) continue
    try {
      if ((await travellingTables(session, preflight)).length > 0) continue
      const [result] = await session.script(preflight)
      counted.set(id, Number(result?.rows[0]?.[0] ?? 0))
    } catch (error) {
      if (!(error instanceof StatementError)) throw error
    }
  }
  return counted
}

function refuseFewRights({ kind, place, role }: Copy, failure: Failure | undefined): void {
  if (kind !== 'url' || failure?.sqlstate !== '42501') return
  throw new EnvironmentError(`the role "${role}" may not do on ${place} what the migration does`, {
    detail: `${failure.file}:${failure.line}: ${failure.message} (${failure.sqlstate}).`,
    hint: 'Rehearse as the role that migrates production. What ran before is undone where it stood in the same transaction.',
  })
}

/** What was found after `up` without a question to kept rows. */
interface AfterUp {
  /** Of relations with rows on other servers. */
  readonly checks: readonly CheckResult[]
  /** By path. */
  readonly rows: ReadonlyMap<string, number>
}

const nothingAfter: AfterUp = { checks: [], rows: new Map() }

/** Rows of the same tables, and of those that are new; and sums over rows on other servers. */
async function compareElsewhere({ copy, signal }: RehearseOptions, session: Session, prepared: Prepared): Promise<AfterUp> {
  const { before, tables, foreign, spread, sums } = prepared
  const catalog = await readCatalog(session)
  const isNew = (path: string) => !before.catalog.relations.has(path) && !path.startsWith(`${savedSchema}.`)
  const paths = [...storedTables(catalog), ...foreignTables(catalog)].filter(
    (path) => [...tables, ...foreign].includes(path) || isNew(path),
  )
  return await withForeignServers(copy, catalog, signal, async (servers) => {
    const rows = new Map<string, number>()
    for (const path of paths) {
      const counted = await sumWhereRowsAre(session, catalog, path, () => ['count(*)'], servers)
      if (counted.outcome === 'summed') rows.set(path, Number(counted.sums[0]))
    }
    return { rows, checks: spreadChecks(spread, sums, await sumSpread(session, catalog, spread, 'after', servers)) }
  })
}

/** Tables that were counted before `up`, and after `down` no more. */
function notCountedAgain({ before }: Prepared, back: Back | undefined): readonly CheckResult[] {
  const lost = [...(back?.reverted?.notCounted ?? [])].filter(([path]) => before.totals.has(path))
  return lost.map(([path, because]) => unanswered(path, because))
}

type Tell = (event: StepEvent) => Promise<void>

function telling(events: EventLog, { name }: RehearseOptions['migration'], direction: 'up' | 'down'): Tell {
  return (event) => events.write({ at: new Date().toISOString(), migration: name, direction, ...event })
}

async function goUp({ copy, migration, verified, signal }: RehearseOptions, observer: Session, tell: Tell): Promise<Applied> {
  const subject = verified.learned?.subject
  await using clients = subject === undefined ? undefined : await startCopyClients(copy, subject, observer)
  return await applyMetered(copy, migration.up, { signal, clients, tell })
}

async function goBack(
  { migration, copy, signal, say }: RehearseOptions,
  observer: Session,
  { tables, foreign, before, compiled }: Prepared,
  tell: Tell,
): Promise<Back | undefined> {
  if (migration.down === undefined) return undefined
  say('down')
  const applied = await applyMetered(copy, migration.down, { signal, tell })
  signal.throwIfAborted()
  if (applied.failure !== undefined) return { applied, reverted: undefined }
  say('comparing with the totals before')
  const catalog = await readCatalog(observer)
  const { totals, notCounted } = await withForeignServers(copy, catalog, signal, (servers) =>
    readTotals(observer, catalog, [...tables, ...foreign], servers),
  )
  const differing = tables.filter((path) => before.totals.get(path)?.digest !== totals.get(path)?.digest)
  const rows = await compareReverted(observer, compiled, { before: before.catalog, reverted: catalog }, differing)
  await dropSavedRows(observer)
  return { applied, reverted: { catalog, objects: await readObjects(observer), totals, notCounted, rows } }
}

async function growthOf(
  { migration, copy, growth, windowMs, signal, say }: RehearseOptions,
  { tables, before }: Prepared,
  { up }: SeenOnCopy,
  comesBack: boolean,
): Promise<GrowthResult> {
  const none = (because: string): GrowthResult => ({ outcome: 'not-measured', because })
  if (!growth) return none('it was not asked for (--no-growth).')
  if (up.failure !== undefined) return none('up fails.')
  const rows = tables.reduce((sum, path) => sum + (before.totals.get(path)?.rows ?? 0), 0)
  return await measureGrowth({ copy, up: migration.up, down: migration.down, comesBack, tables, windowMs, signal, say }, rows)
}
