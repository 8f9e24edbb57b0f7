import { existsSync } from 'node:fs'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { VerifyResult } from '../result/index.ts'
import { isFunction } from './coverage-text.ts'

/** A file that findings point to, as other programs name it. */
export interface SourceFile {
  /** From the root of the repository, with forward slashes; absolute where it lies outside. */
  readonly path: string
  /** Undefined where it cannot be read. */
  readonly text: string | undefined
}

/** Files by their path as it stands in a result. */
export type SourceFiles = ReadonlyMap<string, SourceFile>

/** What no snippet is taken from. */
const largestBytes = 8 * 1_024 * 1_024

/**
 * Every file that a result points to, seen from the root of the repository: the next folder upwards with `.git`, else the working directory.
 *
 * A folder (a finding without a file of its own points to its migration) becomes its `up.sql`, `migration.sql` or first SQL file, because
 * a list of alerts can show only files. What lies outside of the repository is named and not read.
 */
export async function readSourceFiles(result: VerifyResult, workingDirectory: string): Promise<SourceFiles> {
  const root = repositoryRoot(workingDirectory)
  const named = result.migrations.flatMap((migration) => [
    migration.path,
    ...migration.findings.flatMap((each) => each.file ?? []),
    ...(migration.coverage?.targets ?? []).map((each) => each.file).filter((file) => !isFunction(file)),
  ])
  const broken = result.sources.flatMap((source) => [source.path, ...(source.brokenAt === null ? [] : [source.brokenAt.file])])
  const files = new Map<string, SourceFile>()
  for (const name of new Set([...named, ...broken])) files.set(name, await readSource(resolve(workingDirectory, name), root))
  return files
}

/** A path as other programs name it, without a look at the disk. */
export function plainPath(path: string): string {
  return path.replaceAll('\\', '/').replace(/^(\.\/)+/, '')
}

function repositoryRoot(workingDirectory: string): string {
  for (let directory = resolve(workingDirectory); ; directory = dirname(directory)) {
    if (existsSync(join(directory, '.git'))) return directory
    if (dirname(directory) === directory) return resolve(workingDirectory)
  }
}

async function readSource(absolute: string, root: string): Promise<SourceFile> {
  const file = await fileToShow(absolute)
  const path = fromRoot(file, root)
  const inside = isInside(await realpath(file).catch(() => file), await realpath(root).catch(() => root))
  const found = await stat(file).catch(() => undefined)
  const readable = inside && found?.isFile() === true && found.size <= largestBytes
  return { path, text: readable ? await readFile(file, 'utf8').catch(() => undefined) : undefined }
}

async function fileToShow(path: string): Promise<string> {
  const names = await readdir(path).catch(() => undefined)
  if (names === undefined) return path
  const sql = names.filter((name) => name.endsWith('.sql')).toSorted()
  const name = ['up.sql', 'migration.sql', 'up.ts'].find((each) => names.includes(each)) ?? sql.find((each) => !/down|legacy/.test(each))
  return name === undefined ? path : join(path, name)
}

function fromRoot(file: string, root: string): string {
  return (isInside(file, root) ? relative(root, file) : file).split(sep).join('/')
}

function isInside(file: string, root: string): boolean {
  const way = relative(root, file)
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}
