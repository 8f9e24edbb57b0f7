import { statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { InputError } from '../errors.ts'
import { isDirectory, isFile, shownPath } from '../migration/index.ts'
import type { OwnFormat } from './define-format.ts'
import { findFolder } from './find-folder.ts'
import { Folder } from './folder.ts'
import type { Format, Read } from './format.ts'
import type { CommandSource, History, Source } from './history.ts'
import { readPair } from './pair.ts'
import { readPairs } from './pairs.ts'
import { parentsOf } from './parents.ts'
import { knownFormat, ownFormats } from './registry.ts'
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
  if (statSync(absolute, { throwIfNoEntry: false }) === undefined) throw new InputError(`"${shownPath(absolute)}" does not exist`)
  if (format === 'pair' || (format === undefined && !(await marksOwn(absolute, own)))) {
    const pairs = await readPairs(path)
    if (pairs !== undefined) return pairs
    // A pair with something missing: its own reader says what.
    if (format === 'pair' || looksLikePair(absolute)) {
      return { kind: 'pairs', format: 'pair', migrations: [{ migration: await readPair(path), path }] }
    }
  }
  const { folder, format: found, warnings } = await findFolder(absolute, format, own)
  const read = await found.read(folder)
  refuseUnjudgeable(read)
  if (read.steps.length === 0) {
    throw new InputError(`"${shownPath(folder.root)}" holds no migration in the format "${found.id}"`, {
      detail: `Looked for ${found.marker}.${read.ignored.map(({ file, because }) => ` "${file}": ${because}.`).join('')}`,
    })
  }
  const history: History = {
    ...read,
    format: found.id,
    historyTables: found.historyTables,
    path,
    root: folder.root,
    platform: isSupabase(folder.root) ? 'supabase' : undefined,
    ignored: [...folder.loops.map((file) => ({ file, because: 'it is a link to a folder that it stands in' })), ...read.ignored],
    warnings: [...warnings, ...read.warnings],
    server: await serverOf(folder.root),
  }
  return { kind: 'history', history }
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
