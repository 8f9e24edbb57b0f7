import { applyStep, type Step } from '../../migration/index.ts'
import { StatementError } from '../../postgres/index.ts'
import type { Copy } from './copy.ts'
import { fitGrowth, level, rowsAt } from './fit.ts'
import type { GrowthPass, GrowthResult } from './model.ts'
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
const samples = [
  { percent: 100, passes: 2 },
  { percent: 10, passes: 3 },
  { percent: 1, passes: 3 },
] as const

/** With fewer rows, what is measured is the work that every run has. */
const FEWEST_ROWS = 1000

/**
 * Run `up` on samples of 100, 10 and 1 % of the rows, several times each, and say how its duration grows.
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
    return resultOf(passes, work.windowMs)
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

async function onFreshCopies(work: GrowthWork, again: () => Promise<Copy>): Promise<readonly GrowthPass[]> {
  const passes: GrowthPass[] = []
  for (const { percent, passes: times } of samples)
    for (let time = 0; time < times; time += 1) {
      await using copy = await again()
      const rows = await thin(copy, work, percent / 100)
      passes.push({ sample: percent, rows, durationMs: await timed(copy, work.up, work, percent) })
    }
  return passes
}

async function inPlace(work: GrowthWork): Promise<readonly GrowthPass[]> {
  const passes: GrowthPass[] = []
  let before = 100
  for (const { percent, passes: times } of samples) {
    const rows = await thin(work.copy, work, percent / before)
    before = percent
    for (let time = 0; time < times; time += 1) {
      passes.push({ sample: percent, rows, durationMs: await timed(work.copy, work.up, work, percent) })
      if (work.down !== undefined) await timed(work.copy, work.down, work, percent)
    }
  }
  return passes
}

async function thin(copy: Copy, { tables, signal }: GrowthWork, share: number): Promise<number> {
  signal.throwIfAborted()
  await using session = await copy.observe()
  return await thinRows(session, tables, share)
}

async function timed(copy: Copy, step: Step, { signal, say }: GrowthWork, percent: number): Promise<number> {
  signal.throwIfAborted()
  say(`growth: ${percent} % of the rows`)
  await using session = await copy.connect()
  const outcome = await applyStep(session, step, { url: copy.url, signal })
  signal.throwIfAborted()
  if (outcome.outcome === 'applied') return outcome.durationMs
  const { file, line, message, sqlstate } = outcome.failure
  throw new SampleFails(`${file}:${line} fails on a sample of ${percent} % of the rows: ${message} (${sqlstate}).`)
}

function resultOf(passes: readonly GrowthPass[], windowMs: number): GrowthResult {
  const fit = fitGrowth(passes)
  const grows = fit.b > 0
  return {
    outcome: 'measured',
    passes,
    model: fit.model,
    a: fit.a,
    b: fit.b,
    windowRows: grows ? (rowsAt(windowMs, fit.expected) ?? null) : null,
    windowRowsAtLeast: grows ? (rowsAt(windowMs, fit.atMost) ?? null) : null,
    level,
  }
}
