import { existsSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { isFile, shownPath } from '../migration/index.ts'
import { candidatesIn } from './candidates.ts'
import { configuredFolders } from './configured-folders.ts'
import { type Detected, detect } from './detect.ts'
import { byUnits, Folder } from './folder.ts'
import type { Format } from './format.ts'
import { formats } from './registry.ts'
import { type SqlFolder, sqlFolders, wholeOf } from './sql-folders.ts'

export interface Searched {
  readonly found: readonly Detected[]
  /** Histories too, but others come first: for another server, or among tests and examples. */
  readonly aside: readonly Detected[]
  readonly warnings: readonly string[]
  /** How many files look like migrations of a tool that runs programs. */
  readonly programs: number
  /** Folders of SQL files that were not looked at, those with numbers first: only their names tell whether they are histories. */
  readonly offered: readonly SqlFolder[]
}

const otherServer =
  /^(mysql|mariadb|sqlite3?|mssql|sqlserver|oracle|clickhouse|cassandra|mongo(db)?|cockroach(db)?|spanner|snowflake|bigquery|h2)$/i
const notForReal = /^(tests?|__tests__|test-?data|fixtures?|examples?|samples?|e2e|specs?|docs?|demos?|templates?|mocks?)$/i
/** Names under which plain SQL is a history and not a heap of scripts; the first that is found decides. */
const usualNames = [
  /^(migrations?|migrate|schema[_-]migrations)$/i,
  /^(deltas?|changelogs?|updates?|upgrades?|versions)$/i,
  /^(sql|db|database|schema)$/i,
]

/**
 * The folders of migrations at a path: itself, what the tools' configuration in it names, or below it where markers or a usual name say so.
 * Those that are for another server, or stand among tests and examples, step back behind others, with a warning.
 */
export async function searchFolders(path: string, wanted: string | undefined, own: readonly Format[] = []): Promise<Searched> {
  const { directories, programs } = await candidatesIn(
    path,
    [...formats, ...own].flatMap(({ files }: Format) => files ?? []),
  )
  const ofOwn = await detectOwn(directories, path, wanted, own)
  if (ofOwn.length > 0) {
    const rest = directories.filter((directory) => !ofOwn.some(({ folder }) => isWithin(directory, folder.root)))
    const others = await detectAll(commonRoots(rest, path), path, undefined)
    const aside = preferred(others, path).filter(({ folder }) => !ofOwn.some((each) => isWithin(each.folder.root, folder.root)))
    return {
      found: ofOwn,
      aside,
      warnings: leftAside(aside),
      programs,
      offered: await offeredFolders(directories, [...ofOwn, ...others], path),
    }
  }
  const itself = await detectAll(directories.includes(path) ? [path] : [], path, wanted)
  if (itself.length > 0) return { found: itself, aside: [], warnings: [], programs, offered: [] }
  const offered = (taken: readonly Detected[]) => offeredFolders(directories, taken, path)
  const configured = await detectAll(await configuredFolders(path), path, wanted)
  if (configured.length > 0) return { found: configured, aside: [], warnings: [], programs, offered: await offered(configured) }
  const found = await detectAll(commonRoots(directories, path), path, wanted)
  if (found.length === 0 && directories.some((directory) => wholeOf(directory, path) === path)) {
    // Folders with numbers are parts of the one that is named.
    const whole = await detectAll([path], path, wanted)
    if (whole.length > 0) return { found: whole, aside: [], warnings: [], programs, offered: [] }
  }
  const best = preferred(found, path)
  const aside = found.filter((each) => !best.includes(each))
  return { found: best, aside, warnings: leftAside(aside), programs, offered: await offered(found) }
}

function leftAside(folders: readonly Detected[]): readonly string[] {
  return folders.map(({ folder, format }) => `"${shownPath(folder.root)}" (${format.id}) is left aside: name it to verify it`)
}

/**
 * The folders in formats of the user's own: any folder between the path and one that holds files may be one. One whose format is asked for
 * by its name is the path itself where no mark says more.
 */
async function detectOwn(
  directories: readonly string[],
  path: string,
  wanted: string | undefined,
  own: readonly Format[],
): Promise<readonly Detected[]> {
  const formats = own.filter(({ id }) => wanted === undefined || id === wanted)
  const [named] = wanted === undefined ? [] : formats
  if (formats.length === 0) return []
  const found: Detected[] = []
  for (const directory of [...new Set([path, ...directories.flatMap((each) => between(path, each))])].sort(byUnits)) {
    if (found.some(({ folder }) => isWithin(directory, folder.root))) continue
    const folder = await Folder.open(directory)
    for (const format of formats) {
      const strength = await format.marks(folder)
      if (strength === undefined) continue
      found.push({ folder, format, strength, warnings: [] })
      break
    }
  }
  if (found.length > 0 || named === undefined) return found
  return [{ folder: await Folder.open(path), format: named, strength: 'strong', warnings: [] }]
}

/** A folder and those above it, below a path. */
function between(path: string, directory: string): readonly string[] {
  return directory === path || !isWithin(directory, path) ? [] : [...between(path, dirname(directory)), directory]
}

/** What could be a history too, and is no part of one that was found; beside one, only folders with numbers that are for real. */
async function offeredFolders(directories: readonly string[], found: readonly Detected[], path: string): Promise<readonly SqlFolder[]> {
  const free = directories.filter(
    (directory) => !found.some(({ folder }) => isWithin(directory, folder.root) || isWithin(folder.root, directory)),
  )
  const folders = await sqlFolders(free, path)
  const aside = (folder: SqlFolder) => [otherServer, notForReal].some((pattern) => isUnder(folder.root, path, pattern))
  if (found.length > 0) return folders.filter((folder) => folder.numbered && !aside(folder))
  const rank = (folder: SqlFolder) => (folder.numbered ? 0 : 2) + (aside(folder) ? 1 : 0)
  return [...folders].sort((a, b) => rank(a) - rank(b) || byUnits(a.root, b.root))
}

async function detectAll(directories: readonly string[], path: string, wanted: string | undefined): Promise<readonly Detected[]> {
  const found: Detected[] = []
  for (const directory of [...directories].sort(byUnits)) {
    // Part of one that was found.
    if (found.some(({ folder }) => isWithin(directory, folder.root))) continue
    const detected = await detect(await Folder.open(directory), wanted)
    if (detected?.strength === undefined) continue
    // The path itself is named by its user; anywhere else a folder of SQL is just that, unless its name says more.
    if (detected.format.id === 'sql' && directory !== path && !looksLikeHistory(detected.folder)) continue
    // A stray file in a project's own folder; those of formats that go into subfolders are found there.
    const stray = directory === path && /^(sql|flyway)$/.test(detected.format.id) && isProject(path)
    if (stray && !(wanted !== undefined && (await sqlFolders([path], path)).some(({ numbered }) => numbered))) continue
    found.push(detected)
  }
  return found
}

/** By its name, or, where that says little, by the numbers of most of its files. */
function looksLikeHistory({ root, files }: Folder): boolean {
  const at = usualNames.findIndex((name) => name.test(basename(root)))
  const scripts = files.filter((name) => /\.sql$/i.test(name))
  return at === 0 || (at > 0 && scripts.filter((name) => /^[vV]?\d/.test(basename(name))).length * 2 > scripts.length)
}

/** Candidates that are parts of one folder with a usual name are that folder: `migrations/2024/…`, `migrations/2025/…`. */
function commonRoots(directories: readonly string[], path: string): readonly string[] {
  const roots = directories.map((directory) => {
    const parts = relative(path, directory).split(sep)
    const at = parts.findIndex((part) => usualNames[0]?.test(part))
    const hasSteps = directories.filter((other) => isWithin(other, join(path, ...parts.slice(0, at + 1)))).length > 1
    const numbered = /^v?\d/i.test(parts[at + 1] ?? '')
    return at >= 0 && at < parts.length - 1 && hasSteps && numbered ? join(path, ...parts.slice(0, at + 1)) : directory
  })
  return [...new Set(roots)]
}

function preferred(found: readonly Detected[], path: string): readonly Detected[] {
  const without = (all: readonly Detected[], pattern: RegExp) => {
    const rest = all.filter(({ folder }) => !isUnder(folder.root, path, pattern))
    return rest.length === 0 ? all : rest
  }
  const real = without(without(found, otherServer), notForReal)
  const marked = real.filter(({ format }) => format.id !== 'sql')
  if (marked.length > 0) return marked
  for (const name of usualNames) {
    const named = real.filter(({ folder }) => folder.root === path || name.test(basename(folder.root)))
    if (named.length > 0) return named
  }
  return real
}

/** Whether a folder's name, or that of one above it below the path, is such a one. */
function isUnder(root: string, path: string, pattern: RegExp): boolean {
  return relative(path, root)
    .split(sep)
    .some((part) => pattern.test(part))
}

function isWithin(directory: string, root: string): boolean {
  return directory === root || directory.startsWith(root.endsWith(sep) ? root : root + sep)
}

/** Whether the folder is a project's, in which a stray SQL file is no history. */
function isProject(path: string): boolean {
  return ['.git', 'package.json', 'go.mod', 'Cargo.toml', 'pom.xml', 'build.gradle', 'pyproject.toml', 'Gemfile', 'mix.exs'].some((name) =>
    name === '.git' ? existsSync(join(path, name)) : isFile(join(path, name)),
  )
}
