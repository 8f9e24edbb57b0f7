import { readFile, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import MagicString from 'magic-string'
import { InputError } from '../../errors.ts'
import type { OwnFormat } from '../../formats/index.ts'
import { SourceMap, shownPath } from '../../migration/index.ts'
import { type DatabaseUses, databaseUses } from './database.ts'
import { listFiles, readText } from './files.ts'
import { findInFile, kindOf } from './find-in-file.ts'
import { migrationFiles } from './migration-files.ts'
import type { AmbiguousPlace, Change, Place, SkippedFiles, Use } from './model.ts'
import { mayName, type RenamedTable } from './table-name.ts'
import { loadTypescript } from './typescript/load.ts'
import { Survey } from './typescript/survey.ts'

export interface ReferencesOptions {
  /** A folder, or a file. */
  readonly path: string
  readonly table: RenamedTable
  /** A database, which is only read. */
  readonly url?: string | undefined
  /** Folders and files of migrations that the configuration names. */
  readonly migrations?: readonly string[]
  readonly formats?: readonly OwnFormat[]
  readonly signal: AbortSignal
}

/** A file with its changes. */
export interface ChangedFile {
  /** From `root`, with slashes. */
  readonly file: string
  readonly before: string
  readonly after: string
}

export interface References {
  /** Absolute. */
  readonly root: string
  readonly table: RenamedTable
  readonly changes: readonly Change[]
  readonly ambiguous: readonly AmbiguousPlace[]
  readonly changed: readonly ChangedFile[]
  /** Migrations that name the table: left as they are. */
  readonly migrations: readonly string[]
  readonly skipped: readonly SkippedFiles[]
  readonly database: DatabaseUses | undefined
}

/**
 * Find the uses of a table's name in the files of a folder, and in a database where one is named. Nothing is written.
 *
 * @throws {InputError} for a path that is not there, and without TypeScript where there are programs to read.
 * @throws {EnvironmentError} where the database does not answer.
 */
export async function findReferences(options: ReferencesOptions): Promise<References> {
  const { table, signal } = options
  const { root, files, skipped } = await filesOf(options.path)
  const naming = await namingFiles(root, files, table)
  const migrations = await migrationFiles(root, files, options.migrations ?? [], options.formats ?? [])
  const read = naming.texts.filter(({ file }) => kindOf(file) !== undefined && !migrations.has(file))
  const program = naming.survey.program(once(() => loadTypescript(root)))
  const found: FoundIn[] = []
  const applied = new Set(naming.texts.flatMap(({ file }) => (migrations.has(file) ? [file] : [])))
  for (const { file, text } of read) {
    signal.throwIfAborted()
    const uses = new Uses()
    const outcome = findInFile(file, text, { table, onUse: (use) => uses.add(use) }, program)
    if (outcome === 'migration') applied.add(file)
    else found.push({ file, text, uses: uses.all() })
  }
  const others = naming.texts.filter(({ file }) => kindOf(file) === undefined).map(({ file }) => file)
  return {
    root,
    table,
    changes: found.flatMap(({ file, text, uses }) => changesIn(file, text, uses)),
    ambiguous: found.flatMap(({ file, text, uses }) => ambiguousIn(file, text, uses)),
    changed: found.flatMap(changedFile),
    migrations: [...applied].sort(),
    skipped: [...skipped, ...naming.skipped, { because: 'of a kind that is not read', files: others }].filter(
      (each) => each.files.length > 0,
    ),
    database: options.url === undefined ? undefined : await databaseUses(options.url, table, signal),
  }
}

/**
 * Write the changes.
 *
 * @throws {InputError} when a file has changed since it was read; then nothing is written.
 */
export async function writeReferences({ root, changed }: References): Promise<void> {
  for (const { file, before } of changed) {
    if ((await readFile(join(root, file))).equals(Buffer.from(before, 'utf8'))) continue
    throw new InputError(`"${file}" has changed while it was read`, { hint: 'Nothing was written. Run the command again.' })
  }
  for (const { file, after } of changed) await writeFile(join(root, file), after)
}

async function filesOf(path: string): Promise<{ root: string; files: readonly string[]; skipped: readonly SkippedFiles[] }> {
  const absolute = resolve(path)
  const stats = await stat(absolute).catch(() => undefined)
  if (stats === undefined) throw new InputError(`"${shownPath(absolute)}" does not exist`)
  if (stats.isFile()) return { root: dirname(absolute), files: [basename(absolute)], skipped: [] }
  return { root: absolute, ...(await listFiles(absolute)) }
}

interface Naming {
  readonly texts: readonly { readonly file: string; readonly text: string }[]
  readonly skipped: readonly SkippedFiles[]
  readonly survey: Survey
}

/** The files whose text has the name in it. */
async function namingFiles(root: string, files: readonly string[], { from }: RenamedTable): Promise<Naming> {
  const texts: { file: string; text: string }[] = []
  const unread = new Map<string, string[]>()
  const survey = new Survey()
  for (const text of await packagesAbove(root)) survey.see('package.json', text)
  for (const file of files) {
    const read = await readText(join(root, file))
    if ('because' in read) {
      if (kindOf(file) !== undefined && read.because !== 'no file') unread.set(read.because, [...(unread.get(read.because) ?? []), file])
      continue
    }
    survey.see(file, read.text)
    if (mayName(read.text, from.name)) texts.push({ file, text: read.text })
  }
  return { texts, skipped: [...unread].map(([because, names]) => ({ because, files: names })), survey }
}

/** The packages in whose folders the folder is. */
async function packagesAbove(root: string): Promise<readonly string[]> {
  const above = dirname(root)
  if (above === root) return []
  const text = await readFile(join(above, 'package.json'), 'utf8').catch(() => undefined)
  return [...(await packagesAbove(above)), ...(text === undefined ? [] : [text])]
}

/** Uses of one file, each place once; what is certain in one reading of it counts. */
class Uses {
  readonly #byPlace = new Map<string, Use>()

  add(use: Use): void {
    const key = `${use.start}-${use.end}`
    const known = this.#byPlace.get(key)
    if (known === undefined || ('because' in known && 'after' in use)) this.#byPlace.set(key, use)
  }

  /** In order; a certain use takes the place of what it overlaps. */
  all(): readonly Use[] {
    const found = [...this.#byPlace.values()].sort((a, b) => a.start - b.start || b.end - a.end)
    const certain = apart(found.filter((use) => 'after' in use))
    const others = found.filter((use) => 'because' in use && !certain.some((each) => each.start < use.end && use.start < each.end))
    return [...certain, ...others].sort((a, b) => a.start - b.start)
  }
}

/** Of uses that overlap, the first. */
function apart(uses: readonly Use[]): readonly Use[] {
  const kept: Use[] = []
  for (const use of uses) if (use.start >= (kept.at(-1)?.end ?? 0)) kept.push(use)
  return kept
}

interface FoundIn {
  readonly file: string
  readonly text: string
  readonly uses: readonly Use[]
}

function changesIn(file: string, text: string, uses: readonly Use[]): readonly Change[] {
  const place = placing(file, text)
  return uses.flatMap((use) => ('after' in use ? [{ ...place(use), after: use.after }] : []))
}

function ambiguousIn(file: string, text: string, uses: readonly Use[]): readonly AmbiguousPlace[] {
  const place = placing(file, text)
  return uses.flatMap((use) => ('because' in use ? [{ ...place(use), because: use.because }] : []))
}

function placing(file: string, text: string): (use: Use) => Place {
  const map = once(() => new SourceMap(text))
  return ({ start, end, kind }) => {
    const { line, column } = map().positionOf(start)
    return { file, line, column, kind, text: text.slice(start, end), lineText: map().lineText(line).trim() }
  }
}

function changedFile({ file, text, uses }: FoundIn): readonly ChangedFile[] {
  const edited = new MagicString(text)
  for (const use of uses) if ('after' in use) edited.update(use.start, use.end, use.after)
  return edited.hasChanged() ? [{ file, before: text, after: edited.toString() }] : []
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
