import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { filesOfTool, type History, type HistoryStep, type Source, stepsSince } from '../formats/index.ts'
import { readSources } from '../history/index.ts'
import { ownDigest } from '../invariants/index.ts'
import { shownPath } from '../migration/index.ts'
import { allOptions } from '../options/index.ts'
import type { VerifyOptions } from '../verify/index.ts'
import type { Project } from './plan.ts'

/** What a verdict is bound to, file by file and option by option, so that what has changed can be named. Plain JSON. */
export interface ProjectState {
  readonly project: string | null
  /** The steps that were to be verified, in order. */
  readonly steps: readonly string[]
  /** Sha256 by path as shown, of every file that the project's steps were read from, and of its preludes. */
  readonly files: Readonly<Record<string, string>>
  /** Everything else that a verdict depends on, as it was set; null for what was left to its default. */
  readonly options: Readonly<Record<string, unknown>>
}

/** @throws {InputError} As reading the migrations does. */
export async function readProjectState(project: Project): Promise<ProjectState> {
  const { options } = project
  const sources = await readSources(project.paths, options)
  const steps = (await Promise.all(sources.map((source) => selectedSteps(source, project)))).flat()
  const preludes = [options.prelude ?? []].flat().filter((prelude) => /[\\/.]/.test(prelude))
  const files = [...(await Promise.all(sources.map((source) => filesOf(source, options)))).flat(), ...preludes]
  const digests = await Promise.all(files.map(async (file) => [shownPath(file), await digestOf(file)] as const))
  return {
    project: project.name ?? null,
    steps,
    files: Object.fromEntries(digests.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))),
    options: optionsOf(project),
  }
}

function optionsOf({ options, waivers, paths }: Project): ProjectState['options'] {
  const formats = options.formats?.map(({ id, read }) => ({ id, read: createHash('sha256').update(String(read)).digest('hex') }))
  const invariants = options.invariants?.map((each) => ({ id: each.id, digest: ownDigest(each) }))
  const shown = {
    ...options,
    ...(formats === undefined ? {} : { formats }),
    ...(invariants === undefined ? {} : { invariants }),
    postgres: withoutSecrets(options.postgres),
  }
  const set = allOptions.flatMap(([name, { passedAs, affects }]) =>
    passedAs === undefined || affects === 'nothing' ? [] : [[name, shown[passedAs as keyof VerifyOptions]] as const],
  )
  return JSON.parse(JSON.stringify({ paths, ...Object.fromEntries(set), waivers }, (_, value) => value ?? null))
}

/** A password in a URL must not reach a file; what else stands in it tells one server from another. */
function withoutSecrets(postgres: string | undefined): string | undefined {
  if (postgres === undefined || !/^postgres(?:ql)?:/.test(postgres)) return postgres
  try {
    const { protocol, username, host, pathname } = new URL(postgres)
    return `${protocol}//${username}@${host}${pathname}`
  } catch {
    return 'a URL'
  }
}

/** The steps that a run verifies, without running it; those of a tool that runs programs are known only when they were recorded. */
async function selectedSteps(source: Source, { options }: Project): Promise<readonly string[]> {
  if (source.kind === 'command') return []
  if (source.kind === 'pairs') return source.migrations.map(({ migration }) => migration.name)
  const { only, since, allowChanged } = options
  const names = source.history.steps
  if (only !== undefined && only.length > 0)
    return names.filter((step) => only.includes(step.name) || only.includes(step.version)).map(nameOf)
  if (since === undefined) return names.map(nameOf)
  const { added } = await stepsSince(source.history, since, { allowChanged: allowChanged ?? false })
  return names.map(nameOf).filter((name) => added.has(name))
}

/**
 * Files of a history's steps, or everything in the folders of pairs: what a contract imports from beside it counts too. Of a tool that runs
 * programs, all that these may use.
 */
async function filesOf(source: Source, options: VerifyOptions): Promise<readonly string[]> {
  if (source.kind === 'command') return await filesOfTool(source.command)
  if (source.kind === 'history') return source.history.steps.flatMap((step) => step.files)
  return (await Promise.all(source.migrations.map(({ migration }) => filesIn(migration.path, options)))).flat()
}

/** Every file of a folder, its subfolders included; what a run itself writes there is none of them. */
export async function filesIn(directory: string, { reportDirectory, cacheDirectory }: VerifyOptions = {}): Promise<readonly string[]> {
  const written = [reportDirectory, cacheDirectory].flatMap((each) => (each === undefined ? [] : [`${resolve(each)}${sep}`]))
  const entries = await readdir(directory, { withFileTypes: true, recursive: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return files.filter((file) => !written.some((place) => resolve(file).startsWith(place)))
}

async function digestOf(file: string): Promise<string> {
  const bytes = await readFile(file).catch(() => undefined)
  return bytes === undefined ? 'not readable' : createHash('sha256').update(bytes).digest('hex')
}

function nameOf(step: HistoryStep): string {
  return step.name
}

/** The histories of a project, pairs in the shape of one: for what asks git about their files. */
export async function historiesOf(project: Project): Promise<readonly History[]> {
  const sources = await readSources(project.paths, { ...project.options, only: undefined })
  return (await Promise.all(sources.map((source) => historyOf(source, project.options)))).flat()
}

async function historyOf(source: Source, options: VerifyOptions): Promise<readonly History[]> {
  if (source.kind === 'command') return []
  if (source.kind === 'history') return [source.history]
  return Promise.all(
    source.migrations.map(async ({ migration, path }): Promise<History> => {
      const { name, up, down, contract, digest } = migration
      const files = await filesIn(migration.path, options)
      const step: HistoryStep = { name, version: name, path: migration.path, files, up, down, contract, digest, batch: undefined }
      const about = { ignored: [], warnings: [], platform: undefined, server: undefined, downs: 'optional' } as const
      return { format: 'pair', path, root: migration.path, steps: [step], ...about }
    }),
  )
}
