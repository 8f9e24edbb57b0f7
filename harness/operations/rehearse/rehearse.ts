import { readCatalog } from '../../catalog/index.ts'
import { EnvironmentError, InputError } from '../../errors.ts'
import type { Contract, Failure, Step } from '../../migration/index.ts'
import { quoteName, type Session, StatementError } from '../../postgres/index.ts'
import { packageVersion } from '../../report/index.ts'
import type { FindingResult } from '../../result/index.ts'
import { refuseHalfSight } from '../evidence/access.ts'
import { type EvidenceMigration, reachedTables, storedTables } from '../evidence/scope.ts'
import { nameOf } from '../evidence/table-name.ts'
import { readMeasure } from '../evidence/totals.ts'
import type { VerifiedLearned } from '../learn-migrations.ts'
import { type CompiledQueries, compileQueries } from '../queries/compile-queries.ts'
import { savedSchema } from '../queries/query.ts'
import { type Applied, applyMetered } from './apply-metered.ts'
import { checkSchema } from './check-schema.ts'
import { compareRows, dropSavedRows, saveRows } from './compare.ts'
import type { Copy } from './copy.ts'
import { comparePredictions, disagreementsOf, judgeSeen, predictable, verdictOf } from './judge.ts'
import { maskOfRun } from './mask.ts'
import type { CheckResult, GrowthResult, Rehearsal } from './model.ts'
import { readState, type StateOfCopy } from './state-of-copy.ts'
import { untilAborted } from './until-aborted.ts'

/** The migration as its files have it. */
export interface RehearsedMigration {
  readonly name: string
  readonly digest: string
  readonly up: Step
  readonly down: Step | undefined
  readonly contract: Contract
}

export interface RehearseOptions {
  readonly migration: RehearsedMigration
  /** For the tables that it can reach. */
  readonly reach: EvidenceMigration
  readonly verified: VerifiedLearned
  readonly copy: Copy
  readonly windowMs: number
  readonly showValues: boolean
  /** Whether to run `up` again on samples of the rows. */
  readonly growth: boolean
  readonly failOn: 'error' | 'warning' | undefined
  readonly signal: AbortSignal
  /** Gets a line for people at each step. */
  readonly say: (line: string) => void
}

/** All that is known before anything is done. */
interface Prepared {
  readonly compiled: CompiledQueries
  readonly tables: readonly string[]
  readonly notes: readonly string[]
  readonly before: StateOfCopy
  readonly measures: Rehearsal['measures']
  readonly concerned: ReadonlyMap<string, number>
}

/**
 * Run a migration on a copy of real data, compare every row with what it was, and go back again.
 *
 * The copy is changed for good; what was kept for the comparison is removed from it in any case.
 *
 * @throws {InputError} When nothing was learned, or the copy is not in the state just before the migration.
 * @throws {EnvironmentError} When the role of the copy may not do what the migration does.
 */
export async function rehearse(options: RehearseOptions): Promise<Rehearsal> {
  const startedAt = new Date()
  const startMs = performance.now()
  const { copy, say, signal } = options
  await using observer = await copy.observe()
  const phase = { name: 'reading totals' }
  using _ = untilAborted(copy, signal)
  try {
    const prepared = await prepare(options, observer)
    phase.name = 'up'
    const mask = options.showValues ? (item: string) => item : maskOfRun()
    say('keeping the legacy rows for the comparison')
    await saveRows(observer, prepared.compiled)
    say('up')
    const up = await applyMetered(copy, options.migration.up, { signal })
    signal.throwIfAborted()
    refuseFewRights(copy, up.failure)
    say('comparing all rows')
    const checks = up.failure === undefined ? await compareRows(observer, prepared.compiled, { mask, signal }) : []
    const after = up.failure === undefined ? await rowsAfter(observer, prepared) : new Map<string, number>()
    await dropSavedRows(observer)
    phase.name = 'down'
    const back = up.failure === undefined ? await goBack(options, observer, prepared) : undefined
    const growth: GrowthResult = { outcome: 'not-measured', because: 'it is not measured yet.' }
    return assemble(options, prepared, { startedAt, durationMs: performance.now() - startMs, up, checks, after, back, growth })
  } catch (error) {
    if (!signal.aborted) throw error
    say(leftText(copy, phase.name))
    throw error
  } finally {
    await dropSavedRows(observer).catch((error: unknown) => {
      if (!(error instanceof StatementError)) throw error
    })
  }
}

