import { statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { InputError } from '../../errors.ts'
import type { FormatName } from '../history.ts'
import { shownPath } from '../shown-path.ts'
import { Folder } from './folder.ts'
import type { Format } from './format.ts'
import { formats } from './registry.ts'

export interface Found {
  readonly folder: Folder
  readonly format: Format
  readonly warnings: readonly string[]
}

/**
 * The folder of migrations at a path, and its format.
 *
 * @param path    Absolute; the folder itself, a file of it, or a folder above it.
 * @param wanted  Undefined: by markers.
 * @throws {InputError} when there is none, or several.
 */
export async function findFolder(path: string, wanted: FormatName | undefined): Promise<Found> {
  const folder = statSync(path).isDirectory() ? await Folder.open(path) : Folder.of(dirname(path), [basename(path)])
  const candidates = wanted === undefined ? formats : formats.filter(({ name }) => name === wanted)
  for (const format of candidates) if (await format.marks(folder)) return { folder, format, warnings: [] }
  throw new InputError(`"${shownPath(path)}" holds no migrations in a format that is known`, {
    detail: `Looked for ${formats.map(({ marker }) => marker).join('; ')}.`,
    hint: 'Name the folder itself, or the format: --format NAME.',
  })
}
