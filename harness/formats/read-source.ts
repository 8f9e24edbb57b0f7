import { existsSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { InputError } from '../errors.ts'
import { isDirectory, isFile, shownPath } from '../migration/index.ts'
import type { OwnFormat } from './define-format.ts'
import type { Detected } from './detect.ts'
import { findFolder } from './find-folder.ts'
import { Folder } from './folder.ts'
import type { Format, Read } from './format.ts'
import type { CommandSource, History, Source } from './history.ts'
import { readPair } from './pair.ts'
import { readPairs } from './pairs.ts'
import { parentsOf } from './parents.ts'
import { programToolAt, programToolBelow } from './programs/find-program-tool.ts'
import { formats, isProgramTool, knownFormat, ownFormats } from './registry.ts'
import { serverOf } from './server.ts'

export interface ReadOptions {
  /** One of `formatNames`, the id of one's own, or `auto` (default): by markers. */
  readonly format?: string | undefined
  /** Formats of the user's own, tried before the built-in ones. */
  readonly formats?: readonly OwnFormat[] | undefined
  /** Given, the path is only where its commands run. */
  readonly command?: CommandSource | undefined
}

/**
 * Read what stands at a path: a pair, a folder of pairs, or a history in any format that is known, found by its markers. The path is the
 * folder of migrations itself, or a repository or package above it.
 *
 * @throws {InputError} For nothing there, a format that cannot be told, several folders to choose from, a journal or plan that is broken, and
 *   where the tool would refuse the files of every step. A step whose files it would refuse is opaque where others can be judged.
 */
export async function readSource(path: string, options: ReadOptions = {}): Promise<Source> {
  const { command } = options
  const own = ownFormats(options.formats)
  const format = knownFormat(options.format, own)
  if (command !== undefined) return { kind: 'command', command: { ...command, directory: resolve(path, command.directory ?? '.') } }
  if (format === 'command') {
    throw new InputError('the format "command" needs a command', {
      hint: 'Say in the config what applies the next step, and the history table.',
    })
  }
  const absolute = resolve(path)
  if (!existsSync(absolute)) throw new InputError(`"${shownPath(absolute)}" does not exist`)
  if (format === 'pair' || (format === undefined && !(await marksOwn(absolute, own)))) {
    const pairs = await readPairs(path)
    if (pairs !== undefined) return pairs
    // A pair with something missing: its own reader says what.
    if (format === 'pair' || looksLikePair(absolute)) {
      return { kind: 'pairs', format: 'pair', migrations: [{ migration: await readPair(path), path }] }
    }
  }
  const found = await foldersOrTool(absolute, format, own)
  if ('command' in found) return { kind: 'command', command: found.command }
  const { folder, format: foundFormat, warnings, read } = found
  refuseUnjudgeable(read)
  if (read.steps.length === 0) {
    throw new InputError(`"${shownPath(folder.root)}" holds no migration in the format "${foundFormat.id}"`, {
      detail: `Looked for ${foundFormat.marker}.${read.ignored.map(({ file, because }) => ` "${file}": ${because}.`).join('')}`,
    })
  }
  const history: History = {
    ...read,
    format: foundFormat.id,
    historyTables: foundFormat.historyTables,
    path,
    root: folder.root,
    platform: isSupabase(folder.root) ? 'supabase' : undefined,
    ignored: [...folder.loops.map((file) => ({ file, because: 'it is a link to a folder that it stands in' })), ...read.ignored],
    warnings: [...warnings, ...read.warnings],
    server: await serverOf(folder.root),
  }
  return { kind: 'history', history }
}

type Found = (Detected & { readonly read: Read }) | { readonly command: CommandSource }

/**
 * A folder of SQL, or a tool that runs programs. The tool is meant where it stands at the path itself and no other tool's own mark does, where
 * the folder's steps are programs, and where no folder is found.
 */
async function foldersOrTool(path: string, format: string | undefined, own: readonly Format[]): Promise<Found> {
  const wanted = format !== undefined && isProgramTool(format) ? format : undefined
  if (format !== undefined && wanted === undefined) return readFolder(path, format, own)
  const isFormat = wanted === undefined || formats.some(({ id }) => id === wanted)
  const folder = isFormat ? await readFolder(path, format, own).catch(inputError) : new InputError(`no configuration of ${wanted} is found`)
  const isFolder = !(folder instanceof InputError)
  // Programs among the files of a tool are that tool's.
  const id = isFolder && folder.strength === 'strong' ? folder.format.id : wanted
  if (isFolder && folder.strength === 'strong' && !(isProgramTool(folder.format.id) && folder.read.steps.some(isProgram))) return folder
  const tool = (await programToolAt(path, id)) ?? (isFolder ? undefined : await programToolBelow(path, wanted))
  if (tool !== undefined) return { command: tool }
  if (!isFolder) throw folder
  return folder
}

async function readFolder(path: string, format: string | undefined, own: readonly Format[]): Promise<Detected & { readonly read: Read }> {
  const found = await findFolder(path, format, own)
  return { ...found, read: await found.format.read(found.folder) }
}

function inputError(error: unknown): InputError {
  if (error instanceof InputError) return error
  throw error
}

function isProgram({ up }: Read['steps'][number]): boolean {
  return up.kind === 'opaque' && up.refused === undefined
}

/** @throws {InputError} for a history of which no step can be run, because of the first file that the tool would refuse. */
function refuseUnjudgeable({ steps }: Read): void {
  const first = steps.map(({ up }) => (up.kind === 'opaque' ? up.refused?.error : undefined)).find((error) => error !== undefined)
  if (first !== undefined && steps.every(({ up }) => up.kind === 'opaque')) throw first
}

/** Whether a format of the user's own takes the folder itself. */
async function marksOwn(path: string, own: readonly Format[]): Promise<boolean> {
  if (own.length === 0 || !isDirectory(path)) return false
  const folder = await Folder.open(path)
  for (const format of own) if ((await format.marks(folder)) !== undefined) return true
  return false
}

/** What only a pair has: a legacy schema, or an up or down right in the folder. */
function looksLikePair(path: string): boolean {
  return ['legacy.sql', 'up.sql', 'up.ts', 'down.sql', 'down.ts'].some((name) => isFile(join(path, name)))
}

function isSupabase(root: string): boolean {
  if (basename(root) === 'migrations' && basename(dirname(root)) === 'supabase') return true
  return parentsOf(root).some((directory) => isFile(join(directory, 'supabase', 'config.toml')))
}
