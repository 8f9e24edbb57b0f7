import { InputError } from '../errors.ts'
import type { CommandContext } from './command-context.ts'
import { exitCodes } from './exit-codes.ts'
import { planWork } from './plan.ts'
import { withProgress } from './progress.ts'
import { urlOf } from './url-of.ts'
import type { VerifyFlags } from './verify-options.ts'

export interface DriftFlags extends Pick<VerifyFlags, 'config' | 'project' | 'format' | 'prelude' | 'runAs' | 'skipExtension' | 'json'> {
  readonly url?: string
  readonly at?: string
}

/** `godwit schema drift`: 0 where the database is what the files make, 1 where it is not, 4 where that cannot be told. */
export async function driftCommand(paths: readonly string[], flags: DriftFlags, context: CommandContext): Promise<void> {
  const { url: _, at, json, ...work } = flags
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
  process.stdout.write(json === true ? `${JSON.stringify(found)}\n` : renderDrift(found))
  if (found.drift.length > 0) context.setExitCode(exitCodes.violated)
  else if (found.unknown.length > 0) context.setExitCode(exitCodes.unknown)
}

export interface DiffFlags extends Pick<VerifyFlags, 'config' | 'project' | 'format' | 'prelude' | 'runAs' | 'skipExtension' | 'json'> {}

/** `godwit schema diff`: 1 where a change can break a client, 4 where something could not be compared, else 0. */
export async function diffCommand(from: string, to: string, flags: DiffFlags, context: CommandContext): Promise<void> {
  const { json, ...work } = flags
  const { projects } = await planWork([], work)
  const options = projects[0]?.options ?? {}
  const { diffSchemas, renderDiff } = await import('../operations/index.ts')
  const found = await withProgress((onProgress) => diffSchemas({ from, to, options, hooks: { signal: context.signal, onProgress } }))
  process.stdout.write(json === true ? `${JSON.stringify(found)}\n` : renderDiff(found))
  if (found.level === 'major') context.setExitCode(exitCodes.violated)
  else if (found.unknown.length > 0) context.setExitCode(exitCodes.unknown)
}