function leftText({ kind, place }: Copy, phase: string): string {
  if (kind === 'dump') return 'interrupted: the restored copy is removed'
  if (phase === 'reading totals') return `interrupted: nothing was changed on ${place}`
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
  const compiled = compileQueries({ legacy, migrated, knowledge, reached: new Set(reached.tables) }, migration.contract)
  const relations = new Set([...compiled.saved.map(({ relation }) => relation), ...knowledge.written])
  const notes = checkSchema(copy.place, catalog, { legacy, migrated, relations })
  const stored = new Set(storedTables(catalog))
  const tables = [...new Set([...reached.tables, ...relations])].filter((path) => stored.has(path))
  await refuseHalfSight(observer, new Set(tables))
  say(`reading the totals of ${tables.length} tables`)
  const before = await readState(observer, tables)
  const measures = []
  for (const measure of migration.contract.measures ?? []) measures.push(await readMeasure(observer, measure, await searchPathOf(observer)))
  return { compiled, tables, notes, before, measures, concerned: await countConcerned(observer, predictable(verified.result)) }
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

/** Rows of the same tables, and of those that are new. */
async function rowsAfter(session: Session, { before, tables }: Prepared): Promise<ReadonlyMap<string, number>> {
  const catalog = await readCatalog(session)
  const paths = storedTables(catalog).filter((path) => tables.includes(path) || !before.catalog.relations.has(path))
  const counts = new Map<string, number>()
  for (const path of paths) {
    const { rows } = await session.one<{ rows: string }>(`SELECT count(*)::text AS rows FROM ONLY ${quoteName(nameOf(path))}`)
    counts.set(path, Number(rows))
  }
  return counts
}

/** What came of `down`. */
export interface Back {
  readonly applied: Applied
  readonly reverted: StateOfCopy | undefined
}

async function goBack(
  { migration, copy, signal, say }: RehearseOptions,
  observer: Session,
  { tables }: Prepared,
): Promise<Back | undefined> {
  if (migration.down === undefined) return undefined
  say('down')
  const applied = await applyMetered(copy, migration.down, { signal })
  signal.throwIfAborted()
  if (applied.failure !== undefined) return { applied, reverted: undefined }
  say('comparing with the totals before')
  return { applied, reverted: await readState(observer, tables) }
}

interface Done {
  readonly startedAt: Date
  readonly durationMs: number
  readonly up: Applied
  readonly checks: readonly CheckResult[]
  readonly after: ReadonlyMap<string, number>
  readonly back: Back | undefined
  readonly growth: GrowthResult
}

function assemble(options: RehearseOptions, prepared: Prepared, done: Done): Rehearsal {
  const { migration, verified, copy, windowMs, failOn } = options
  const { before, compiled } = prepared
  const knowledge = verified.learned?.subject.knowledge
  const predicted = predictable(verified.result)
  const rows = new Map([...before.totals].map(([path, each]) => [path, each.rows]))
  const context = { migration: migration.name, knowledge: knowledge ?? nowhere, predicted, rows }
  const judged = judgeSeen(
    {
      checks: done.checks,
      up: done.up.failure,
      down: done.back?.applied.failure,
      before,
      reverted: done.back?.reverted,
      keysByDown: knowledge?.keysByDown ?? new Set(),
    },
    context,
  )
  const { findings } = judged
  const savedRows = compiled.saved.reduce((sum, { relation }) => sum + (rows.get(relation) ?? 0), 0)
  const looked = new Set(['applies', ...(done.up.failure === undefined ? ['zero-loss', 'quantity-parity', 'no-orphans'] : [])])
  if (done.back !== undefined) looked.add('rollback-restores-state')
  return {
    version: 1,
    godwit: packageVersion(),
    migration: migration.name,
    digest: migration.digest,
    ...verdictOf({ findings, checks: done.checks, rows: compiled.saved.length === 0 ? undefined : savedRows, failOn }),
    startedAt: done.startedAt.toISOString(),
    durationMs: done.durationMs,
    copy: { kind: copy.kind, place: copy.place, server: copy.version.text, role: copy.role, bytes: copy.bytes },
    window: { ms: windowMs, kept: done.up.failure === undefined ? done.up.result.durationMs <= windowMs : null },
    totals: [...before.totals.values()].map((each) => ({ ...each, after: done.after.get(each.table) ?? null })),
    made: [...done.after].flatMap(([table, after]) =>
      before.totals.has(table) || table.startsWith(`${savedSchema}.`) ? [] : [{ table, rows: after }],
    ),
    measures: prepared.measures,
    up: done.up.result,
    checks: done.checks,
    down: done.back === undefined ? null : { ...done.back.applied.result, equal: judged.equal },
    growth: done.growth,
    predicted: verified.result.verdict,
    predictions: comparePredictions(predicted, findings, prepared.concerned, looked),
    findings,
    disagreements: disagreementsOf(findings),
    notChecked: notChecked(options, prepared, done),
  }
}

const nowhere = { locate: () => undefined, locateDown: () => undefined }

function notChecked({ migration, copy }: RehearseOptions, { compiled, notes }: Prepared, { up, growth }: Done): readonly string[] {
  return [
    ...copy.notes,
    ...notes,
    ...compiled.notChecked,
    ...(up.failure === undefined ? [] : ['Rows after the migration, and the way back: up fails.']),
    ...(migration.down === undefined ? ['The way back: there is no down.'] : []),
    ...(growth.outcome === 'not-measured' ? [`Growth: ${growth.because}`] : []),
    'How long clients wait: nobody uses the copy. godwit verify --online applies the migration under traffic.',
    'What other roles may read and write after the migration: godwit verify compares that on generated rows.',
  ]
}
