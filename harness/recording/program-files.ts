import { readdir, readFile } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'

/** The files of a project that may be migrations: those of programs, without what packages bring. */
export class ProgramFiles {
  readonly #directory: string
  readonly #files: readonly string[]

  private constructor(directory: string, files: readonly string[]) {
    this.#directory = directory
    this.#files = files
  }

  static async in(directory: string): Promise<ProgramFiles> {
    const found: string[] = []
    let level = [directory]
    for (let depth = 0; depth < deepest && level.length > 0; depth++) {
      const next: string[] = []
      for (const each of level) {
        for (const entry of await readdir(each, { withFileTypes: true }).catch(() => [])) {
          if (entry.isDirectory() && !passedOver.test(entry.name)) next.push(join(each, entry.name))
          if (entry.isFile() && programs.test(entry.name) && !declarations.test(entry.name)) found.push(join(each, entry.name))
        }
      }
      level = next
    }
    return new ProgramFiles(directory, found.sort())
  }

  /**
   * The file that a tool means by the name that it notes for a step: by its own name, by that of its folder and its own, or by the name of
   * a class or the revision that it declares.
   */
  async named(name: string): Promise<string | undefined> {
    const wanted = name.replace(programs, '')
    const stem = (file: string) => basename(file).replace(programs, '')
    const exact = this.#files.filter((file) => stem(file) === wanted || basename(file) === name)
    if (exact.length > 0) return exact[0]
    const [app, ...rest] = wanted.split('.')
    const inApp = this.#files.filter(
      (file) =>
        stem(file) === rest.join('.') &&
        relative(this.#directory, file)
          .split(/[\\/]/)
          .includes(app ?? ''),
    )
    if (inApp.length > 0) return inApp[0]
    const begins = this.#files.filter((file) => stem(file).startsWith(`${wanted}_`))
    if (begins.length === 1) return begins[0]
    const declares = new RegExp(`\\bclass\\s+${escaped(wanted)}\\b|\\b(revision|name)\\b[^\\n=]*=\\s*['"]${escaped(wanted)}['"]`)
    for (const file of this.#files) if (/migrat|version|alembic/i.test(file) && declares.test(await readFile(file, 'utf8'))) return file
    return undefined
  }

  /** The first file that a text names, and that is none of these. */
  namedIn(text: string, others: ReadonlySet<string>): string | undefined {
    return this.#files.find(
      (file) =>
        !others.has(file) &&
        (text.includes(basename(file)) || text.includes(basename(file).replace(programs, ''))) &&
        /migrat|version/i.test(relative(this.#directory, file)),
    )
  }

  /** Files beside those that were applied, which come behind them by name. */
  after(applied: readonly string[]): readonly string[] {
    const last = applied.at(-1)
    if (last === undefined) return []
    const folder = last.slice(0, -basename(last).length)
    return this.#files.filter(
      (file) => file.startsWith(folder) && basename(file) > basename(last) && /\d/.test(basename(file)) && !applied.includes(file),
    )
  }
}

const deepest = 8
const programs = /\.([cm]?[jt]s|py|rb|php|exs|sql)$/
const declarations = /\.d\.[cm]?ts$/
const passedOver = /^(\..*|node_modules|site-packages|venv|__pycache__|vendor|dist|build)$/

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
