import type { History, HistoryStep } from '../formats/index.ts'
import type { Step } from '../migration/index.ts'
import { applyStep } from '../migration/index.ts'
import type { Cluster } from '../postgres/index.ts'
import type { SourceResult } from '../result/index.ts'
import type { HistoryEnvironment } from './history-environment.ts'

/**
 * Some tools apply all pending steps in one transaction: what works step by step may fail so on a new database (an enum label that a later
 * step uses, an index made concurrently).
 *
 * @returns What fails then, one sentence for each batch; that it was not tried, where a step fails by itself already.
 */
export async function applyBatches(
  cluster: Cluster,
  history: History,
  environment: HistoryEnvironment,
  broken: SourceResult['brokenAt'] | undefined,
): Promise<readonly string[]> {
  if (history.steps.every((step) => step.batch === undefined)) return []
  if (broken !== undefined && broken !== null) return notTried(history.format, broken.migration)
  await using database = await cluster.clone(environment.template)
  await using session = await database.connect({ as: 'owner', settings: environment.settings })
  const notes: string[] = []
  for (const batch of batchesOf(history.steps)) {
    const alone = batch.length === 1 ? batch[0] : undefined
    if (alone !== undefined && alone.batch === undefined) {
      if (alone.up.kind !== 'opaque') await applyStep(session, environment.stepFor(alone.up), { url: database.url() })
      continue
    }
    await session.script('BEGIN')
    for (const step of batch) {
      const failure = await failureOf(step, (up) => applyStep(session, environment.stepFor(up), { enclosed: true, url: database.url() }))
      if (failure === undefined) continue
      await session.script('ROLLBACK')
      notes.push(
        `${history.format} applies all pending steps in one transaction: on a new database "${step.name}" fails so at ${failure}, though each step applies by itself`,
      )
      return notes
    }
    await session.script('COMMIT')
  }
  return notes
}

/** What is said where a step fails by itself already. */
export function notTried(format: string, broken: string): readonly string[] {
  return [`${format} applies all pending steps in one transaction: that was not tried, because "${broken}" does not apply by itself`]
}

async function failureOf(step: HistoryStep, apply: (up: Step) => ReturnType<typeof applyStep>): Promise<string | undefined> {
  if (step.up.kind !== 'sql') return undefined
  try {
    const outcome = await apply(step.up)
    if (outcome.outcome === 'applied') return undefined
    return `${outcome.failure.file}:${outcome.failure.line}: ${outcome.failure.message} (${outcome.failure.sqlstate})`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function batchesOf(steps: readonly HistoryStep[]): readonly (readonly HistoryStep[])[] {
  const batches: HistoryStep[][] = []
  for (const step of steps) {
    const last = batches.at(-1)
    if (last !== undefined && step.batch !== undefined && last[0]?.batch === step.batch) last.push(step)
    else batches.push([step])
  }
  return batches
}
