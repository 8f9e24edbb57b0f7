import { createHash } from 'node:crypto'
import { readdir, readFile, readlink, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { InputError } from '../errors.ts'
import { shownPath } from '../migration/index.ts'
import { decodeSource } from './decode-source.ts'
import { isReportFolder } from './report-folder.ts'

/** The files of a folder of migrations, at any depth; remembers what it read. Names are relative to `root`, with slashes. */
export class Folder {
  /** Absolute. */
  readonly root: string
  /** In the order of their UTF-16 units. */
  readonly files: readonly string[]
  /** Links to folders that they stand in: they are not followed. */
  readonly loops: readonly string[]
  readonly #texts = new Map<string, Promise<string>>()
  readonly #bytes = new Map<string, Promise<Uint8Array>>()

  private constructor(root: string, files: readonly string[], loops: readonly string[]) {
    this.root = root
    this.files = files
    this.loops = loops
  }

  /**
   * List a folder. Hidden folders, `node_modules` and folders of our own reports are left out; links are followed. One that leads nowhere counts as a file: reading it
   * says so.
   *
   * @throws {InputError} For a name with a line break.
   */
  static async open(root: string): Promise<Folder> {
    const [files, loops]: [string[], string[]] = [[], []]
    await list(root, '', [await realpath(root)], { files, loops })
    return new Folder(root, files.sort(byUnits), loops)
  }

  /** A folder of which only some files concern us. */
  static of(root: string, files: readonly string[]): Folder {
    return new Folder(root, files, [])
  }

  has(name: string): boolean {
    return this.files.includes(name)
  }

  path(name: string): string {
    return join(this.root, name)
  }

  shown(name: string): string {
    return shownPath(this.path(name))
  }

  /** @throws {InputError} when it cannot be read. */
  bytes(name: string): Promise<Uint8Array> {
    return remembered(this.#bytes, name, async () => {
      try {
        return await readFile(this.path(name))
      } catch (cause) {
        throw await unreadable(this.path(name), cause)
      }
    })
  }

  /** @throws {InputError} when it cannot be read or is not UTF-8. */
  text(name: string): Promise<string> {
    return remembered(this.#texts, name, async () => decodeSource(this.shown(name), await this.bytes(name)))
  }

  /** Whether one of the SQL files right in it, or right in a folder of it, has this. */
  async contains(pattern: RegExp, within = ''): Promise<boolean> {
    for (const name of this.files.filter((each) => /\.sql$/i.test(each) && partsOf(each).within === within)) {
      // What cannot be decoded is complained of by the reader of the format, with its name.
      if (pattern.test(await this.text(name).catch(() => ''))) return true
    }
    return false
  }

  /** Hex sha256 of these files, names and contents. */
  async digest(names: readonly string[]): Promise<string> {
    const hash = createHash('sha256')
    for (const name of [...names].sort(byUnits)) {
      // What cannot be read is named by the step; another digest follows once it can.
      const bytes = await this.bytes(name).catch(() => new Uint8Array())
      hash.update(`${name}\0${bytes.length}\0`).update(bytes)
    }
    return hash.digest('hex')
  }
}

/** The order of plain string comparison, as most tools' own sort. */
export function byUnits(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

interface Listed {
  readonly files: string[]
  readonly loops: string[]
}

async function list(root: string, within: string, parents: readonly string[], found: Listed): Promise<void> {
  const entries = await readdir(join(root, within), { withFileTypes: true })
  if (within !== '' && isReportFolder(entries.map(({ name }) => name))) return
  for (const entry of entries) {
    const name = within === '' ? entry.name : `${within}/${entry.name}`
    const path = join(root, name)
    if (hasControl(entry.name)) {
      throw new InputError(`${JSON.stringify(shownPath(path))} has a line break or another control character in its name`, {
        hint: 'Rename the file.',
      })
    }
    // Undefined for a link that leads nowhere.
    const kind = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry
    if (kind === undefined || kind.isFile()) found.files.push(name)
    if (!kind?.isDirectory() || entry.name.startsWith('.') || entry.name === 'node_modules') continue
    const real = await realpath(path)
    if (parents.includes(real)) found.loops.push(name)
    else await list(root, name, [...parents, real], found)
  }
}

async function unreadable(path: string, cause: unknown): Promise<InputError> {
  const target = await readlink(path).catch(() => undefined)
  const code = codeOf(cause)
  if (target === undefined) return new InputError(`"${shownPath(path)}" cannot be read: ${code}`, { cause })
  const because = code === 'ELOOP' ? 'which leads back to it' : code === 'ENOENT' ? 'which does not exist' : `which cannot be read: ${code}`
  return new InputError(`"${shownPath(path)}" is a link to "${target}", ${because}`, { hint: 'Correct or remove the link.', cause })
}

function hasControl(name: string): boolean {
  return [...name].some((character) => character < ' ' || character === '\u007f')
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
}

function remembered<Value>(known: Map<string, Promise<Value>>, name: string, make: () => Promise<Value>): Promise<Value> {
  const made = known.get(name) ?? make()
  known.set(name, made)
  return made
}

/** The last part of a name, and the part before it (`''` where there is none). */
export function partsOf(name: string): { readonly base: string; readonly within: string } {
  const within = dirname(name)
  return { base: basename(name), within: within === '.' ? '' : within }
}
