import { type Catalog, readCatalog } from '../catalog/index.ts'
import type { Exclusion } from '../data/index.ts'
import { type AnyInvariant, Collector, isOurs, Judging, type LeftOut, runInvariantsOf, thrown, withOwn } from '../invariants/index.ts'
import type { Knowledge, Subject } from '../lineage/index.ts'
import type { Migration } from '../migration/index.ts'
import { type Base, CloneStages, type Depth, Runner, rungOf, TransactionStages, withoutFarSequences } from '../run/index.ts'
import type { MigrationContext } from './context.ts'
import { Excluder } from './excluder.ts'
import { type PrepareOptions, prepareSubject } from './prepare.ts'
import { type Stopwatch, stopwatch } from './stopwatch.ts'

/** One verification under way: the migration as far as it is known, the means to run it, and what was found so far. */
export class Inquiry {
  readonly migration: Migration
  readonly base: Base
  readonly context: MigrationContext
  readonly depth: Depth
  /** All invariants, in the order of reports; and those of them that apply to the migration. */
  readonly invariants: readonly AnyInvariant[]
  readonly active: readonly AnyInvariant[]
  readonly clock: Stopwatch
  readonly clones: CloneStages
  readonly runner: Runner
  readonly collector = new Collector()
  readonly judging: Judging
  /** Rules by which rows keep clear of what makes `up` fail; grows while runs fail. */
  readonly exclusions: Exclusion[] = []
  readonly excluder = new Excluder(this)
  readonly notChecked: string[] = []
  /** When the time that the caller gave is over, by `performance.now()`. */
  readonly limit: number
  subject: Subject
  /** The schema after `up`, once it was run on an empty database. */
  migrated: Catalog | undefined
  readonly #catalog: Catalog
  #also: Pick<PrepareOptions, 'also' | 'counted'> = {}

  private constructor(
    migration: Migration,
    base: Base,
    context: MigrationContext,
    read: { catalog: Catalog; subject: Subject; clock: Stopwatch },
  ) {
    this.migration = migration
    this.base = base
    this.context = context
    this.clock = read.clock
    this.subject = read.subject
    this.#catalog = read.catalog
    this.depth = context.depth(read.catalog)
    this.limit = performance.now() + (context.options.timeLimitMs ?? Number.POSITIVE_INFINITY)
    this.clones = new CloneStages(base)
    const transactions = base.cluster.superuser
      ? new TransactionStages(base.session, base.role, withoutFarSequences(read.subject))
      : undefined
    const need =
      transactions === undefined ? { rung: 'clone' as const, because: 'Godwit is not a superuser on this server' } : rungOf(migration)
    this.runner = new Runner(transactions, this.clones, need)
    this.invariants = withOwn(context.options.invariants)
    this.active = this.invariants.filter((each) => {
      const because = this.#notApplicable(each)
      if (because !== undefined) this.collector.add(each.id, { outcome: 'not-applicable', because })
      return because === undefined
    })
    this.judging = new Judging(this.active, this.collector)
  }

  #notApplicable(invariant: AnyInvariant): string | undefined {
    try {
      return invariant.notApplicable?.(this.migration)
    } catch (error) {
      if (isOurs(invariant)) throw error
      this.collector.leaveOut(invariant.id, { because: `its function notApplicable threw ${thrown(error)}` })
      return undefined
    }
  }

  /** Read what is known before the first run. */
  static async begin(migration: Migration, base: Base, context: MigrationContext): Promise<Inquiry> {
    const clock = stopwatch()
    context.hooks.onProgress?.({ migration: migration.name, stage: 'legacy schema' })
    const catalog = context.catalog ?? (await clock.time('prepare', () => readCatalog(base.session())))
    const { scope } = context.depth(catalog)
    const subject = await clock.time('prepare', () => prepareSubject(base.session(), migration, optionsOf(base, context, catalog, scope)))
    return new Inquiry(migration, base, context, { catalog, subject, clock })
  }

  /** The same migration over more relations, or with attributes that have small values or texts of a shape; nothing that was learned is known of it. */
  prepare(also: Pick<PrepareOptions, 'also' | 'counted' | 'shaped'>): Promise<Subject> {
    this.#also = { ...this.#also, ...also }
    return this.clock.time('prepare', () => this.prepareOnce({}))
  }

  /** The same for a single run. */
  async prepareOnce(more: Pick<PrepareOptions, 'counted' | 'sized'>): Promise<Subject> {
    const options = { ...optionsOf(this.base, this.context, this.#catalog, this.depth.scope), ...this.#also, ...more }
    const prepared = await prepareSubject(this.base.session(), this.migration, options)
    return { ...prepared, takesRows: this.subject.takesRows }
  }

  know(knowledge: Partial<Knowledge>): void {
    this.subject = { ...this.subject, knowledge: { ...this.subject.knowledge, ...knowledge } }
  }

  progress(stage: string, done?: number, total?: number): void {
    this.context.hooks.onProgress?.({ migration: this.migration.name, stage, done, total })
  }

  get isOver(): boolean {
    return performance.now() > this.limit
  }

  get signal(): AbortSignal | undefined {
    return this.context.hooks.signal
  }

  /** Something that was planned for all invariants that see runs was left out. */
  leaveOutRuns(left: LeftOut): void {
    for (const { id } of runInvariantsOf(this.active)) this.collector.leaveOut(id, left)
  }
}

function optionsOf(base: Base, context: MigrationContext, catalog: Catalog, scope: Depth['scope']) {
  const { memory, objects, reserved } = base
  return { scope, memory, objects, catalog, downsUsed: context.downsUsed, reserved }
}
