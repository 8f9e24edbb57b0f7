import { type RunObservation, revertedOf } from '../../harness/run/index.ts'
import { type CatalogKind, catalogKinds, catalogSabotages } from './saboteur-catalog.ts'
import type { RandomSource } from './saboteur-random.ts'
import { dataKinds, doFirst, goesThrough, sabotagesOf, vulnerable } from './saboteur-sabotage.ts'
import { type Baseline, type Prepared, requestFor, shownBy } from './saboteur-subject.ts'

/** One sabotage that went through and left a trace, and whether it was noticed. */
export interface Attempt {
  readonly id: string
  readonly dataset: number
  readonly kind: string
  readonly spoils: string
  readonly sql: string
  readonly caught: boolean
  /** The rows of the spoilt relation without and with the sabotage, and the legacy rows. */
  readonly rows: string
}

/** Spoil rows and cells that `up` left, one for each run, until `count` of them left a trace. */
export async function sabotageData(prepared: Prepared, random: RandomSource, count: number): Promise<readonly Attempt[]> {
  const { id, subject, runner, baselines } = prepared
  const targets = new Map(baselines.map((each) => [each, vulnerable(subject, each.run)]))
  const attempts: Attempt[] = []
  for (let at = 0; attempts.length < count && at < count * 6; at += 1) {
    const [kind, baseline] = [dataKinds[at % dataKinds.length], random.pick(baselines)]
    const those = baseline === undefined ? undefined : targets.get(baseline)
    if (kind === undefined || baseline === undefined || those === undefined || baseline.run.migrated === undefined) continue
    const sabotages = sabotagesOf(kind, those, baseline.run, random)
    if (sabotages.length === 0) continue
    const { migrated } = baseline.run
    let done: Awaited<ReturnType<typeof doFirst>>
    const run = await runner.run(subject, {
      ...requestFor(baseline.dataset),
      sabotage: async (session) => {
        done = await doFirst(session, migrated, sabotages)
      },
    })
    if (done === undefined || !leftTrace(baseline.run, run)) continue
    const { sabotage, sql } = done
    const caught = shownBy(subject, run, false).some((each) => !baseline.shown.has(each))
    attempts.push({
      id,
      dataset: baseline.number,
      kind,
      spoils: sabotage.spoils,
      sql: `row ${sabotage.rows} of ${sabotage.relation}: ${sql}`,
      caught,
      rows: caught ? '' : rowsOf(baseline.run, run, sabotage.relation),
    })
  }
  return attempts
}

/** Spoil the schema that `down` left, one for each run; fewer than `count` where there is nothing to spoil, none without `down`. */
export async function sabotageCatalog(prepared: Prepared, random: RandomSource, count: number, owner: string): Promise<readonly Attempt[]> {
  const { id, subject, runner } = prepared
  const baseline: Baseline | undefined = prepared.baselines[0]
  if (subject.migration.down === undefined || baseline === undefined) return []
  const request = { ...requestFor(baseline.dataset), phases: ['up', 'down'], deep: true } as const
  const unspoilt = await runner.run(subject, request)
  if (revertedOf(unspoilt)?.outcome !== 'applied') return []
  const shown = new Set(shownBy(subject, unspoilt, true))
  const attempts: Attempt[] = []
  const first = random.below(catalogKinds.length)
  for (let at = 0; attempts.length < count && at < count * 3; at += 1) {
    const kind: CatalogKind | undefined = catalogKinds[(at + first) % catalogKinds.length]
    if (kind === undefined) continue
    const sabotages = random.shuffle(catalogSabotages(kind, subject.legacy, owner)).slice(0, 6)
    let done: string | undefined
    if (sabotages.length === 0) continue
    const run = await runner.run(subject, {
      ...request,
      sabotage: async (session, after) => {
        if (after !== 'down') return
        for (const sql of sabotages) if (done === undefined && (await goesThrough(session, sql))) done = sql
      },
    })
    if (done === undefined) continue
    const caught = shownBy(subject, run, true).some((each) => !shown.has(each) && each.startsWith('rollback-restores-state'))
    attempts.push({ id, dataset: baseline.number, kind, spoils: 'what down restored', sql: done, caught, rows: '' })
  }
  return attempts
}

/** Whether a run ends in other rows than the unspoilt one: what swaps with its equal does not. */
function leftTrace(unspoilt: RunObservation, spoilt: RunObservation): boolean {
  const before = unspoilt.migrated?.rows ?? new Map()
  return [...(spoilt.migrated?.rows ?? [])].some(([path, { rows }]) => rowsAsText(rows) !== rowsAsText(before.get(path)?.rows ?? []))
}

function rowsAsText(rows: readonly (readonly (string | null)[])[]): string {
  return rows
    .map((row) => JSON.stringify(row))
    .sort()
    .join('\n')
}

function rowsOf(unspoilt: RunObservation, spoilt: RunObservation, relation: string): string {
  const legacy = [...unspoilt.legacy.rows].map(
    ([path, { attributes, rows }]) =>
      `  legacy ${path} ${JSON.stringify(attributes)}\n    ${rows.map((row) => JSON.stringify(row)).join('\n    ')}`,
  )
  const state = (run: RunObservation) =>
    run.migrated?.rows
      .get(relation)
      ?.rows.map((row) => JSON.stringify(row))
      .join('\n    ')
  return [
    ...legacy,
    `  ${relation} ${JSON.stringify(unspoilt.migrated?.rows.get(relation)?.attributes)} unspoilt\n    ${state(unspoilt)}`,
    `  spoilt\n    ${state(spoilt)}`,
  ].join('\n')
}
