import { type Asking, marksSql } from '../coverage/index.ts'
import { applyStep, type Outcome, type Step } from '../migration/index.ts'
import { type ConnectOptions, type Database, quoteIdentifier, type Session } from '../postgres/index.ts'
import { askBefore, mayAsk } from './ask.ts'
import type { Base, CloneSource } from './base.ts'

export interface ApplyAs {
  readonly signal?: AbortSignal | undefined
  /** Settings of the migration's session, as if they came with its connection. */
  readonly settings?: Readonly<Record<string, string>> | undefined
  /** What the server is asked before its statements; nothing that is judged depends on it. */
  readonly asking?: Asking | undefined
  /** Told the marks that bodies have noted by the end, also where a statement fails. */
  readonly counted?: ((marks: readonly number[]) => void) | undefined
}

/** One isolated run: the harness looks and seeds, the migration's role applies; each phase on a fresh connection, or what stands for one. */
export interface Stage {
  readonly rung: 'transaction' | 'clone'
  /** As the harness. */
  look<Result>(work: (session: Session) => Promise<Result>): Promise<Result>
  /** Run statements of one phase as the role that runs migrations. */
  apply(step: Step, options?: ApplyAs): Promise<Outcome>
  /** End a phase of seeding or writing: what is deferred is checked now, as a commit would. */
  settle(): Promise<void>
}

/** The marks that bodies have noted in this session. */
export async function readMarks(session: Session): Promise<readonly number[]> {
  const [marks] = await session.script(marksSql)
  return marks?.rows.map(([mark]) => Number(mark)) ?? []
}

/** Rung 2: a clone for each run, every phase committed, a fresh connection for each. */
export class CloneStages {
  readonly #base: CloneSource

  constructor(base: CloneSource) {
    this.#base = base
  }

  async run<Result>(work: (stage: CloneStage) => Promise<Result>): Promise<Result> {
    try {
      await using database = await this.#base.cluster.clone(await this.#base.template())
      await this.#base.roles?.apart(database)
      await using stage = new CloneStage(database, this.#base)
      return await work(stage)
    } finally {
      await this.#base.roles?.restore()
    }
  }

  /** Run `work` on a copy of a stage as it is now; nobody else may be connected to it. */
  async runCopy<Result>(stage: CloneStage, work: (copy: CloneStage) => Promise<Result>): Promise<Result> {
    await stage.disconnect()
    await using database = await this.#base.cluster.clone({ name: stage.database.name })
    await this.#base.roles?.apart(database)
    await using copy = new CloneStage(database, this.#base)
    return await work(copy)
  }
}

export class CloneStage implements Stage, AsyncDisposable {
  readonly rung = 'clone'
  readonly database: Database
  readonly #role: string | undefined
  readonly #settings: Readonly<Record<string, string>>
  /** For programs: as the owner, where it is the owner that runs migrations. */
  readonly url: string
  #harness: Session | undefined

  constructor(
    database: Database,
    { cluster, role, settings }: Pick<Base, 'role' | 'settings'> & { readonly cluster: Pick<Base['cluster'], 'owner'> },
  ) {
    this.database = database
    this.#role = role
    this.#settings = settings
    this.url = database.url(role === cluster.owner ? { as: 'owner' } : {})
  }

  async look<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    this.#harness ??= await this.database.connect({ settings: this.#settings })
    return work(this.#harness)
  }

  async apply(step: Step, { signal, settings, asking, counted }: ApplyAs = {}): Promise<Outcome> {
    await using session = await this.connect(settings)
    const ask = asking !== undefined && mayAsk(step) ? { onStatement: askBefore(session, asking, step.script.mode === 'transaction') } : {}
    const outcome = await applyStep(session, step, { url: this.url, ...ask, ...(signal === undefined ? {} : { signal }) })
    counted?.(await readMarks(session))
    return outcome
  }

  /** A fresh connection as the role that runs migrations. */
  connect(settings?: Readonly<Record<string, string>>, more: Pick<ConnectOptions, 'lockTimeoutMs'> = {}): Promise<Session> {
    return this.database.connect({
      ...more,
      as: this.#role === undefined ? 'superuser' : { role: this.#role },
      settings: { ...this.#settings, ...settings },
    })
  }

  /** A connection of the harness's own user, with settings that only it may choose, which is the role that runs migrations from here on. */
  async impersonate(settings: Readonly<Record<string, string>>): Promise<Session> {
    const session = await this.database.connect({ settings: { ...this.#settings, ...settings } })
    if (this.#role !== undefined) await session.script(`SET SESSION AUTHORIZATION ${quoteIdentifier(this.#role)}`)
    return session
  }

  async settle(): Promise<void> {
    // Every statement of the harness commits by itself here.
  }

  /** End the harness's own session; the next look opens another. */
  async disconnect(): Promise<void> {
    await this.#harness?.close()
    this.#harness = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect()
  }
}
