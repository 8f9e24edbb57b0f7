import { applyStep, controlsTransaction, type Failure, fieldsOf, type Outcome, type Script, type Step } from '../migration/index.ts'
import type { Cluster, Database, Session, Template } from '../postgres/index.ts'
import { applyWatched, type WatchedStatement, watchLocks } from '../run/index.ts'

/** Who applies, and with which settings. */
export interface HeadOptions {
  readonly role: string | undefined
  readonly settings: Readonly<Record<string, string>>
}

/** The database that walks through a history: it stands just before a step, and `advance` takes it over the step. */
export class Head implements AsyncDisposable {
  readonly #cluster: Cluster
  readonly #database: Database
  readonly #options: HeadOptions
  #session: Session
  #copy: Promise<Database> | undefined

  private constructor(cluster: Cluster, database: Database, session: Session, options: HeadOptions) {
    this.#cluster = cluster
    this.#database = database
    this.#session = session
    this.#options = options
  }

  /** @param template  What stands before the first step. */
  static async open(cluster: Cluster, template: Template, options: HeadOptions): Promise<Head> {
    const database = await cluster.clone(template)
    try {
      return new Head(cluster, database, await database.connect({ settings: options.settings }), options)
    } catch (error) {
      await database.drop()
      throw error
    }
  }

  /** The harness's session; another one after `template`. */
  get session(): Session {
    return this.#session
  }

  /** A copy of this state that nobody connects to, to be cloned: made when it is first asked for, and gone after `advance`. */
  async template(): Promise<Template> {
    this.#copy ??= this.#copyOf()
    return { name: (await this.#copy).name }
  }

  async #copyOf(): Promise<Database> {
    // CREATE DATABASE refuses a source that somebody is connected to.
    await this.#session.close()
    try {
      return await this.#cluster.clone({ name: this.#database.name })
    } finally {
      this.#session = await this.#database.connect({ settings: this.#options.settings })
    }
  }

  /** Apply a step for good, on a connection of its own as its tool would; a step that fails leaves what its transactions leave. */
  async advance(step: Step, signal?: AbortSignal): Promise<Outcome> {
    await this.#dropCopy()
    const { role, settings } = this.#options
    await using session = await this.#database.connect({ as: role === undefined ? 'superuser' : { role }, settings })
    return await applyStep(session, step, {
      url: this.#database.url(role === this.#cluster.owner ? { as: 'owner' } : {}),
      ...(signal === undefined ? {} : { signal }),
    })
  }

  /** The same, and which locks each statement took on relations that were there before. */
  async advanceWatched(
    step: Step,
    relations: ReadonlyMap<number, string>,
    signal?: AbortSignal,
  ): Promise<{ readonly outcome: Outcome; readonly statements: readonly WatchedStatement[] }> {
    await this.#dropCopy()
    const { role, settings } = this.#options
    await using looking = await this.#database.connect()
    await using locks = watchLocks(looking, () => [])
    await using session = await this.#database.connect({ as: role === undefined ? 'superuser' : { role }, settings })
    const url = this.#database.url(role === this.#cluster.owner ? { as: 'owner' } : {})
    return await applyWatched(session, step, { relations, observer: this.#session, locks, url, signal })
  }

  /**
   * Apply what can be applied of a script that failed as a whole, so that the steps after it find most of what they need.
   *
   * @param failure  Of `advance`: what was committed before it is not applied twice.
   */
  async advancePartly(step: Step, failure: Failure): Promise<void> {
    if (step.kind !== 'sql') return
    const { script } = step
    const { role, settings } = this.#options
    await using session = await this.#database.connect({ as: role === undefined ? 'superuser' : { role }, settings })
    for (const statement of script.statements.slice(committedBefore(script, failure.index))) {
      await applyStep(session, { kind: 'sql', script: { ...script, mode: 'autocommit', statements: [statement] } })
    }
  }

  async #dropCopy(): Promise<void> {
    const copy = this.#copy
    this.#copy = undefined
    await (await copy)?.drop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dropCopy()
    await this.#session.close()
    await this.#database.drop()
  }
}

/** How many of the first statements stay when a script fails at one of them: in autocommit all that no open transaction holds. */
function committedBefore({ mode, statements }: Script, failed: number): number {
  if (mode !== 'autocommit') return 0
  let [committed, open] = [0, false]
  for (const [at, statement] of statements.slice(0, failed).entries()) {
    if (controlsTransaction(statement)) open = /_(BEGIN|START)$/.test(String(fieldsOf(statement.tree, 'TransactionStmt')?.kind))
    if (!open) committed = at + 1
  }
  return committed
}
