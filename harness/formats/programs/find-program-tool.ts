import { readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { InputError } from '../../errors.ts'
import { isFile, shownPath } from '../../migration/index.ts'
import { candidatesIn } from '../candidates.ts'
import type { CommandSource } from '../history.ts'
import { isNumberedProgram } from '../ignored.ts'
import { parentsOf } from '../parents.ts'
import type { ProgramTool } from './program-tool.ts'
import { programTools } from './registry.ts'

/**
 * How to drive the tool whose files stand in a folder, or in the folders above one that holds programs.
 *
 * @param wanted  The id of the one that is meant; undefined for any.
 * @throws {InputError} Where its configuration says nothing of which database to use.
 */
export async function programToolAt(path: string, wanted?: string): Promise<CommandSource | undefined> {
  if (isFile(path)) return programToolAt(dirname(path), wanted)
  const names = await filesIn(path)
  const own = await toolIn(path, names, wanted)
  if (own !== undefined || !(names.some(isNumberedProgram) || names.some((name) => /\.(py|[cm]?[jt]s)$/.test(name)))) return own
  for (const parent of parentsOf(path).slice(1)) {
    const found = await toolIn(parent, await filesIn(parent), wanted)
    if (found !== undefined) return found
  }
  return undefined
}

/** A tool that runs programs, as its files show it. */
export interface RecognisedTool {
  readonly id: string
  readonly directory: string
  /** How it is driven, or why it cannot be. */
  readonly source: CommandSource | InputError
}

/** The tools that run programs, in a folder or anywhere below it; those nearest to it first. */
export async function programToolsBelow(path: string, wanted?: string): Promise<readonly RecognisedTool[]> {
  const { directories } = await candidatesIn(
    path,
    programTools.map(({ files }) => files),
  )
  const found: RecognisedTool[] = []
  for (const directory of [...directories].sort((a, b) => a.length - b.length || (a < b ? -1 : 1))) {
    const tool = await recognisedIn(directory, await filesIn(directory), wanted)
    if (tool !== undefined && !found.some((each) => each.directory === tool.directory && each.id === tool.id)) found.push(tool)
  }
  return found
}

/**
 * The one tool that runs programs, in a folder or anywhere below it.
 *
 * @throws {InputError} Where there are several, or it cannot be driven.
 */
export async function programToolBelow(path: string, wanted?: string): Promise<CommandSource | undefined> {
  const [only, ...others] = await programToolsBelow(path, wanted)
  if (only === undefined) return undefined
  if (others.length === 0) {
    if (only.source instanceof InputError) throw only.source
    return only.source
  }
  const all = [only, ...others]
  throw new InputError(`"${shownPath(path)}" holds ${all.length} projects of tools that run programs`, {
    detail: `There are: ${all.map(({ directory, id }) => `"${shownPath(directory)}" (${id})`).join(', ')}.`,
    hint: 'Name the one that is meant, or each as a project in the config.',
  })
}

async function recognisedIn(directory: string, names: readonly string[], wanted: string | undefined): Promise<RecognisedTool | undefined> {
  for (const tool of programTools as readonly ProgramTool[]) {
    if ((wanted !== undefined && tool.id !== wanted) || !names.some((name) => tool.files.test(name))) continue
    const source = await tool.source(directory, names).catch((error: unknown) => {
      if (error instanceof InputError) return error
      throw error
    })
    if (source !== undefined)
      return { id: tool.id, directory: source instanceof InputError ? directory : (source.directory ?? directory), source }
  }
  return undefined
}

async function toolIn(directory: string, names: readonly string[], wanted: string | undefined): Promise<CommandSource | undefined> {
  const found = (await recognisedIn(directory, names, wanted))?.source
  if (found instanceof InputError) throw found
  return found
}

async function filesIn(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
}
