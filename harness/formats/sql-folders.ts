import { basename, dirname, sep } from 'node:path'
import { shownPath } from '../migration/index.ts'
import { byUnits, Folder, partsOf } from './folder.ts'

/** A folder of SQL files that says of no tool that it is a history, and may be one. */
export interface SqlFolder {
  /** Absolute. */
  readonly root: string
  /** How many SQL files are in it. */
  readonly files: number
  /** Whether the names of most of them begin with a number, so that they have an order. */
  readonly numbered: boolean
}

/**
 * The folders of SQL files among some folders; those whose name is a number are parts of the folder above them.
 *
 * @param top  Absolute: what is above it is not named.
 */
export async function sqlFolders(directories: readonly string[], top: string): Promise<readonly SqlFolder[]> {
  const roots = [...new Set(directories.map((directory) => wholeOf(directory, top)))].sort(byUnits)
  const found: SqlFolder[] = []
  for (const root of roots) {
    if (found.some((each) => each.numbered && root.startsWith(each.root + sep))) continue
    const { files } = await Folder.open(root)
    // The files of folders below belong to those, unless they are parts of this one.
    const own = files.filter((name) => /\.sql$/i.test(name) && partsOf(name).within.split('/').every(isNumber))
    if (own.length === 0) continue
    const numbered = own.filter((name) => /^v?\d/i.test(partsOf(name).base))
    found.push({ root, files: own.length, numbered: numbered.length * 2 > own.length })
  }
  return found
}

/** The folder of which a folder named by a number is a part; any other folder is itself. */
export function wholeOf(directory: string, top: string): string {
  return directory !== top && isNumber(basename(directory)) ? wholeOf(dirname(directory), top) : directory
}

/** `''` is a part of the folder itself. */
function isNumber(part: string): boolean {
  return part === '' || /^v?\d[\d._-]*$/i.test(part)
}

/** What a folder holds, and the command that verifies it: two sentences of one line. */
export function offerOf({ root, files, numbered }: SqlFolder, format?: string): string {
  const what = `${files} ${numbered ? 'numbered ' : ''}SQL ${files === 1 ? 'file' : 'files'}`
  return `"${shownPath(root)}" holds ${what}: npx godwit verify ${quoted(shownPath(root))}${format === undefined ? '' : ` --format ${format}`}`
}

/** For a POSIX shell, quoted only where it is needed. */
function quoted(path: string): string {
  const plain = path.startsWith('-') ? `./${path}` : path
  return /^[\w@%+=:,./-]+$/.test(plain) ? plain : `'${plain.replaceAll("'", `'\\''`)}'`
}
