import { emitKeypressEvents } from 'node:readline'
import { readSources } from '../history/index.ts'
import { formatDuration } from '../report/index.ts'
import type { CommandContext } from './command-context.ts'
import { describeFailure } from './failure.ts'
import { type Plan, type Project, planWork } from './plan.ts'
import { readProjectState } from './project-state.ts'
import { SpareCluster } from './spare-cluster.ts'
import { verifyPlan } from './verify-command.ts'
import type { VerifyFlags } from './verify-options.ts'
import { WatchedFiles } from './watched-files.ts'

/** Contents of files by their paths, as digests. */
type Files = Readonly<Record<string, string>>

/**
 * `godwit watch`: verify, then again whenever a file of the migrations is saved, until Ctrl-C or q.
 *
 * What is saved while a verification runs ends it and begins the next. Bad input is said, and waited out.
 *
 * @throws {InputError} At the start, as `godwit verify` does: where nothing is found there is nothing to watch.
 */
export async function watchCommand(paths: readonly string[], flags: VerifyFlags, context: CommandContext): Promise<void> {
  await using watching = new Watching(paths, flags, context)
  await watching.begin()
  await watching.ended
}

class Watching implements AsyncDisposable {
  readonly ended: Promise<void>
  readonly #paths: readonly string[]
  readonly #flags: VerifyFlags
  readonly #context: CommandContext
  readonly #spare = new SpareCluster()
  readonly #watched = new WatchedFiles(() => void this.#look())
  readonly #keys: Disposable
  #end: () => void = () => undefined
  #known: Files = {}
  /** The verification under way, and what ends it. */
  #running: { readonly stop: AbortController; readonly done: Promise<void> } | undefined

  constructor(paths: readonly string[], flags: VerifyFlags, context: CommandContext) {
    this.#paths = paths
    this.#flags = flags
    this.#context = context
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
    context.signal.addEventListener('abort', this.#end)
    this.#keys = onKeys({ again: () => void this.#start(undefined), end: this.#end })
  }

  async begin(): Promise<void> {
    const plan = await planWork(this.#paths, this.#flags)
    this.#known = await filesOf(plan)
    await this.#verify(plan, this.#context.signal)
    this.#wait(plan)
  }

  /** Something was saved: verify what has changed by it, if anything has. */
  async #look(): Promise<void> {
    const found = await this.#attempt(async () => {
      const plan = await planWork(this.#paths, this.#flags)
      return { plan, files: await filesOf(plan) }
    })
    if (found === undefined) {
      this.#known = {}
      return
    }
    const changed = changedIn(this.#known, found.files)
    this.#known = found.files
    this.#watched.set(watchedOf(found.plan, found.files))
    if (changed.length > 0) await this.#start(changed)
  }

  /** @param changed  Files; undefined for all. */
  async #start(changed: readonly string[] | undefined): Promise<void> {
    const before = this.#running
    const stop = new AbortController()
    const done = (async () => {
      before?.stop.abort(new Error('something else was saved'))
      await before?.done
      if (stop.signal.aborted || this.#context.signal.aborted) return
      const signal = AbortSignal.any([stop.signal, this.#context.signal])
      if (process.stdout.isTTY) process.stdout.write('\u001b[2J\u001b[H')
      if (changed !== undefined) process.stderr.write(`\nsaved: ${changed.join(', ')}\n`)
      await this.#attempt(async () => {
        const plan = await planWork(this.#paths, this.#flags)
        await this.#verify(changed === undefined ? plan : await onlyChanged(plan, changed), signal)
        this.#wait(plan)
      }, signal)
    })()
    this.#running = { stop, done }
    await done
  }

  async #verify(plan: Plan, signal: AbortSignal): Promise<void> {
    const startedMs = performance.now()
    await verifyPlan(plan, false, { signal, startCluster: this.#spare.take, setExitCode: () => undefined })
    process.stderr.write(`in ${formatDuration(performance.now() - startedMs)}\n`)
  }

  #wait(plan: Plan): void {
    this.#spare.prepare()
    this.#watched.set(watchedOf(plan, this.#known))
    process.stderr.write(`waiting for changes${process.stdin.isTTY ? ': Enter verifies all again, q ends' : ''}\n`)
  }

  /** Say what goes wrong, and go on. */
  async #attempt<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result | undefined> {
    try {
      return await work()
    } catch (error) {
      if (signal?.aborted !== true) process.stderr.write(describeFailure(error, { debug: process.env.GODWIT_DEBUG === '1' }).text)
      return undefined
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#keys[Symbol.dispose]()
    this.#watched[Symbol.dispose]()
    this.#running?.stop.abort(new Error('ended'))
    await this.#running?.done
    await this.#spare[Symbol.asyncDispose]()
  }
}

async function filesOf({ config, projects }: Plan): Promise<Files> {
  const states = await Promise.all(projects.map(readProjectState))
  return Object.assign(config === undefined ? {} : { [config.file]: config.digest }, ...states.map(({ files }) => files))
}

/** The files of the migrations, and those that say how they are verified. */
function watchedOf({ config, baseline, projects }: Plan, files: Files): readonly string[] {
  const places = projects.flatMap((project) => project.paths.map((path) => `${path}/.`))
  return [
    ...Object.keys(files),
    ...places,
    ...(config === undefined ? [] : [config.file]),
    ...(baseline === undefined ? [] : [baseline.file]),
  ]
}

function changedIn(before: Files, now: Files): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].filter((file) => before[file] !== now[file])
}

/** Of pairs, those whose files have changed. Steps of a history follow one from the other: the cache tells which are still as they were. */
async function onlyChanged(plan: Plan, changed: readonly string[]): Promise<Plan> {
  const narrowed = await Promise.all(plan.projects.map((project) => withChangedPairs(project, changed)))
  const projects = narrowed.filter(({ paths }) => paths.length > 0)
  return projects.length === 0 ? plan : { ...plan, projects }
}

async function withChangedPairs(project: Project, changed: readonly string[]): Promise<Project> {
  const sources = await readSources(project.paths, project.options)
  if (sources.some(({ kind }) => kind !== 'pairs')) return project
  const paths = sources.flatMap((source) => (source.kind === 'pairs' ? source.migrations.map(({ migration }) => migration.path) : []))
  const isChanged = (path: string) => changed.some((file) => file === path || file.startsWith(`${path}/`))
  return { ...project, paths: paths.filter(isChanged) }
}

/** Keys of a terminal; elsewhere there are none. */
function onKeys({ again, end }: { readonly again: () => void; readonly end: () => void }): Disposable {
  const { stdin } = process
  if (!stdin.isTTY) return { [Symbol.dispose]: () => undefined }
  const pressed = (_: string | undefined, key: { readonly name?: string; readonly ctrl?: boolean }) => {
    if (key.ctrl === true && key.name === 'c') process.kill(process.pid, 'SIGINT')
    else if (key.name === 'q') end()
    else if (key.name === 'return') again()
  }
  emitKeypressEvents(stdin)
  stdin.setRawMode(true)
  stdin.on('keypress', pressed)
  return {
    [Symbol.dispose]: () => {
      stdin.off('keypress', pressed)
      stdin.setRawMode(false)
      stdin.pause()
    },
  }
}
