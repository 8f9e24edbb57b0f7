import { type Dataset, seedDataset } from '../../data/index.ts'
import type { Subject } from '../../lineage/index.ts'
import { fewestSizes, growthOf, type MigrationPass } from '../../result/index.ts'
import { type CloneStage, type CloneStages, timeStep } from '../../run/index.ts'
import { multiplyRows } from '../online-safety/multiply-rows.ts'
import type { RowProfile } from '../online-safety/row-profile.ts'
import type { GrowthSeen } from './model.ts'
import { type GrowthOptions, growthDefaults } from './options.ts'

export interface GrowthPlan {
  readonly options: GrowthOptions
  /** Of real rows. */
  readonly profile: RowProfile | undefined
  /** Tables to fill, parents first. */
  readonly paths: readonly string[]
  /** Rows with which `up` goes through, to be copied. */
  readonly dataset: Dataset | undefined
  /** Whether the harness may ask for temporary files. */
  readonly superuser: boolean
  readonly signal: AbortSignal | undefined
}

/** Of the largest number of rows. */
const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]

/** With fewer rows, what is measured is the work that every run has. */
const fewestRows = 100

/** Two decades. */
const sizesKept = 7

const mostPasses = 3

/** What is worth saying where nothing could be measured. */
class NotMeasured extends Error {}

/**
 * Run `up` over more and more rows, made by the server, as long as the time reaches; then over the largest numbers again, in rounds, so that what else
 * the machine does falls on all alike.
 *
 * @returns Why it was not measured, where it was not.
 */
export async function measureGrowth(subject: Subject, clones: CloneStages, plan: GrowthPlan): Promise<GrowthSeen | string> {
  const climb = new Climb(subject, clones, plan)
  try {
    await climb.from(0, [])
  } catch (error) {
    if (error instanceof NotMeasured) return error.message
    throw error
  }
  const sizes = new Set(climb.passes.map(({ rows }) => rows)).size
  if (sizes < fewestSizes)
    return `in ${climb.seconds} s up went over ${sizes} different numbers of rows, and ${fewestSizes} are needed (performance.growth.seconds)`
  const window = subject.migration.contract.performance?.window
  return {
    passes: climb.passes.map(({ rows, durationMs }) => ({ rows, durationMs })),
    windowMs: window === undefined ? undefined : window.seconds * 1000,
    ...(await growthOf(climb.passes, window === undefined ? undefined : window.seconds * 1000, window?.rows)),
  }
}

/** A database with so many rows. */
interface Rung {
  readonly stage: CloneStage
  readonly rows: number
  /** Of copying it and running `up`. */
  readonly passMs: number
  readonly pass: MigrationPass
}

class Climb {
  readonly seconds: number
  passes: readonly MigrationPass[] = []
  readonly #subject: Subject
  readonly #clones: CloneStages
  readonly #plan: GrowthPlan
  readonly #sizes: readonly number[]
  readonly #untilMs: number

  constructor(subject: Subject, clones: CloneStages, plan: GrowthPlan) {
    this.#subject = subject
    this.#clones = clones
    this.#plan = plan
    const { rows = growthDefaults.rows, seconds = growthDefaults.seconds } = plan.options
    this.seconds = seconds
    this.#sizes = steps.map((step) => Math.round(step * rows)).filter((each) => each >= fewestRows)
    this.#untilMs = performance.now() + seconds * 1000
  }

  /** One number of rows more, while the databases of those before are kept for the rounds. */
  async from(at: number, below: readonly Rung[]): Promise<void> {
    const size = this.#sizes[at]
    if (size === undefined) throw new NotMeasured(`at least ${fewestRows} rows are needed (performance.growth.rows)`)
    await this.#clones.run(async (stage) => {
      const began = performance.now()
      const rows = await this.#fill(stage, size)
      const filledMs = performance.now()
      const pass = await this.#pass(stage, rows)
      if (pass === undefined) return this.#rounds(below)
      const rung: Rung = { stage, rows, pass, passMs: performance.now() - filledMs }
      const next = (this.#sizes[at + 1] ?? size) / size
      const goesOn = next > 1 && this.#reaches(rung, below.at(-1), filledMs - began, next)
      await (goesOn ? this.from(at + 1, [...below, rung]) : this.#rounds([...below, rung]))
    })
  }

  async #fill(stage: CloneStage, size: number): Promise<number> {
    const { paths, dataset, profile } = this.#plan
    const { legacy, plan } = this.#subject
    if (dataset !== undefined) await stage.look((session) => seedDataset(session, plan, dataset))
    const wanted = Math.ceil(size / Math.max(1, paths.length))
    const filled = await stage.look((session) => multiplyRows(session, legacy, paths, { wanted, spread: true, profile }))
    const rows = [...filled.rows.values()].reduce((sum, each) => sum + each, 0)
    if (rows < size / 2) throw new NotMeasured(`so many rows cannot be made: ${filled.notFilled.join('; ')}`)
    await stage.look((session) => session.script('VACUUM (ANALYZE)'))
    return rows
  }

  /** @returns Undefined where it takes longer than there is time for. */
  async #pass(stage: CloneStage, rows: number): Promise<MigrationPass | undefined> {
    const { superuser, signal } = this.#plan
    signal?.throwIfAborted()
    return this.#clones.runCopy(stage, async (copy) => {
      const leftMs = Math.max(1000, this.#untilMs - performance.now())
      const telling = superuser ? { log_temp_files: '0', lc_messages: 'C', client_min_messages: 'log' } : {}
      await using session = await copy.impersonate({ ...telling, statement_timeout: String(Math.ceil(leftMs)) })
      const { outcome, statements } = await timeStep(session, this.#subject.migration.up, { url: copy.url, signal })
      if (outcome.outcome === 'applied') return { rows, durationMs: outcome.durationMs, statements }
      signal?.throwIfAborted()
      if (outcome.failure.sqlstate === '57014') return undefined
      throw new NotMeasured(`up fails on ${rows} rows: ${outcome.failure.message} (${outcome.failure.sqlstate})`)
    })
  }

  /** Whether there is time for so many times as many rows, and for a second pass over all that is kept. */
  #reaches({ pass, passMs, rows }: Rung, before: Rung | undefined, fillMs: number, times: number): boolean {
    const slope = before === undefined ? 1 : Math.log(pass.durationMs / before.pass.durationMs) / Math.log(rows / before.rows)
    const nextMs = passMs * times ** Math.max(1, slope)
    return performance.now() + fillMs * times + 2.5 * nextMs < this.#untilMs
  }

  async #rounds(rungs: readonly Rung[]): Promise<void> {
    const kept = rungs.slice(-sizesKept)
    const passes = kept.map(({ pass }) => pass)
    const roundMs = kept.reduce((sum, { passMs }) => sum + passMs, 0)
    for (let round = 1; round < mostPasses; round += 1) {
      if (round > 1 && performance.now() + roundMs > this.#untilMs) break
      for (const { stage, rows } of kept) {
        const pass = await this.#pass(stage, rows)
        if (pass !== undefined) passes.push(pass)
      }
    }
    this.passes = passes
  }
}
