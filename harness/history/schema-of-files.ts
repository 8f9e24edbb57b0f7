import { type CatalogObjects, catalogFingerprint, readCatalog, readObjects } from '../catalog/index.ts'
import { InputError } from '../errors.ts'
import { type Source, toolTables } from '../formats/index.ts'
import { relationsByOid } from '../invariants/index.ts'
import type { Failure, Step } from '../migration/index.ts'
import type { Cluster, Session, Template } from '../postgres/index.ts'
import { environmentOf, type WatchedStatement } from '../run/index.ts'
import type { VerifyHooks, VerifyOptions } from '../verify/index.ts'
import { commandHistory } from './command-history.ts'
import { Head } from './head.ts'
import { historyEnvironment } from './history-environment.ts'

/** What the files of a project make of an empty database, and which step made what. */
export interface SchemaOfFiles {
  /** As the caller named it. */
  readonly path: string
  /** The last step that was applied; undefined if there was none. */
  readonly upTo: string | undefined
  readonly steps: number
  readonly objects: CatalogObjects
  /** What stood there before the first step: no file of the project made it. */
  readonly before: CatalogObjects
  /** The step that last made, changed or dropped an object (`kind path`) or a property of it (`kind path property`). */
  readonly by: ReadonlyMap<string, string>
  /** Who owns what the steps make. */
  readonly owner: string
  /** Tables in which tools note what they applied. */
  readonly toolTables: ReadonlySet<string>
  /** Schemas that the platform brings along. */
  readonly platformSchemas: ReadonlySet<string>
  /** Steps that do not apply here, with why: what they make is not in `objects`, or only in part. */
  readonly unapplied: readonly string[]
  readonly notes: readonly string[]
  /** A superuser's, on a database with that schema. */
  readonly session: Session
}

/** What one step has made of the schema. */
export interface SchemaStep {
  readonly name: string
  readonly before: CatalogObjects
  readonly after: CatalogObjects
  /** Undefined for a program, which is not run. */
  readonly up: Step | undefined
  /** Its statements with their locks, where these are watched. */
  readonly statements?: readonly WatchedStatement[] | undefined
  /** Why it does not apply; what it leaves is in `after`. */
  readonly failure?: Failure | undefined
}

/** Where a walk begins and what it goes through. */
interface Course {
  readonly path: string
  readonly template: Template
  readonly role: string | undefined
  readonly settings: Readonly<Record<string, string>>
  readonly steps: readonly { readonly name: string; readonly up: Step | { readonly kind: 'opaque'; readonly because: string } }[]
  readonly stepFor: (step: Step) => Step
  readonly toolTables: readonly string[]
  /** Ends what was started to run its steps. */
  readonly close?: (() => Promise<void>) | undefined
  readonly platformSchemas: ReadonlySet<string>
  readonly notes: readonly string[]
}

/** For a pair: its `up` is applied behind its legacy schema. */
const migrated = 'migrated'

interface WalkOptions {
  readonly at: string | undefined
  readonly options: VerifyOptions
  readonly hooks: VerifyHooks
  readonly onStep?: ((step: SchemaStep) => void) | undefined
  /** Whether to look at the locks of each statement. Default: no, since it takes a question a statement. */
  readonly watched?: boolean | undefined
}

/**
 * Apply the files of one source to an empty database, up to a step, and work on what they make.
 *
 * @param at  The name of the last step that is applied; without it all of a history, and of a pair its legacy schema alone (`migrated`
 *   takes `up` along).
 * @param onStep  Hears each step that was applied.
 * @throws {InputError} When there is no such step, no single migration, or a prelude or a legacy schema fails.
 */
