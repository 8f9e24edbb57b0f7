import { writeFile } from 'node:fs/promises'
import { InputError } from '../errors.ts'
import type { CommandSource } from '../formats/index.ts'
import { visibleLines } from '../report/index.ts'
import type { VerifyOptions } from '../verify/index.ts'
import type { CommandContext } from './command-context.ts'
import { exitCodes } from './exit-codes.ts'
import { planWork } from './plan.ts'
import { withProgress } from './progress.ts'
import { urlOf } from './url-of.ts'
import type { VerifyFlags } from './verify-options.ts'

export interface DriftFlags extends Pick<VerifyFlags, 'config' | 'project' | 'format' | 'prelude' | 'runAs' | 'skipExtension' | 'json'> {
  readonly url?: string
  readonly at?: string
  /** True: what the tool itself calls its model. */
  readonly model?: string | true
}

/** `godwit schema drift`: 0 where the database is what the files make, 1 where it is not, 4 where that cannot be told. */
export async function driftCommand(paths: readonly string[], flags: DriftFlags, context: CommandContext): Promise<void> {
  const { url: _, at, json, model, ...work } = flags
  if (model !== undefined) return modelDriftCommand(model, paths, flags, context)
  const url = urlOf(flags)
  const { projects } = await planWork(paths, work)
  const [project, ...others] = projects
  if (project === undefined || others.length > 0)
    throw new InputError(`a database is held against one project, and the configuration has ${projects.length}`, {
      hint: 'Name one with --project.',
    })
  const { findDrift, renderDrift } = await import('../operations/index.ts')
  const found = await withProgress((onProgress) =>
    findDrift({ url, paths: project.paths, at, options: project.options, hooks: { signal: context.signal, onProgress } }),
  )
  process.stdout.write(json === true ? `${JSON.stringify(found)}\n` : visibleLines(renderDrift(found)))
  if (found.drift.length > 0) context.setExitCode(exitCodes.violated)
  else if (found.unknown.length > 0) context.setExitCode(exitCodes.unknown)
}

/** `godwit schema drift --model`: 0 where the model is what the steps make, 1 where it is not, 4 where that cannot be told. */
async function modelDriftCommand(
  model: string | true,
  paths: readonly string[],
  flags: DriftFlags,
  context: CommandContext,
): Promise<void> {
  const { url: _, at, json, model: _model, ...work } = flags
  const { projects } = await planWork(paths, work)
  const { modelDrift, renderModelDrift, toolModelDrift } = await import('../operations/index.ts')
  const { paths: files = [], options = {} } = projects[0] ?? {}
  const found = await withProgress(async (onProgress) => {
    const request = { options, hooks: { signal: context.signal, onProgress } }
    if (model === true) return await toolModelDrift(await toolWithModel(files, options, at), request)
    return await modelDrift({ model, paths: files, at, ...request })
  })
  process.stdout.write(json === true ? `${JSON.stringify(found)}\n` : visibleLines(renderModelDrift(found)))
  if (found.differences.length > 0) context.setExitCode(exitCodes.violated)
  else if (found.unknown.length > 0) context.setExitCode(exitCodes.unknown)
}

/** @throws {InputError} Where there is no tool that has a model of its own. */
async function toolWithModel(paths: readonly string[], options: VerifyOptions, at: string | undefined): Promise<CommandSource> {
  if (at !== undefined)
    throw new InputError('--at goes with --model only where a file is named', {
      hint: 'The tool compares its model with all of its steps.',
    })
  const { readSources } = await import('../history/index.ts')
  const [source, ...others] = await readSources(paths, options)
  if (source?.kind === 'command' && others.length === 0) return source.command
  throw new InputError('--model names no file, and no tool with a model of its own is found', {
    hint: 'Of Prisma and drizzle-kit name the file: --model prisma/schema.prisma. Of Alembic, Django, MikroORM and TypeORM name the project.',
  })
}

