import { readFile } from 'node:fs/promises'
import { InputError } from '../../errors.ts'
import type { HistoryStep, Source } from '../../formats/index.ts'
import { onSchemaOfFiles, readSources, type SchemaStep } from '../../history/index.ts'
import { nodeOf, type Script, type Step } from '../../migration/index.ts'
import { type Cluster, startCluster } from '../../postgres/index.ts'
import type { VerifyHooks, VerifyOptions } from '../../verify/index.ts'
import { changesBetween, type SchemaChange } from './changes.ts'
import { comparable } from './comparable.ts'
import { highest, type Level } from './levels.ts'

/** The version of the schema after one step. */
export interface SchemaVersion {
  readonly step: string
  /** `major.minor.patch`; the first step that makes something is 1.0.0. */
  readonly version: string
  /** Undefined for the first, and for a step that changes no schema: the version stays. */
  readonly level: Level | undefined
  /** The gravest first. */
  readonly changes: readonly SchemaChange[]
}

export interface SchemaVersions {
  readonly path: string
  readonly versions: readonly SchemaVersion[]
  /** Why a version may be another one, in sentences. */
  readonly unknown: readonly string[]
}

export interface VersionsRequest {
  readonly paths: readonly string[]
  readonly at: string | undefined
  /** The table in which versions are recorded, `schema.name`: it is no change itself. */
  readonly table: string
  readonly options: VerifyOptions
  readonly hooks: VerifyHooks
}

/**
 * The version of a schema after each step of a history: raised by what each step changes.
 *
 * @throws {InputError} When the files are no single history, or cannot be applied.
 * @throws {EnvironmentError} When no server can be started.
 */
export async function versionsOf(request: VersionsRequest): Promise<SchemaVersions> {
  const { signal } = request.hooks
  await using cluster = await startCluster({ kind: 'embedded' }, signal === undefined ? {} : { signal })
  return await versionsOn(cluster, request)
}

/** The same on a server that runs already. */
export async function versionsOn(cluster: Cluster, { paths, at, table, options, hooks }: VersionsRequest): Promise<SchemaVersions> {
  const source = await onlySource(paths, options)
  const steps: SchemaStep[] = []
  const onStep = (step: SchemaStep) => steps.push(step)
  return await onSchemaOfFiles(
    cluster,
    source,
    { at, options, hooks, onStep },
    async ({ path, platformSchemas, toolTables, unapplied }) => {
      const own = new Set([...toolTables].map((name) => name.toLowerCase()))
      const isOwn = ({ path: changed, relation }: SchemaChange) => {
        const object = relation ?? changed
        return object === table || own.has((object.split('.').at(-1) ?? '').toLowerCase())
      }
      let version: readonly [number, number, number] | undefined
      const versions = steps.map(({ name, before, after }): SchemaVersion => {
        const seen = [before, after].map((objects) => comparable(objects, platformSchemas, true))
        const changes = changesBetween(seen[0] ?? before, seen[1] ?? after).filter((each) => !isOwn(each))
        const level = version === undefined || changes.length === 0 ? undefined : highest(changes.map((each) => each.level))
        if (changes.length > 0) version = raised(version, level)
        return { step: name, version: (version ?? [0, 0, 0]).join('.'), level, changes }
      })
      return { path, versions, unknown: unapplied }
    },
  )
}

async function onlySource(paths: readonly string[], options: VerifyOptions): Promise<Source> {
  const sources = await readSources(paths, options)
  const [source, ...others] = sources
  if (source !== undefined && others.length === 0) return source
  throw new InputError(`versions are those of one history, and there are ${sources.length} here`, {
    hint: 'Name one folder, or one project of the configuration with --project.',
  })
}

function raised(version: readonly [number, number, number] | undefined, level: Level | undefined): readonly [number, number, number] {
  if (version === undefined) return [1, 0, 0]
  const [major, minor, patch] = version
  if (level === 'major') return [major + 1, 0, 0]
  return level === 'minor' ? [major, minor + 1, 0] : [major, minor, patch + 1]
}

/** The files of a step into which its version is written. */
export interface VersionFiles {
  readonly up: string
  /** Undefined where the step has no way back. */
  readonly down: string | undefined
  /** Whether an earlier step of the history records a version already. */
  readonly recorded: boolean
}

/**
 * Where the version of a step is recorded, so that it is committed with the step or not at all.
 *
 * @throws {InputError} When there is no such step, it does not run in one transaction, or up and down stand in one file.
 */
export async function filesOfStep({ paths, table, options }: VersionsRequest, step: string, sql: string): Promise<VersionFiles> {
  const source = await onlySource(paths, options)
  const steps = stepsOf(source)
  const at = steps.findIndex(({ name, version }) => name === step || version === step)
  const found = steps[at]
  if (found === undefined) throw new InputError(`there is no step "${step}"`, { hint: `The last one is ${steps.at(-1)?.name ?? 'none'}.` })
  const [up, down] = [scriptOf(found.up), found.down === undefined ? undefined : scriptOf(found.down)]
  if (up === undefined || (found.down !== undefined && down === undefined)) throw byHand(`${step} is a program`, sql)
  if (up.mode === 'autocommit') throw byHand(`${step} does not run in one transaction`, sql)
  for (const script of [up, down])
    if (script?.statements.some(({ tree }) => nodeOf(tree)?.name === 'TransactionStmt') === true)
      throw byHand(`${script.file} begins or ends a transaction itself`, sql)
  if (up.file === down?.file) throw byHand(`up and down of ${step} stand in one file`, sql)
  const earlier = await Promise.all(steps.slice(0, at).flatMap(({ files }) => files.map((file) => readFile(file, 'utf8'))))
  return { up: up.file, down: down?.file, recorded: earlier.some((text) => text.includes(`CREATE TABLE ${table} (`)) }
}

function stepsOf(source: Source): readonly Pick<HistoryStep, 'name' | 'version' | 'files' | 'up' | 'down'>[] {
  if (source.kind === 'history') return source.history.steps
  if (source.kind === 'command') throw new InputError('a tool that is driven by its own command writes its own files')
  return source.migrations.map(({ migration }) => ({ ...migration, version: migration.name, files: [] }))
}

function scriptOf(step: Step | { readonly kind: 'opaque' }): Script | undefined {
  return step.kind === 'sql' ? step.script : undefined
}

function byHand(because: string, sql: string): InputError {
  return new InputError(`the version cannot be written: ${because}`, { detail: `Put this into its transaction by hand:\n${sql}` })
}
