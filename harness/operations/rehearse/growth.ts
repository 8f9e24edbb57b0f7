import type { Step } from '../../migration/index.ts'
import { StatementError } from '../../postgres/index.ts'
import { growthOf, type MigrationPass } from '../../result/index.ts'
import { type StatementTime, timeStep } from '../../run/index.ts'
import type { Copy } from './copy.ts'
import type { GrowthResult } from './model.ts'
import { thinRows } from './thin-rows.ts'

export interface GrowthWork {
  readonly copy: Copy
  readonly up: Step
  readonly down: Step | undefined
  /** Whether `down` has brought back everything. */
  readonly comesBack: boolean
  /** Paths of the tables that the migration reaches. */
  readonly tables: readonly string[]
  readonly windowMs: number
  readonly signal: AbortSignal
  readonly say: (line: string) => void
}

/** In percent, largest first: on a copy by URL each sample is taken from the one before. */
const samples = [100, 30, 10, 3, 1] as const

/** The first pass over a sample may find less in memory than the others. */
const passesOfEach = 2

interface SamplePass extends MigrationPass {
  /** In percent of the rows. */
  readonly sample: number
}

/** With fewer rows, what is measured is the work that every run has. */
const FEWEST_ROWS = 1000

/**
 * Run `up` on samples of 100 to 1 % of the rows, twice each, and say how its duration grows.
 *
 * A dump is restored again for each pass; a database by its URL is put back by `down`, and its rows are removed for good.
 *
 * @param rows  Of the tables together, as they are now.
 */
export async function measureGrowth(work: GrowthWork, rows: number): Promise<GrowthResult> {
  const { copy, comesBack } = work
  if (rows < FEWEST_ROWS)
    return notMeasured(`the tables that the migration reaches have ${rows} rows, and at least ${FEWEST_ROWS} are needed.`)
  if (copy.again === undefined && !comesBack)
    return notMeasured('there is no working down that puts the copy back. --dump restores it again for each pass.')
  try {
    const passes = copy.again === undefined ? await inPlace(work) : await onFreshCopies(work, copy.again)
    return await resultOf(passes, work.windowMs)
  } catch (error) {
    if (error instanceof StatementError && error.sqlstate === '42501')
      return notMeasured(`the role "${copy.role}" may not thin out the rows: that takes a superuser.`)
    if (error instanceof SampleFails) return notMeasured(error.message)
    throw error
  }
}

function notMeasured(because: string): GrowthResult {
  return { outcome: 'not-measured', because }
}

/** `up` or `down` fails on a sample, of which rows that belong together by no foreign key may be missing. */
class SampleFails extends Error {}

/** In rounds over all samples, so that what else the machine does falls on all alike. */
async function onFreshCopies(work: GrowthWork, again: () => Promise<Copy>): Promise<readonly SamplePass[]> {
  const passes: SamplePass[] = []
  for (let round = 0; round < passesOfEach; round += 1)
    for (const sample of samples) {
      await using copy = await again()
      const rows = await thin(copy, work, sample / 100)
      passes.push({ sample, rows, ...(await timed(copy, work.up, work, sample)) })
    }
  return passes
}

/** Sample after sample: the rows that were thinned out do not come back. */
async function inPlace(work: GrowthWork): Promise<readonly SamplePass[]> {
  const passes: SamplePass[] = []
  let before = 100
  for (const sample of samples) {
    const rows = await thin(work.copy, work, sample / before)
    before = sample
    for (let time = 0; time < passesOfEach; time += 1) {
      passes.push({ sample, rows, ...(await timed(work.copy, work.up, work, sample)) })
      if (work.down !== undefined) await timed(work.copy, work.down, work, sample)
    }
  }
  return passes
}

async function thin(copy: Copy, { tables, signal }: GrowthWork, share: number): Promise<number> {
  signal.throwIfAborted()
  await using session = await copy.observe()
  return await thinRows(session, tables, share)
}

async function timed(
  copy: Copy,
  step: Step,
  { signal, say }: GrowthWork,
  percent: number,
): Promise<Pick<MigrationPass, 'durationMs' | 'statements'>> {
  signal.throwIfAborted()
  say(`growth: ${percent} % of the rows`)
  await using session = await copy.connect()
  const { outcome, statements } = await timeStep(session, step, { url: copy.url, signal })
  signal.throwIfAborted()
  if (outcome.outcome === 'applied') return { durationMs: outcome.durationMs, statements }
  const { file, line, message, sqlstate } = outcome.failure
  throw new SampleFails(`${file}:${line} fails on a sample of ${percent} % of the rows: ${message} (${sqlstate}).`)
}

async function resultOf(passes: readonly SamplePass[], windowMs: number): Promise<GrowthResult> {
  return {
    outcome: 'measured',
    passes: passes.map(({ statements, ...pass }) => ({ ...pass, temporaryBytes: bytesOf(statements) })),
    ...(await growthOf(passes, windowMs)),
  }
}

function bytesOf(statements: readonly StatementTime[]): number | null {
  if (statements.some(({ temporaryBytes }) => temporaryBytes === undefined)) return null
  return statements.reduce((sum, { temporaryBytes = 0 }) => sum + temporaryBytes, 0)
}