export interface DiffFlags extends Pick<VerifyFlags, 'config' | 'project' | 'format' | 'prelude' | 'runAs' | 'skipExtension' | 'json'> {}

/** `godwit schema diff`: 1 where a change can break a client, 4 where something could not be compared, else 0. */
export async function diffCommand(from: string, to: string, flags: DiffFlags, context: CommandContext): Promise<void> {
  const { json, ...work } = flags
  const { projects } = await planWork([], work)
  const options = projects[0]?.options ?? {}
  const { diffSchemas, renderDiff } = await import('../operations/index.ts')
  const found = await withProgress((onProgress) => diffSchemas({ from, to, options, hooks: { signal: context.signal, onProgress } }))
  process.stdout.write(json === true ? `${JSON.stringify(found)}\n` : visibleLines(renderDiff(found)))
  if (found.level === 'major') context.setExitCode(exitCodes.violated)
  else if (found.unknown.length > 0) context.setExitCode(exitCodes.unknown)
}

export interface VersionFlags extends DiffFlags {
  readonly at?: string
  readonly write?: string
  readonly table: string
  readonly markdown?: true
}

/** `godwit schema version`: 0, or 4 where a step is not applied, so that its version may be another one. */
export async function versionCommand(paths: readonly string[], flags: VersionFlags, context: CommandContext): Promise<void> {
  const { json, at, write, table, markdown, ...work } = flags
  const { projects } = await planWork(paths, work)
  const [project, ...others] = projects
  if (project === undefined || others.length > 0)
    throw new InputError(`versions are those of one project, and the configuration has ${projects.length}`, {
      hint: 'Name one with --project.',
    })
  if (!/^[a-z_][a-z0-9_$]*\.[a-z_][a-z0-9_$]*$/.test(table))
    throw new InputError(`"${table}" is not the path of a table such as "public.schema_versions"`, {
      hint: 'Name it with its schema, in small letters, without quotes.',
    })
  const { filesOfStep, renderChangeLog, renderVersions, versionSql, versionsOf, writeVersion } = await import('../operations/index.ts')
  const request = { paths: project.paths, table, options: project.options }
  const found = await withProgress((onProgress) =>
    versionsOf({ ...request, at: at ?? write, hooks: { signal: context.signal, onProgress } }),
  )
  if (found.unknown.length > 0) context.setExitCode(exitCodes.unknown)
  if (write === undefined) {
    process.stdout.write(
      json === true ? `${JSON.stringify(found)}\n` : visibleLines(markdown === true ? renderChangeLog(found) : renderVersions(found)),
    )
    return
  }
  const last = found.versions.at(-1)
  if (last === undefined) throw new InputError(`there is no step "${write}"`)
  const files = await filesOfStep({ ...request, at, hooks: {} }, write, versionSql(last, table, true))
  const written = await writeVersion(last, table, files)
  process.stdout.write(visibleLines(`${last.version}  ${last.step}: written into ${written.join(' and ')}\n`))
}

export interface TypesFlags extends DiffFlags {
  readonly schema: readonly string[]
  readonly out?: string
}

/** `godwit schema types`: 0, or 4 where a step is not applied. */
export async function typesCommand(place: string, flags: TypesFlags, context: CommandContext): Promise<void> {
  const { schema, out, json: _, ...work } = flags
  const { projects } = await planWork([], work)
  const { schemaTypes } = await import('../operations/index.ts')
  const options = projects[0]?.options ?? {}
  const { text, unknown } = await withProgress((onProgress) =>
    schemaTypes({ place, schemas: schema, options, hooks: { signal: context.signal, onProgress } }),
  )
  for (const each of unknown) process.stderr.write(`unknown: ${each}\n`)
  if (unknown.length > 0) context.setExitCode(exitCodes.unknown)
  if (out === undefined) process.stdout.write(text)
  else await writeFile(out, text)
}