export async function onSchemaOfFiles<Result>(
  cluster: Cluster,
  source: Source,
  { at, options, hooks, onStep, watched = false }: WalkOptions,
  work: (schema: SchemaOfFiles) => Promise<Result>,
): Promise<Result> {
  const course = await courseOf(cluster, source, at, options, hooks)
  await using _tool = { [Symbol.asyncDispose]: async () => course.close?.() }
  await using head = await Head.open(cluster, course.template, course)
  const before = await readObjects(head.session)
  const by = new Map<string, string>()
  const unapplied: string[] = []
  let [objects, fingerprint] = [before, await catalogFingerprint(head.session)]
  for (const [done, { name, up }] of course.steps.entries()) {
    hooks.signal?.throwIfAborted()
    hooks.onProgress?.({ migration: name, stage: 'apply', done, total: course.steps.length, step: done + 1 })
    if (up.kind === 'opaque') {
      unapplied.push(`"${name}" is not run here: ${up.because}`)
      continue
    }
    const step = course.stepFor(up)
    const { outcome, statements } = watched
      ? await head.advanceWatched(step, relationsByOid(await readCatalog(head.session)), hooks.signal)
      : { outcome: await head.advance(step, hooks.signal), statements: undefined }
    const failure = outcome.outcome === 'failed' ? outcome.failure : undefined
    if (outcome.outcome === 'failed') {
      unapplied.push(`"${name}" does not apply to an empty database: ${placeOf(outcome.failure)}`)
      await head.advancePartly(step, outcome.failure)
    }
    const now = await catalogFingerprint(head.session)
    const next = now === fingerprint ? objects : await readObjects(head.session)
    onStep?.({ name, before: objects, after: next, up, statements, failure })
    for (const key of changedBetween(objects, next)) by.set(key, name)
    ;[objects, fingerprint] = [next, now]
  }
  return await work({
    path: course.path,
    upTo: course.steps.at(-1)?.name,
    steps: course.steps.length,
    objects,
    before,
    by,
    owner: course.role ?? cluster.owner,
    toolTables: new Set([...toolTables, ...course.toolTables]),
    platformSchemas: course.platformSchemas,
    unapplied,
    notes: course.notes,
    session: head.session,
  })
}

function placeOf({ file, line, message, sqlstate }: Failure): string {
  return `${file}:${line}: ${message} (${sqlstate})`
}

function changedBetween(before: CatalogObjects, after: CatalogObjects): readonly string[] {
  const changed: string[] = []
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(key)?.properties, after.get(key)?.properties]
    if (old === undefined || now === undefined) changed.push(key)
    for (const property of new Set([...Object.keys(old ?? {}), ...Object.keys(now ?? {})]))
      if (old?.[property] !== now?.[property]) changed.push(`${key} ${property}`)
  }
  return changed
}

async function courseOf(
  cluster: Cluster,
  source: Source,
  at: string | undefined,
  options: VerifyOptions,
  hooks: VerifyHooks,
): Promise<Course> {
  if (source.kind === 'pairs') return courseOfPair(cluster, source, at, options)
  const recorded = source.kind === 'command' ? await commandHistory(cluster, source.command, options, hooks) : undefined
  const history = recorded ?? (source.kind === 'history' ? source.history : undefined)
  if (history === undefined) throw new Error('a source without a history')
  const environment = await historyEnvironment(cluster, history, options)
  const last = at === undefined ? history.steps.length - 1 : history.steps.findIndex(({ name, version }) => name === at || version === at)
  if (at !== undefined && last < 0) throw noSuchStep(at, history.path, history.steps.map(({ name }) => name).slice(-5))
  return {
    ...environment,
    path: history.path,
    steps: history.steps.slice(0, last + 1),
    toolTables: history.historyTables ?? [],
    close: recorded?.close,
    notes: [...environment.notes, ...history.warnings, ...history.ignored.map(({ file, because }) => `${file} is no step: ${because}`)],
  }
}

async function courseOfPair(
  cluster: Cluster,
  { migrations }: Extract<Source, { kind: 'pairs' }>,
  at: string | undefined,
  options: VerifyOptions,
): Promise<Course> {
  const [one, ...others] = migrations
  if (one === undefined || others.length > 0)
    throw new InputError(`one migration is wanted, and there are ${migrations.length}`, { hint: 'Name the folder of one of them.' })
  const { migration, path } = one
  if (at !== undefined && at !== migrated) throw noSuchStep(at, path, [migrated])
  const plan = await environmentOf(cluster, migration, options)
  const stepFor = (step: Step): Step => (step.kind === 'sql' ? { ...step, script: plan.adapt(step.script) } : step)
  return {
    path,
    template: await cluster.template(plan.key, (database) => plan.build(database)),
    role: plan.role,
    settings: plan.settings,
    steps: [
      ...migration.legacy.map((script) => ({ name: script.file, up: { kind: 'sql' as const, script } })),
      ...(at === migrated ? [{ name: migration.name, up: migration.up }] : []),
    ],
    stepFor,
    toolTables: [],
    platformSchemas: plan.platformSchemas,
    notes: plan.notes,
  }
}

function noSuchStep(at: string, path: string, last: readonly string[]): InputError {
  return new InputError(`${path} has no step "${at}"`, { hint: `The last ones are: ${last.join(', ')}.` })
}
