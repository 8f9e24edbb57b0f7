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

/**
 * The same, anywhere below a folder.
 *
 * @throws {InputError} Where there are several.
 */
export async function programToolBelow(path: string, wanted?: string): Promise<CommandSource | undefined> {
  const { directories } = await candidatesIn(
    path,
    programTools.map(({ files }) => files),
  )
  const found: CommandSource[] = []
  for (const directory of [...directories].sort((a, b) => a.length - b.length)) {
    const source = await toolIn(directory, await filesIn(directory), wanted)
    if (source !== undefined && !found.some((each) => each.directory === source.directory && each.tool === source.tool)) found.push(source)
  }
  if (found.length < 2) return found[0]
  throw new InputError(`"${shownPath(path)}" holds ${found.length} projects of tools that run programs`, {
    detail: `There are: ${found.map(({ directory, tool }) => `"${shownPath(directory ?? '')}" (${tool})`).join(', ')}.`,
    hint: 'Name the one that is meant, or each as a project in the config.',
  })
}

async function toolIn(directory: string, names: readonly string[], wanted: string | undefined): Promise<CommandSource | undefined> {
  const tools: readonly ProgramTool[] = wanted === undefined ? programTools : programTools.filter(({ id }) => id === wanted)
  for (const tool of tools) {
    if (!names.some((name) => tool.files.test(name))) continue
    const source = await tool.source(directory, names)
    if (source !== undefined) return source
  }
  return undefined
}

async function filesIn(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
}
